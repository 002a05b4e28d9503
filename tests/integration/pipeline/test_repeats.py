"""What arrived twice counts once: informs and mails, within a batch, between batches, over restarts and at the windows' ends."""

from datetime import timedelta

import pytest

from collector.domain.clock import EPOCH
from collector.store.seen import load_seen
from collector.store.types import to_micros
from tests.builders import NOON, after
from tests.pipeline_world import BULK, MAIN, World

DUPLICATE_INFORM, DUPLICATE_MAIL = ("duplicate", "repeated_inform"), ("duplicate", "repeated_mail")
FRESH = ("case", "")
_TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("between", ["nothing", "a batch", "a restart"])
def test_an_inform_that_was_sent_again_counts_once(world: World, between: str) -> None:
    processor = world.processor()
    for _ in range(3):
        world.trap("raise disk 3", inform=5)
        world.clock.move(timedelta(seconds=5))
        if between != "nothing":
            processor = processor if between == "a batch" else world.processor()
            while processor.step():
                pass
    world.process()
    assert world.outcomes() == [FRESH, DUPLICATE_INFORM, DUPLICATE_INFORM]
    assert world.case().occurrences == 1
    assert world.counted() == {"case": 1, "duplicate": 2}
    assert [line.customer for line in world.ledger()] == ["ACME", "ACME"]


@pytest.mark.parametrize(
    ("later", "outcome"),
    [
        pytest.param(timedelta(seconds=60) - _TICK, DUPLICATE_INFORM, id="just inside the minute"),
        pytest.param(timedelta(seconds=60), FRESH, id="the minute is over"),
    ],
)
def test_an_inform_is_remembered_for_a_minute(world: World, later: timedelta, outcome: tuple[str, str]) -> None:
    world.trap("raise disk 3", inform=5)
    world.clock.move(later)
    world.trap("raise disk 3", inform=5)
    world.process()
    assert world.outcomes() == [FRESH, outcome]


def test_the_minute_is_counted_from_the_first_one(world: World) -> None:
    for seconds in (0, 40, 80):
        world.clock.moment = after(seconds=seconds)
        world.trap("raise disk 3", inform=5)
    world.process()
    assert world.outcomes() == [FRESH, DUPLICATE_INFORM, FRESH]


def test_other_informs_and_plain_traps_are_no_repeats(world: World) -> None:
    world.trap("raise disk 3", inform=5)
    world.trap("raise disk 3", inform=6)
    world.trap("raise disk 4", inform=5)
    world.trap("raise disk 3", inform=5, peer="192.0.2.2")
    for _ in range(2):
        same = world.journal.items[MAIN][0]._replace(peer_port=163)
        world.journal.append(MAIN, same._replace(seq=len(world.journal.items[MAIN]) + 1))
    for _ in range(2):
        world.trap("raise disk 3")
    world.process()
    assert world.outcomes() == [FRESH] * 5 + [DUPLICATE_INFORM] + [FRESH] * 2
    assert world.case().occurrences == 7


def test_a_repeat_that_waited_behind_a_backlog_is_still_a_repeat_after_a_restart(world: World) -> None:
    """The process role dies between an inform and its repeat and comes back an hour later."""
    world.trap("raise disk 3", inform=5)
    world.process()
    world.clock.move(timedelta(seconds=5))
    world.trap("raise disk 3", inform=5)
    world.clock.move(timedelta(hours=1))
    world.process()
    assert world.outcomes() == [FRESH, DUPLICATE_INFORM]


def test_a_repeat_in_a_slow_bulk_lane_is_still_a_repeat(world: World) -> None:
    world.trap("raise disk 3", inform=5)
    world.trap("info", stream=BULK)
    world.clock.move(timedelta(seconds=5))
    world.trap("raise disk 3", inform=5, stream=BULK)
    for minutes in range(1, 40):
        world.clock.moment = after(minutes=minutes)
        world.trap("raise disk 3", inform=minutes + 100)
    world.process(batch_limit=4)
    assert world.outcomes().count(DUPLICATE_INFORM) == 1
    assert [row.id.stream for row in world.notifications() if row.state.value == "duplicate"] == [str(BULK)]


