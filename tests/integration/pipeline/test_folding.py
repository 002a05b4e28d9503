"""Stories of one case, told in one batch and item by item: raise, join, clear, relapse, reopen, replace."""

from contextlib import nullcontext
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest
from sqlalchemy import event

from collector.actions import Act, Actions
from collector.domain.case import CaseStatus, Verb
from collector.domain.mail import Mail
from collector.domain.signal import CaseKind
from collector.pipeline.originals import OriginalsKeeper
from collector.store.originals import find_original
from tests.builders import BOX, NOON, TERMS, after
from tests.pipeline_world import BULK, MAIN, InstructionRules, World

# (minutes, instruction): what arrives, the verdict on each, and the verdicts in the log of the last case
_STORIES = [
    pytest.param([(0, "raise disk 3")], ["opened"], id="opened"),
    pytest.param([(0, "raise disk 3"), (1, "raise disk 3"), (2, "raise disk 4")], ["opened", "joined", "joined"], id="joined"),
    pytest.param([(0, "raise disk 3"), (1, "raise disk 2")], ["opened", "raised"], id="raised by something worse"),
    pytest.param([(0, "raise disk 3"), (1, "clear disk")], ["opened", "cleared"], id="cleared"),
    pytest.param([(0, "raise disk 3"), (1, "clear disk"), (2, "clear disk")], ["opened", "cleared", "ignored_clear"], id="once"),
    pytest.param([(0, "raise disk 3"), (1, "clear disk"), (2, "raise disk 3")], ["opened", "cleared", "joined"], id="relapse"),
    pytest.param([(0, "clear disk"), (1, "raise disk 3")], ["ignored_clear", "opened"], id="a clear before anything"),
    pytest.param([(0, "contained risk"), (1, "contained risk")], ["contained", "joined"], id="contained"),
    pytest.param([(0, "contained risk"), (1, "threat risk")], ["contained", "raised"], id="contained and then active"),
    pytest.param([(0, "threat risk"), (1, "contained risk")], ["opened", "cleared"], id="active and then dealt with"),
]


def arrive(world: World, story: list[tuple[int, str]], *, one_by_one: bool) -> None:
    for minutes, text in story:
        world.clock.moment = after(minutes=minutes)
        world.trap(text)
        if one_by_one:
            world.process()
    world.process()


@pytest.mark.parametrize("one_by_one", [False, True], ids=["in one batch", "one by one"])
@pytest.mark.parametrize(("story", "verdicts"), _STORIES)
def test_signals_do_what_the_table_says(
    world: World, story: list[tuple[int, str]], verdicts: list[str], one_by_one: bool
) -> None:
    arrive(world, story, one_by_one=one_by_one)
    assert [row.verdict for row in sorted(world.notifications(), key=lambda row: row.id)] == verdicts
    moments = [minutes for (minutes, _), verdict in zip(story, verdicts, strict=True) if "clear" not in verdict]
    assert world.case().last_seen_at == after(minutes=max(moments))
    assert world.case().occurrences == len(moments)
    logged = [verdict for verdict in verdicts if verdict != "ignored_clear"]
    if not one_by_one:  # repeats are told together
        logged = [verdict for verdict, _ in groupby(logged)]
    assert world.verdicts() == logged


def test_a_relapse_is_told_and_takes_the_clear_back(world: World) -> None:
    arrive(world, [(0, "raise disk 3"), (1, "clear disk"), (2, "raise disk 3")], one_by_one=False)
    case = world.case()
    assert (case.cleared_at, case.occurrences) == (None, 2)
    assert world.log(case)[-1].detail == {"relapsed": True}


def test_something_worse_is_told_with_what_it_was_before(world: World) -> None:
    arrive(world, [(0, "raise disk 3"), (1, "raise disk 1")], one_by_one=False)
    assert world.log(world.case())[-1].detail == {"severity_before": 3, "severity": 1}
    assert world.case().severity == 1


def test_what_waited_since_before_the_pend_does_not_end_it(world: World) -> None:
    """It was there to be seen when somebody said that the customer is waited for."""
    arrive(world, [(0, "raise disk 3")], one_by_one=False)
    world.clock.moment = after(minutes=1)
    world.trap("raise disk 3")
    world.clock.moment = after(minutes=10)
    Actions(world.store, world.clock, nullcontext, TERMS).perform(Act(world.case().external_key, Verb.PEND, "user:ana"))
    world.process()
    assert (world.case().status, world.case().occurrences) == (CaseStatus.PENDING, 2)
    arrive(world, [(11, "raise disk 3")], one_by_one=False)
    assert (world.case().status, world.case().pended_at) == (CaseStatus.ACKNOWLEDGED, None)
    assert world.verdicts() == ["opened", "pended", "joined", "joined", "resumed"]


