def test_what_was_processed_of_a_retired_stream_still_adds_up(collector: World, admin: Caller) -> None:
    collector.hear("case disk", "info x")
    collector.tally(TallyReason.OVER_LIMIT, 7)
    collector.process()
    before = admin.get(PATH).json()
    with collector.store.write() as connection:
        for position in load_positions(connection).values():
            retire_stream(connection, position)
    after = admin.get(PATH).json()
    assert [after[name] for name in SUMS] == [9, 9, 0, 0]
    assert {line["stream"]: line["position"] for line in after["streams"]} == {
        line["stream"]: line["position"] for line in before["streams"]
    }
    assert {line["pending"] for line in after["streams"]} == {0}
