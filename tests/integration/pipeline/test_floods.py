"""Who floods has one open case, whatever tells of it: the receivers' tallies, or a customer above its limit."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.domain.case import CaseStatus
from collector.domain.item import TallyReason
from collector.domain.limits import Limit
from collector.domain.registry import SELF_CODE
from collector.pipeline.customer_limit import FAR, SAMPLE
from tests.builders import NOON
from tests.feed_kit import stored
from tests.pipeline_world import BULK, World

SECOND = timedelta(seconds=1)
OVER = ("over_limit", "customer_rate")


def flood(world: World, peer: str, *, seconds: int = 1, per_second: int = 20_000) -> None:
    """What the receiver tells of one, each second."""
    for _ in range(seconds):
        world.tally(TallyReason.FLOOD, 9_000, peer=peer, per_second=per_second)
        world.clock.move(SECOND)


def two_consoles(world: World, *, of: str = "console") -> None:
    """Another source has the networks of that one's."""
    second = world.source("second" if of == "console" else "console")
    added = replace(second, snmp=world.source(of).snmp)
    others = tuple(source for source in world.registry.sources if source.name != second.name)
    world.registry = replace(world.registry, sources=(*others, added))


def lines(world: World) -> list[tuple[str | None, str | None, str, str, int]]:
    return [(line.customer, line.source, line.outcome, line.reason, line.count) for line in world.ledger()]


@pytest.mark.parametrize("one_by_one", [False, True], ids=["in one batch", "one by one"])
def test_a_console_that_floods_has_one_case_however_long_it_lasts(world: World, one_by_one: bool) -> None:
    for _ in range(30):
        flood(world, "192.0.2.7")
        if one_by_one:
            world.process()
    world.process()

    case = world.case()
    assert (case.customer_code, case.source_name, case.severity, case.occurrences) == ("ACME", "console", 3, 30)
    assert case.key == "v1:self:flood:console"
    assert (case.title.es, case.title.en) == ("La consola console inunda el colector", "The console console floods the collector")
    for summary in (case.summary.es, case.summary.en):
        assert "20000" in summary
        assert "192.0.2.7" in summary
    assert case.opened_at == NOON


def test_what_a_flood_left_out_is_on_the_ledger_of_its_source(world: World) -> None:
    flood(world, "192.0.2.7", seconds=3)
    world.tally(TallyReason.OVER_LIMIT, 5, peer="192.0.2.7")
    world.tally(TallyReason.DISK_SHORT, 2, peer="203.0.113.1")
    world.process()

    assert world.notifications() == []
    assert sorted(lines(world), key=str) == [
        ("ACME", "console", "over_limit", "flood", 27_000),
        ("ACME", "console", "over_limit", "over_limit", 5),
        (None, None, "refused", "disk_short", 2),
    ]


def test_two_consoles_that_flood_have_a_case_each(world: World) -> None:
    flood(world, "192.0.2.7", seconds=2)
    flood(world, "198.51.100.1", seconds=2)
    world.process()

    assert {(case.customer_code, case.source_name, case.occurrences) for case in world.cases()} == {
        ("ACME", "console", 2),
        ("BETA", "other", 2),
    }


def test_an_address_of_several_consoles_of_one_customer_is_the_customers(world: World) -> None:
    two_consoles(world)
    flood(world, "192.0.2.7", seconds=2)
    world.process()

    case = world.case()
    assert (case.customer_code, case.source_id, case.key) == ("ACME", None, "v1:self:flood")
    assert case.title.en == "A console of Acme S.A. floods the collector"
    assert len(stored(world.store)) == 1
    assert lines(world) == [("ACME", None, "over_limit", "flood", 18_000)]


@pytest.mark.parametrize("peers", [["203.0.113.1", "203.0.113.2", ""], [""]], ids=["told by address", "told together"])
def test_strangers_have_one_case_per_listener_and_it_is_the_collectors_own(world: World, peers: list[str]) -> None:
    for peer in peers:
        flood(world, peer, seconds=2)
    world.process()

    case = world.case()
    assert (case.customer_code, case.severity, case.occurrences) == (SELF_CODE, 3, 2 * len(peers))
    assert case.key == "v1:self:flood:127.0.0.1%3A1162"
    assert (peers[0] or "many addresses") in case.summary.en
    assert lines(world) == [(None, None, "over_limit", "flood", 18_000 * len(peers))]


def test_an_address_of_several_customers_is_nobodys(world: World) -> None:
    two_consoles(world, of="other")
    flood(world, "198.51.100.1")
    world.process()

    assert world.case().customer_code == SELF_CODE


def test_the_case_of_a_flood_closes_itself_an_hour_after_it(world: World) -> None:
    flood(world, "192.0.2.7", seconds=5)
    world.process()
    world.clock.move(timedelta(minutes=59))
    world.passing_time().end_quiet_cases(until=world.clock.now())
    assert world.case().status is CaseStatus.OPEN

    world.clock.move(timedelta(minutes=1))
    world.passing_time().end_quiet_cases(until=world.clock.now())
    assert world.case().status is CaseStatus.CLOSED
    first = world.case().external_key

    flood(world, "192.0.2.7")
    world.process()
    assert [case.previous_case for case in world.cases()] == [None, first]


