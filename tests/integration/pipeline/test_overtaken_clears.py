"""A clear that passed its raise: the raise waits in a bulk lane, the clear came by the main lane. On both databases, over
restarts."""

from datetime import timedelta

import pytest

from collector.domain.case import CaseStatus
from collector.domain.ids import StreamName
from collector.pipeline import clears
from collector.store.seen import load_seen
from collector.store.types import to_micros
from tests.builders import NOON, after
from tests.feed_kit import stored, told
from tests.pipeline_world import BULK, MAIN, World

SINCE = ("informational", "cleared_since")
IGNORED = ("informational", "clear_without_case")
CASE, INFO = ("case", ""), ("informational", "by_rule")


def arrive(world: World, *texts: str, bulk: bool = False, seconds: int = 1) -> None:
    for text in texts:
        world.clock.move(timedelta(seconds=seconds))
        world.trap(text, stream=BULK if bulk else MAIN)


def fill(world: World) -> None:
    """Both lanes are there, and the bulk lane has more than is processed beside one item of the main lane."""
    world.journal.items.setdefault(MAIN, [])
    arrive(world, "info", bulk=True)


def process(world: World, *, restart: bool) -> None:
    """One item of each lane at a time."""
    processor = world.processor(batch_limit=1)
    while processor.step():
        if restart:
            processor = world.processor(batch_limit=1)


def lane(world: World, stream: StreamName) -> list[tuple[str, str]]:
    """What became of its items, in their order."""
    rows = sorted(world.notifications(), key=lambda row: row.id)
    return [(row.state.value, row.reason.value) for row in rows if row.id.stream == str(stream)]


def remembered(world: World) -> list[int]:
    with world.store.read() as connection:
        return sorted(load_seen(connection).values())


@pytest.mark.parametrize("restart", [False, True], ids=["in one go", "over restarts"])
def test_what_was_cleared_before_it_was_processed_opens_no_case(world: World, restart: bool) -> None:
    fill(world)
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    process(world, restart=restart)

    assert (lane(world, BULK), lane(world, MAIN)) == ([INFO, SINCE], [IGNORED])
    assert world.cases() == []
    assert [row.verdict for row in world.notifications() if row.reason.value == "cleared_since"] == ["suppressed"]
    assert world.counted() == {"informational": 3}


@pytest.mark.parametrize("restart", [False, True], ids=["in one go", "over restarts"])
def test_what_only_people_end_has_its_case_and_it_is_cleared(world: World, restart: bool) -> None:
    fill(world)
    arrive(world, "raise disk 2", bulk=True)
    arrive(world, "clear disk")
    process(world, restart=restart)

    case = world.case()
    assert (case.status, case.opened_at, case.cleared_at) == (CaseStatus.OPEN, after(seconds=2), after(seconds=3))
    assert world.verdicts() == ["opened", "cleared"]
    assert [kind for kind, _ in told(stored(world.store))] == ["case.opened", "case.cleared"]


def test_in_one_batch_the_clear_of_the_main_lane_comes_first_too(world: World) -> None:
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    world.process()

    assert (lane(world, BULK), lane(world, MAIN)) == ([SINCE], [IGNORED])


def test_what_is_raised_after_the_clear_opens_a_case(world: World) -> None:
    fill(world)
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    arrive(world, "raise disk 3", bulk=True)
    process(world, restart=False)

    assert (lane(world, BULK), lane(world, MAIN)) == ([INFO, SINCE, CASE], [IGNORED])
    assert world.case().opened_at == after(seconds=4)


def test_the_latest_of_several_clears_counts(world: World) -> None:
    fill(world)
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    process(world, restart=False)

    assert (lane(world, BULK), lane(world, MAIN)) == ([INFO, SINCE, SINCE], [IGNORED, IGNORED])


def test_a_relapse_that_was_cleared_again_is_none(world: World) -> None:
    arrive(world, "raise disk 3", "clear disk")
    world.process()
    fill(world)
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    process(world, restart=False)

    assert (world.case().cleared_at, world.case().occurrences) == (after(seconds=2), 2)