def test_a_pending_case_goes_on_and_both_is_told(world: World) -> None:
    arrive(world, [(0, "raise disk 3")], one_by_one=False)
    Actions(world.store, world.clock, nullcontext, TERMS).perform(Act(world.case().external_key, Verb.PEND, "user:ana"))
    arrive(world, [(1, "raise disk 3"), (2, "raise disk 3")], one_by_one=False)
    case = world.case()
    assert (case.status, case.occurrences, case.acknowledged_by) == (CaseStatus.ACKNOWLEDGED, 3, "user:ana")
    assert world.verdicts() == ["opened", "pended", "joined", "resumed", "joined"]


def resolved(world: World, text: str = "raise disk 3") -> None:
    """A case that a person resolved at noon."""
    world.trap(text)
    world.process()
    Actions(world.store, world.clock, nullcontext, TERMS).perform(Act(world.case().external_key, Verb.RESOLVE, "user:ana"))


@pytest.mark.parametrize("one_by_one", [False, True], ids=["in one batch", "one by one"])
class TestResolved:
    def test_a_raise_within_the_hour_reopens_and_the_next_ones_join(self, world: World, one_by_one: bool) -> None:
        resolved(world)
        arrive(world, [(59, "raise disk 3"), (60, "raise disk 3"), (200, "raise disk 3")], one_by_one=one_by_one)
        assert world.case().status is CaseStatus.OPEN
        assert world.verdicts() == ["opened", "resolved", "reopened", "joined", *(["joined"] if one_by_one else [])]

    def test_a_raise_after_the_hour_opens_another_case_that_names_the_one_before(self, world: World, one_by_one: bool) -> None:
        resolved(world)
        arrive(world, [(60, "raise disk 3"), (61, "raise disk 3")], one_by_one=one_by_one)
        old, new = world.cases()
        assert (old.status, old.closed_at, old.close_reason) == (
            CaseStatus.CLOSED,
            after(minutes=60),
            "quiet after it was resolved",
        )
        assert (new.status, new.previous_case, new.occurrences) == (CaseStatus.OPEN, old.external_key, 2)
        assert world.verdicts(old) == ["opened", "resolved", "closed"]
        assert old.external_key != new.external_key

    def test_a_contained_row_keeps_a_resolved_case_from_being_quiet(self, world: World, one_by_one: bool) -> None:
        resolved(world, "contained risk")
        arrive(world, [(50, "contained risk"), (100, "threat risk")], one_by_one=one_by_one)
        case = world.case()
        assert (case.status, case.occurrences, case.contained) == (CaseStatus.OPEN, 3, False)

    def test_what_had_arrived_before_it_was_resolved_joins(self, world: World, one_by_one: bool) -> None:
        resolved(world)
        arrive(world, [(-1, "raise disk 3")], one_by_one=one_by_one)
        assert (world.case().status, world.case().occurrences) == (CaseStatus.RESOLVED, 2)


def test_a_closed_case_is_named_by_the_next_one(world: World) -> None:
    resolved(world)
    Actions(world.store, world.clock, nullcontext, TERMS).perform(Act(world.case().external_key, Verb.CLOSE, "user:ana"))
    arrive(world, [(1, "raise disk 3"), (2, "raise cpu 3")], one_by_one=False)
    old, new, other = world.cases()
    assert (new.previous_case, other.previous_case) == (old.external_key, None)


def test_time_that_resolved_too_early_is_corrected_by_what_was_still_waiting(world: World) -> None:
    """The clear is processed, its relapse still waits in the journal when the quiet time passes."""
    arrive(world, [(0, "raise disk 3"), (1, "clear disk")], one_by_one=False)
    world.clock.moment = after(minutes=5)
    world.trap("raise disk 3")
    world.clock.moment = after(minutes=30)
    assert world.passing_time().end_quiet_cases(until=world.clock.now()) == 1
    assert world.case().status is CaseStatus.RESOLVED
    world.process()
    assert world.case().status is CaseStatus.OPEN
    assert world.verdicts() == ["opened", "cleared", "resolved", "reopened"]


def test_time_does_not_pass_over_what_still_waits(world: World) -> None:
    arrive(world, [(0, "raise disk 3"), (1, "clear disk")], one_by_one=False)
    for minutes in (5, 6, 7):
        world.clock.moment = after(minutes=minutes)
        world.trap("raise cpu 3")
    world.clock.moment = after(minutes=30)
    processor = world.processor(batch_limit=1)
    told = []
    while processor.step():
        told.append((processor.caught_up_to, world.passing_time().end_quiet_cases(until=processor.caught_up_to)))
    assert told == [(after(minutes=n), 0) for n in (5, 6, 7)]
    assert world.passing_time().end_quiet_cases(until=processor.caught_up_to) == 1
    assert processor.caught_up_to == after(minutes=30)


def test_a_quiet_contained_threat_is_closed_by_time(world: World) -> None:
    arrive(world, [(0, "contained risk")], one_by_one=False)
    world.clock.move(timedelta(hours=24))
    assert world.passing_time().end_quiet_cases(until=world.clock.now()) == 1
    assert world.passing_time().end_quiet_cases(until=world.clock.now()) == 0
    assert (world.case().kind, world.case().status) == (CaseKind.THREAT_INCIDENT, CaseStatus.CLOSED)
    assert world.verdicts() == ["contained", "closed"]


