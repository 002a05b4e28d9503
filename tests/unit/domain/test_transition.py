"""Which verb leads a case from which status where, and what is refused, row by row."""

from dataclasses import replace

import pytest

from collector.domain.case import Case, CaseStatus, Verb, Verdict, transition
from collector.domain.errors import Conflict
from collector.domain.ids import ExternalKey
from tests.builders import a_case, after

OPEN, ACKNOWLEDGED, PENDING, RESOLVED, CLOSED = CaseStatus
SAME = "same"
REFUSED = "409"

# status: acknowledge, pend, resume, resolve, close, reopen
_TABLE: dict[CaseStatus, tuple[CaseStatus | str, ...]] = {
    OPEN: (ACKNOWLEDGED, PENDING, REFUSED, RESOLVED, CLOSED, REFUSED),
    ACKNOWLEDGED: (SAME, PENDING, REFUSED, RESOLVED, CLOSED, REFUSED),
    PENDING: (SAME, SAME, ACKNOWLEDGED, RESOLVED, CLOSED, REFUSED),
    RESOLVED: (REFUSED, REFUSED, REFUSED, SAME, CLOSED, ACKNOWLEDGED),
    CLOSED: (REFUSED, REFUSED, REFUSED, REFUSED, SAME, ACKNOWLEDGED),
}
_VERBS = (Verb.ACKNOWLEDGE, Verb.PEND, Verb.RESUME, Verb.RESOLVE, Verb.CLOSE, Verb.REOPEN)
_FACTS = (Verb.CONFIRM, Verb.RECORD_CONTACT, Verb.RESPOND, Verb.ASSIGN)
"""They change no status: `collector.domain.case_facts`."""
_WORDS = {
    Verb.ACKNOWLEDGE: Verdict.ACKNOWLEDGED,
    Verb.PEND: Verdict.PENDED,
    Verb.RESUME: Verdict.RESUMED,
    Verb.RESOLVE: Verdict.RESOLVED,
    Verb.CLOSE: Verdict.CLOSED,
    Verb.REOPEN: Verdict.REOPENED,
}
_CELLS = [
    pytest.param(status, verb, cell, id=f"{status.value}-{verb.value}-{cell}")
    for status, row in _TABLE.items()
    for verb, cell in zip(_VERBS, row, strict=True)
]


def in_status(status: CaseStatus) -> Case:
    """A case as it stands after the shortest way there."""
    case = a_case(status_by="user:first", version=3)
    if status is not OPEN:
        verb = {ACKNOWLEDGED: Verb.ACKNOWLEDGE, PENDING: Verb.PEND, RESOLVED: Verb.RESOLVE, CLOSED: Verb.CLOSE}[status]
        case = transition(case, verb, at=after(minutes=1), actor="user:first", reason="before").case
    return replace(case, cleared_at=after(seconds=30))


@pytest.mark.parametrize(("status", "verb", "cell"), _CELLS)
def test_every_verb_does_to_every_status_what_the_table_says(status: CaseStatus, verb: Verb, cell: CaseStatus | str) -> None:
    before = in_status(status)
    if cell == REFUSED:
        with pytest.raises(Conflict, match=status.value):
            transition(before, verb, at=after(minutes=2), actor="user:second")
        return
    done = transition(before, verb, at=after(minutes=2), actor="user:second")
    if cell == SAME:
        assert done.case is before
        assert done.verdict is None
    else:
        assert done.case.status is cell
        assert done.verdict is _WORDS[verb]
        assert done.case.version == before.version + 1
        assert done.case.status_by == "user:second"


def test_the_table_has_a_row_for_every_status_and_a_cell_for_every_verb() -> None:
    assert set(_TABLE) == set(CaseStatus)
    assert {*_VERBS, Verb.NOTE, *_FACTS} == set(Verb)


@pytest.mark.parametrize("status", CaseStatus)
def test_a_note_is_possible_always_and_changes_nothing_but_the_version(status: CaseStatus) -> None:
    before = in_status(status)
    done = transition(before, Verb.NOTE, at=after(minutes=2), actor="user:second")
    assert done.case == replace(before, version=before.version + 1)
    assert done.verdict is Verdict.NOTED


def test_a_refusal_says_the_present_status_and_who_set_it() -> None:
    with pytest.raises(Conflict, match=r"resolved \(set by user:first\): acknowledge"):
        transition(in_status(RESOLVED), Verb.ACKNOWLEDGE, at=after(minutes=2), actor="user:second")


def test_the_first_one_to_acknowledge_stays_the_one_who_did() -> None:
    first = transition(a_case(), Verb.ACKNOWLEDGE, at=after(minutes=1), actor="user:ana").case
    waiting = transition(first, Verb.PEND, at=after(minutes=2), actor="user:bea").case
    again = transition(waiting, Verb.RESUME, at=after(minutes=3), actor="user:bea").case
    assert (again.acknowledged_by, again.acknowledged_at) == ("user:ana", after(minutes=1))
    assert again.status_by == "user:bea"


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.PEND])
def test_whoever_takes_a_case_in_hand_has_acknowledged_it(verb: Verb) -> None:
    taken = transition(a_case(), verb, at=after(minutes=1), actor="user:ana").case
    assert (taken.acknowledged_by, taken.acknowledged_at) == ("user:ana", after(minutes=1))


def test_resolving_and_closing_keep_their_times_and_the_reason() -> None:
    resolved = transition(a_case(), Verb.RESOLVE, at=after(minutes=1), actor="user:ana", reason="disk replaced").case
    assert (resolved.resolved_at, resolved.close_reason) == (after(minutes=1), "disk replaced")
    closed = transition(resolved, Verb.CLOSE, at=after(minutes=2), actor="user:bea").case
    assert (closed.resolved_at, closed.closed_at, closed.close_reason) == (after(minutes=1), after(minutes=2), "disk replaced")
    told = transition(resolved, Verb.CLOSE, at=after(minutes=2), actor="user:bea", reason="customer agreed").case
    assert told.close_reason == "customer agreed"


@pytest.mark.parametrize("status", [RESOLVED, CLOSED])
def test_what_was_reopened_by_a_person_is_not_ended_again_by_the_time_that_passed_before(status: CaseStatus) -> None:
    before = replace(in_status(status), quiet_close=after(minutes=10) - after())
    again = transition(before, Verb.REOPEN, at=after(minutes=600), actor="user:bea").case
    assert (again.resolved_at, again.closed_at, again.close_reason, again.cleared_at) == (None, None, None, None)
    assert again.quiet_verb(after(minutes=601)) is None


def test_reopening_keeps_where_the_case_came_from() -> None:
    before = replace(in_status(CLOSED), previous_case=ExternalKey("TST-1"))
    assert transition(before, Verb.REOPEN, at=after(minutes=2), actor="user:bea").case.previous_case == "TST-1"