def test_memory_is_kept_while_something_older_waits_and_let_go_after_it(world: World) -> None:
    world.trap("info", inform=1)
    world.trap("info", stream=BULK)
    world.trap("info", stream=BULK)
    for minutes in (1, 2, 3):
        world.clock.moment = after(minutes=minutes)
        world.trap("info", inform=minutes + 1)
    processor = world.processor(batch_limit=1)
    processor.step()
    assert processor.nothing_before == NOON
    while processor.step():
        pass
    assert processor.nothing_before == after(minutes=3)
    assert processor._forgetting.before == EPOCH  # as always soon after a start
    world.clock.move(timedelta(minutes=6))
    world.trap("info", inform=9)
    while processor.step():
        pass
    assert processor._forgetting.before == after(minutes=9)
    with world.store.write() as connection:
        processor.tidy(connection)
        assert set(load_seen(connection).values()) == {to_micros(after(minutes=10))}
    assert list(processor._memory.seen._committed.values()) == [to_micros(after(minutes=10))]


def test_nothing_is_remembered_of_a_batch_that_was_not_committed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.trap("explode")
    world.trap("raise disk 3", inform=5)
    world.process()
    assert world.outcomes() == [("undecodable", "decoder_failed"), FRESH]


def test_strangers_are_not_compared(world: World) -> None:
    for _ in range(2):
        world.trap("info", inform=5, community=b"stranger")
    world.process()
    assert world.outcomes() == [("unattributed", "unknown_community")] * 2
    with world.store.read() as connection:
        assert load_seen(connection) == {}


@pytest.mark.parametrize("restart", [False, True], ids=["in one batch", "over a restart"])
def test_a_mail_that_was_delivered_again_counts_once(world: World, restart: bool) -> None:
    world.mail("raise disk 3", "raise cpu 3", message_id="one")
    if restart:
        world.process()
    world.clock.move(timedelta(hours=23))
    world.mail("raise disk 3", "raise cpu 3", message_id="one")
    world.process()
    assert world.outcomes() == [FRESH, FRESH, DUPLICATE_MAIL]
    assert world.counted() == {"case": 1, "duplicate": 1}


@pytest.mark.parametrize(
    ("message_id", "later", "outcome"),
    [
        pytest.param("one", timedelta(hours=24) - _TICK, DUPLICATE_MAIL, id="named, just inside the day"),
        pytest.param("one", timedelta(hours=24), FRESH, id="named, the day is over"),
        pytest.param("", timedelta(minutes=5) - _TICK, DUPLICATE_MAIL, id="nameless, just inside five minutes"),
        pytest.param("", timedelta(minutes=5), FRESH, id="nameless, five minutes are over"),
    ],
)
def test_a_mail_is_remembered_for_a_day_and_a_nameless_one_for_five_minutes(
    world: World, message_id: str, later: timedelta, outcome: tuple[str, str]
) -> None:
    for wait in (timedelta(), later):
        world.clock.move(wait)
        world.mail("raise disk 3", message_id=message_id)
    world.process()
    assert world.outcomes() == [FRESH, outcome]


def test_another_body_another_name_or_another_console_is_no_repeat(world: World) -> None:
    world.mail("raise disk 3", message_id="one")
    world.mail("raise disk 2", message_id="one")
    world.mail("raise disk 3", message_id="two")
    world.mail("raise disk 3", message_id="one", to=["acme-2@example.org"])
    world.mail("raise disk 3", message_id="one", to=["ACME+again@example.org"])
    world.process()
    assert world.outcomes() == [FRESH] * 4 + [DUPLICATE_MAIL]


def test_a_mail_again_with_one_recipient_more_is_told_of_that_one_only(world: World) -> None:
    world.mail("raise disk 3", message_id="one", to=["acme@example.org"])
    world.mail("raise disk 3", message_id="one", to=["acme@example.org", "beta@example.org"])
    world.process()
    assert [row.customer for row in world.notifications()] == ["ACME", "BETA"]