def test_a_storm_of_one_key_costs_one_change_of_the_case(world: World) -> None:
    arrive(world, [(0, "raise disk 3")], one_by_one=False)
    storm = 10_000 if world.store.is_sqlite else 1_000
    for _ in range(storm):
        world.trap("raise disk 3")
    updates: list[str] = []
    event.listen(
        world.store.engine,
        "before_cursor_execute",
        lambda conn, cursor, statement, *rest: updates.append(statement) if statement.startswith("UPDATE cases") else None,
    )
    world.process(batch_limit=10_000)
    case = world.case()
    assert (case.occurrences, case.version) == (1 + storm, 2)
    assert len(updates) == 1
    assert len(world.log(case)) == 2


def test_a_storm_is_told_in_few_lines(world: World) -> None:
    for _ in range(20):
        for _ in range(20):
            world.trap("raise disk 3")
        world.process()
    case = world.case()
    assert case.occurrences == 400
    assert len(world.log(case)) < 20


def kept(world: World, numbers: range) -> list[int]:
    with world.store.read() as connection:
        return [n for n in numbers if find_original(connection, f"{MAIN}-{n}", BOX)]


def test_before_a_segment_goes_the_first_and_last_five_of_its_cases_are_kept(world: World) -> None:
    for _ in range(30):
        world.trap("raise disk 3")
    world.trap("clear disk")
    world.process()
    assert kept(world, range(1, 40)) == []
    keeper = OriginalsKeeper(world.store, world.journal, BOX)
    keeper(MAIN, 1, 20)
    assert kept(world, range(1, 40)) == [1, 2, 3, 4, 5]
    keeper(MAIN, 21, 31)
    assert kept(world, range(1, 40)) == [1, 2, 3, 4, 5, 27, 28, 29, 30, 31]
    with world.store.read() as connection:
        last = find_original(connection, f"{MAIN}-31", BOX)
    assert last is not None
    assert (last.payload, last.received_at) == (world.journal.items[MAIN][-1].payload, NOON)


def test_originals_that_are_no_longer_among_the_last_are_forgotten_with_the_next_segment(world: World) -> None:
    keeper = OriginalsKeeper(world.store, world.journal, BOX)
    for last in (10, 20):
        for _ in range(10):
            world.trap("raise disk 3")
        world.process()
        keeper(MAIN, last - 9, last)
        assert kept(world, range(1, 21)) == [1, 2, 3, 4, 5, *range(last - 4, last + 1)]


def test_what_opened_no_case_is_not_kept(world: World) -> None:
    arrive(world, [(0, "raise disk 3"), (1, "info")], one_by_one=False)
    OriginalsKeeper(world.store, world.journal, BOX)(MAIN, 1, 2)
    assert kept(world, range(1, 3)) == [1]


def test_a_clear_counts_no_occurrence(world: World) -> None:
    arrive(world, [(0, "raise disk 3"), (1, "clear disk")], one_by_one=False)
    assert world.case().occurrences == 1


def test_another_console_of_the_customer_cannot_clear(world: World) -> None:
    arrive(world, [(0, "raise disk 3")], one_by_one=False)
    world.mail("clear disk", to=["acme-2@example.org"])
    world.process()
    assert world.outcomes()[0] == ("informational", "clear_other_source")
    assert world.case().cleared_at is None


def test_a_clock_that_goes_back_hides_neither_a_clear_nor_a_relapse_of_one_lane(world: World) -> None:
    arrive(world, [(60, "raise disk 3"), (0, "clear disk")], one_by_one=True)
    assert world.case().cleared_at == after(minutes=60)
    arrive(world, [(1, "raise disk 3")], one_by_one=True)
    case = world.case()
    assert (case.cleared_at, case.occurrences, case.last_seen_at) == (None, 2, after(minutes=60))


def test_a_late_clear_from_the_bulk_lane_does_not_clear_what_came_after_it(world: World) -> None:
    arrive(world, [(60, "raise disk 3")], one_by_one=True)
    world.clock.moment = after(minutes=30)
    world.trap("clear disk", stream=BULK)
    world.process()
    assert world.outcomes() == [("case", ""), ("informational", "clear_out_of_date")]
    assert world.case().cleared_at is None


def test_a_mail_of_a_thousand_rows_that_each_open_a_case_asks_the_rules_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    classify = InstructionRules.classify_mail

    def counted(self: InstructionRules, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> Any:
        asked.append(trace)
        return classify(self, mail, source=source, products=products, trace=trace)

    monkeypatch.setattr(InstructionRules, "classify_mail", counted)
    world.mail(*(f"raise disk{number} 3" for number in range(1000)))
    world.process()
    cases = world.cases()
    assert len(cases) == 1000
    assert all(case.matched for case in cases)
    assert asked == [False, True]


def test_a_contained_row_does_not_touch_an_active_threat_that_was_resolved(world: World) -> None:
    resolved(world, "threat risk")
    before = world.case()
    arrive(world, [(30, "contained risk")], one_by_one=False)
    assert world.outcomes()[-1] == ("informational", "clear_without_case")
    assert world.case() == before