def test_ticketing_hears_of_a_flood_as_of_every_case_of_a_customer(world: World) -> None:
    flood(world, "192.0.2.7", seconds=2)
    flood(world, "203.0.113.1", seconds=2)
    world.process()

    (opened,) = stored(world.store)
    assert opened["type"] == "case.opened"
    assert opened["data"]["case"]["customer"]["code"] == "ACME"
    assert opened["data"]["case"]["evidence"] == []


# A customer far above its rate


def storm(world: World, traps: int, *, per_second: int = 1_000, text: str = "raise storm 3") -> None:
    for _ in range(traps):
        world.trap(text)
        world.clock.move(SECOND / per_second)


def sampled(world: World) -> list[tuple[str, str]]:
    return [outcome for outcome in world.outcomes() if outcome == OVER]


@pytest.mark.parametrize("batch_limit", [2_000, 7])
def test_what_is_far_over_a_customers_rate_is_counted_and_a_sample_of_it_listed(world: World, batch_limit: int) -> None:
    world.customer_limit = Limit(rate=1, burst=100)
    storm(world, 1_000)
    processor = world.processor(batch_limit=batch_limit)
    while processor.step():
        pass

    within = 100 + FAR - 1
    over = 1_000 - within
    assert world.counted() == {"case": within, "over_limit": over}
    assert Counter(world.outcomes()) == {("case", ""): within, OVER: over // SAMPLE + 1}
    case = next(case for case in world.cases() if case.pack == "self")
    assert (case.customer_code, case.severity, case.key, case.occurrences) == ("ACME", 3, "v1:self:flood", over // SAMPLE + 1)
    assert "About 1009 notifications per second" in case.summary.en
    assert "192.0.2.1" in case.summary.en
    assert ("ACME", "console", *OVER, over) in lines(world)
    assert world.counters.over_customer_rate == over


def test_up_to_ten_times_a_customers_rate_nothing_is_lost(world: World) -> None:
    """25 healthy consoles behind a relay: each within its limit, all together above their customer's."""
    world.customer_limit = Limit(rate=100, burst=1)
    storm(world, 2_000, per_second=100 * FAR)
    world.process()

    assert world.counted() == {"case": 2_000}


def test_informs_are_never_left_out_because_they_were_answered(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=10)
    storm(world, 100)
    for number in range(50):
        world.trap("raise disk 3", inform=number)
    world.process()

    within = 10
    assert world.counted() == {"case": within + 50, "over_limit": 100 - within}


def test_the_sample_belongs_to_the_case_of_the_flood(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=10)
    storm(world, 300)
    world.process()

    case = next(case for case in world.cases() if case.pack == "self")
    rows = [row for row in world.notifications() if row.reason.value == "customer_rate"]
    assert [row.verdict for row in rows] == ["opened", "joined", "joined"]
    assert {row.case for row in rows} == {case.external_key}
    opened = next(message for message in stored(world.store) if message["data"]["case"]["external_key"] == case.external_key)
    assert opened["data"]["case"]["evidence"][-1]["text"] == "raise storm 3"


def test_other_customers_have_limits_of_their_own(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=5)
    storm(world, 20)
    world.mail("raise disk 3", to=["beta@example.org"])
    world.process()

    assert ("BETA", "other", "case", "", 1) in lines(world)


def test_mails_and_what_was_held_back_already_are_not_limited_again(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=1)
    for number in range(10):
        world.trap("raise disk 3", stream=BULK)
        world.mail("raise disk 3", message_id=str(number))
    world.process()

    assert world.counted() == {"case": 20}


def test_traps_of_strangers_take_nothing_of_a_customers_limit(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=5)
    for _ in range(50):
        world.trap("raise disk 3", community=b"stranger")
    storm(world, 5)
    world.process()

    assert world.counted() == {"unattributed": 50, "case": 5}


def test_a_backlog_is_judged_by_when_it_arrived(world: World) -> None:
    """The store was away for an hour: nobody sent more than he may."""
    world.customer_limit = Limit(rate=1, burst=10)
    storm(world, 500, per_second=10)
    world.clock.move(timedelta(hours=1))
    world.process()

    assert world.counted() == {"case": 500}


def test_a_batch_that_is_done_again_takes_its_tokens_once(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=20)
    storm(world, 10)
    world.trap("explode")
    storm(world, 9)
    world.process()

    assert world.counted() == {"case": 19, "undecodable": 1}


def test_without_a_limit_everything_is_looked_at(world: World) -> None:
    storm(world, 500)
    world.process()

    assert world.counted() == {"case": 500}


def test_large_traps_take_more(world: World) -> None:
    world.customer_limit = Limit(rate=1, burst=10)
    storm(world, 10, text=f"raise disk 3 {'x' * 7_600}")
    world.process()

    assert world.counted() == {"case": 1, "over_limit": 9}