def test_a_resolved_case_is_not_reopened_by_what_was_cleared_since(world: World) -> None:
    arrive(world, "raise disk 3", "clear disk")
    world.process()
    world.clock.move(timedelta(minutes=16))
    world.passing_time().end_quiet_cases(until=world.clock.now())
    fill(world)
    arrive(world, "raise disk 3", bulk=True)
    arrive(world, "clear disk")
    process(world, restart=False)

    assert world.case().status is CaseStatus.RESOLVED
    assert world.outcomes().count(SINCE) == 1


@pytest.mark.parametrize(
    "clear",
    [
        pytest.param(lambda world: world.mail("clear disk", to=["acme-2@example.org"]), id="by another console"),
        pytest.param(lambda world: world.mail("clear disk", to=["beta@example.org"]), id="of another customer"),
        pytest.param(lambda world: world.trap("clear cpu"), id="of another trouble"),
    ],
)
def test_only_a_clear_of_the_same_source_and_trouble_counts(world: World, clear: object) -> None:
    fill(world)
    arrive(world, "raise disk 3", bulk=True)
    world.clock.move(timedelta(seconds=1))
    assert callable(clear)
    clear(world)
    process(world, restart=False)

    assert world.case().cleared_at is None


def test_a_clear_by_mail_counts_for_a_trap_and_a_better_trusted_one_too(world: World) -> None:
    fill(world)
    arrive(world, "raise disk 3", "raise cpu 3", bulk=True)
    world.clock.move(timedelta(seconds=1))
    world.mail("clear disk")
    world.mail("clear cpu", login="acme")
    process(world, restart=False)

    assert world.cases() == []
    assert world.outcomes().count(SINCE) == 2


def test_a_clear_with_nothing_older_waiting_is_not_remembered(world: World) -> None:
    arrive(world, "clear disk", "info", "clear disk")
    arrive(world, "info", bulk=True)
    world.process()

    assert remembered(world) == []


def test_a_remembered_clear_goes_when_everything_older_is_processed(world: World) -> None:
    fill(world)
    arrive(world, "info", bulk=True)
    arrive(world, "clear disk")
    processor = world.processor(batch_limit=1)
    processor.step()
    assert remembered(world) == [to_micros(after(seconds=3))]
    assert processor.nothing_before == after(seconds=1)
    while processor.step():
        pass

    world.clock.move(timedelta(minutes=6))
    processor.step()
    with world.store.write() as connection:
        processor.tidy(connection)
    assert remembered(world) == []


def test_clears_without_end_do_not_fill_memory(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clears, "MOST", 5)
    arrive(world, *["info"] * 20, "raise disk9 3", bulk=True)
    arrive(world, *(f"clear disk{number}" for number in range(10)))
    process(world, restart=False)

    assert len(remembered(world)) == 5
    assert world.case().host == "disk9"


@pytest.mark.parametrize("restart", [False, True], ids=["in one go", "over restarts"])
def test_what_else_is_remembered_takes_no_room_of_clears(world: World, restart: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One customer's informs, and any mails, must not make other customers' clears too late."""
    monkeypatch.setattr(clears, "MOST", 5)
    arrive(world, *["info"] * 20, "raise disk 3", bulk=True)
    for number in range(10):
        world.trap("info", inform=number)
        world.mail("info", message_id=f"{number}")
    arrive(world, "clear disk")
    process(world, restart=restart)

    assert len(remembered(world)) == 21
    assert world.cases() == []


def test_a_clear_of_the_main_lane_does_not_clear_what_the_bulk_lane_raised_after_it(world: World) -> None:
    """A backlog on the main lane, while the bulk lane has its share."""
    arrive(world, "info", "clear disk")
    arrive(world, "raise disk 3", bulk=True)
    process(world, restart=False)

    assert (lane(world, BULK), lane(world, MAIN)) == ([CASE], [INFO, ("informational", "clear_out_of_date")])
    assert world.case().opened_at == NOON + timedelta(seconds=3)
    assert world.case().cleared_at is None
