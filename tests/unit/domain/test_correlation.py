"""What a signal does to the case of its key, as tables: raises and clears for every state."""

from datetime import datetime, timedelta

import pytest

from collector.domain.case import Case, CaseStatus, Verdict
from collector.domain.correlation import CLEARED_SINCE, JOINED, Decision, apply, decide, makes_active, was_cleared_since
from collector.domain.ids import SourceId
from collector.domain.outcome import Reason
from collector.domain.signal import Signal, Urgency, Words
from collector.domain.trust import Trust
from tests.builders import NOON, a_case, a_clear, a_signal, a_threat, a_threat_signal, after, words

LATER = after(minutes=10)
_TICK = timedelta(microseconds=1)
OPEN, ACKNOWLEDGED, PENDING, RESOLVED, _CLOSED = CaseStatus
CLEARED = {"cleared_at": after(minutes=5)}
SOLVED = {"status": RESOLVED, "resolved_at": after(minutes=5)}


def ignored(reason: Reason) -> Decision:
    return Decision(Verdict.IGNORED_CLEAR, reason)


def decided(case: Case | None, signal: Signal, at: datetime = LATER) -> Decision:
    return decide(case, signal, at=at, source_id=SourceId(1), trust=Trust.SPOOFABLE)


_RAISES = [
    pytest.param(None, a_signal(), Decision(Verdict.OPENED), id="no case: opened"),
    pytest.param(None, a_threat_signal(contained=True), Decision(Verdict.CONTAINED), id="no case, dealt with: contained"),
    pytest.param(a_case(), a_signal(), Decision(Verdict.JOINED), id="open: joined"),
    pytest.param(a_case(status=ACKNOWLEDGED), a_signal(), Decision(Verdict.JOINED), id="acknowledged: joined"),
    pytest.param(a_case(status=PENDING), a_signal(), Decision(Verdict.JOINED, resumes=True), id="pending: joined, goes on"),
    pytest.param(a_case(), a_signal(severity=2), Decision(Verdict.RAISED), id="more severe: raised"),
    pytest.param(
        a_case(status=PENDING), a_signal(severity=2), Decision(Verdict.RAISED, resumes=True), id="pending, more severe: both"
    ),
    pytest.param(a_case(), a_signal(severity=4), Decision(Verdict.JOINED), id="less severe: joined"),
    pytest.param(a_case(severity=None), a_signal(severity=1), Decision(Verdict.JOINED), id="severity left to people: joined"),
    pytest.param(
        a_case(needs_triage=True), a_signal(severity=2, needs_triage=True), Decision(Verdict.RAISED), id="not triaged yet: raised"
    ),
    pytest.param(
        a_case(needs_triage=True, severity=None),
        a_signal(severity=3, needs_triage=True),
        Decision(Verdict.RAISED),
        id="not triaged yet, without a severity: raised",
    ),
    pytest.param(
        a_case(needs_triage=True, severity=None),
        a_signal(severity=4, needs_triage=True),
        Decision(Verdict.JOINED),
        id="without a severity, the least: joined",
    ),
    pytest.param(
        a_case(), a_signal(severity=2, needs_triage=True), Decision(Verdict.JOINED), id="level 1 set the severity: not overruled"
    ),
    pytest.param(a_case(**CLEARED), a_signal(), Decision(Verdict.JOINED, relapses=True), id="cleared: fails again"),
    pytest.param(
        a_case(cleared_at=LATER + _TICK), a_signal(), Decision(Verdict.JOINED), id="cleared later than this arrived: no relapse"
    ),
    pytest.param(a_threat(), a_threat_signal(urgency=Urgency.HIGH), Decision(Verdict.RAISED), id="more urgent threat: raised"),
    pytest.param(a_threat(), a_threat_signal(urgency=Urgency.LOW), Decision(Verdict.JOINED), id="less urgent threat: joined"),
    pytest.param(a_threat(contained=True), a_threat_signal(), Decision(Verdict.RAISED), id="no longer contained: raised"),
    pytest.param(
        a_threat(contained=True), a_threat_signal(contained=True), Decision(Verdict.JOINED), id="contained again: joined"
    ),
    pytest.param(a_threat(), a_threat_signal(contained=True), Decision(Verdict.CLEARED), id="active, dealt with now: cleared"),
    pytest.param(a_case(**SOLVED), a_signal(), Decision(Verdict.REOPENED), id="resolved: reopened"),
    pytest.param(
        a_case(**SOLVED), a_signal(severity=1), Decision(Verdict.REOPENED), id="resolved, more severe: still one word, reopened"
    ),
    pytest.param(
        a_case(**{**SOLVED, "resolved_at": LATER + _TICK}), a_signal(), Decision(Verdict.JOINED), id="arrived before: joined"
    ),
    pytest.param(
        a_threat(contained=True, **SOLVED), a_threat_signal(contained=True), Decision(Verdict.JOINED), id="resolved, contained"
    ),
]


@pytest.mark.parametrize(("case", "signal", "expected"), _RAISES)
def test_a_raise_does_what_the_table_says(case: Case | None, signal: Signal, expected: Decision) -> None:
    assert decided(case, signal) == expected


@pytest.mark.parametrize(
    ("quiet_for", "expected"),
    [
        pytest.param(timedelta(minutes=60) - _TICK, Decision(Verdict.REOPENED), id="just inside the hour"),
        pytest.param(timedelta(minutes=60), Decision(Verdict.OPENED, replaces=True), id="the hour is over"),
    ],
)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(a_case(status=RESOLVED, resolved_at=after(minutes=5), last_seen_at=NOON), id="counted from resolving"),
        pytest.param(a_case(status=RESOLVED, resolved_at=NOON, last_seen_at=after(minutes=5)), id="counted from the last row"),
    ],
)
def test_a_resolved_case_is_reopened_within_the_hour_and_replaced_after_it(
    case: Case, quiet_for: timedelta, expected: Decision
) -> None:
    assert decided(case, a_signal(), after(minutes=5) + quiet_for) == expected


_CLEARS = [
    pytest.param(a_case(), Decision(Verdict.CLEARED), id="open: cleared"),
    pytest.param(a_case(status=ACKNOWLEDGED), Decision(Verdict.CLEARED), id="acknowledged: cleared"),
    pytest.param(a_case(status=PENDING), Decision(Verdict.CLEARED), id="pending: cleared"),
    pytest.param(a_case(severity=1), Decision(Verdict.CLEARED), id="severity 1: noted, though it never resolves by it"),
    pytest.param(None, ignored(Reason.CLEAR_WITHOUT_CASE), id="no case"),
    pytest.param(a_case(**SOLVED), ignored(Reason.CLEAR_WITHOUT_CASE), id="resolved already"),
    pytest.param(a_case(source_id=SourceId(2)), ignored(Reason.CLEAR_OTHER_SOURCE), id="another console raised it"),
    pytest.param(a_case(source_id=None), ignored(Reason.CLEAR_OTHER_SOURCE), id="nobody's case"),
    pytest.param(a_case(trust=Trust.AUTHENTICATED), ignored(Reason.CLEAR_LESS_TRUSTED), id="less believable than the raise"),
    pytest.param(a_case(last_seen_at=LATER + _TICK), ignored(Reason.CLEAR_OUT_OF_DATE), id="older than the last raise"),
    pytest.param(a_case(last_seen_at=LATER), Decision(Verdict.CLEARED), id="in the same moment as the last raise"),
    pytest.param(a_case(**CLEARED), ignored(Reason.CLEAR_REPEATED), id="cleared already"),
]


@pytest.mark.parametrize(("case", "expected"), _CLEARS)
def test_a_clear_does_what_the_table_says(case: Case | None, expected: Decision) -> None:
    assert decided(case, a_clear()) == expected


def test_a_better_trusted_clear_is_taken() -> None:
    case = a_case(trust=Trust.AUTHENTICATED)
    assert decide(case, a_clear(), at=LATER, source_id=SourceId(1), trust=Trust.ENCRYPTED).verdict is Verdict.CLEARED


def test_a_row_that_is_dealt_with_clears_an_active_threat_only_from_the_console_that_raised_it() -> None:
    found = decide(a_threat(), a_threat_signal(contained=True), at=LATER, source_id=SourceId(2), trust=Trust.SPOOFABLE)
    assert found == ignored(Reason.CLEAR_OTHER_SOURCE)


_CLEARED_SINCE = [
    pytest.param(None, a_signal(), CLEARED_SINCE, id="nothing to do any more"),
    pytest.param(None, a_signal(severity=4), CLEARED_SINCE, id="nor of the least severity"),
    pytest.param(None, a_threat_signal(contained=True), CLEARED_SINCE, id="nor of what was dealt with"),
    pytest.param(None, a_signal(severity=2), Decision(Verdict.OPENED, cleared=True), id="people end it: opened, and cleared"),
    pytest.param(None, a_threat_signal(), Decision(Verdict.OPENED, cleared=True), id="an active threat: opened, and cleared"),
    pytest.param(a_case(**SOLVED), a_signal(), CLEARED_SINCE, id="resolved: stays so"),
    pytest.param(
        a_case(**SOLVED, severity=2), a_signal(), Decision(Verdict.REOPENED, cleared=True), id="resolved, only people end it"
    ),
    pytest.param(a_case(**CLEARED), a_signal(), JOINED, id="cleared: no relapse"),
    pytest.param(
        a_case(**CLEARED, status=PENDING), a_signal(), Decision(Verdict.JOINED, resumes=True), id="cleared and pending: goes on"
    ),
    pytest.param(a_case(**CLEARED), a_signal(severity=1), Decision(Verdict.RAISED), id="cleared, now worse: raised, no relapse"),
]


@pytest.mark.parametrize(("case", "signal", "expected"), _CLEARED_SINCE)
def test_a_raise_whose_clear_was_processed_before_it_does_what_the_table_says(
    case: Case | None, signal: Signal, expected: Decision
) -> None:
    decision = decided(case, signal)
    assert makes_active(decision)
    assert was_cleared_since(decision, case, signal) == expected


def test_a_case_that_was_resolved_too_long_ago_counts_for_nothing() -> None:
    decision = decided(a_case(**SOLVED, severity=1), a_signal(), at=after(minutes=300))
    assert decision.replaces
    assert was_cleared_since(decision, a_case(**SOLVED, severity=1), a_signal()) == CLEARED_SINCE


@pytest.mark.parametrize(
    ("case", "signal"),
    [
        pytest.param(a_case(), a_signal(), id="joined"),
        pytest.param(a_case(), a_signal(severity=1), id="raised"),
        pytest.param(a_case(), a_clear(), id="cleared"),
        pytest.param(None, a_clear(), id="a clear of nothing"),
    ],
)
def test_other_decisions_make_nothing_active(case: Case | None, signal: Signal) -> None:
    assert not makes_active(decided(case, signal))


def applied(case: Case, signal: Signal, at: datetime = LATER, trust: Trust = Trust.SPOOFABLE) -> Case:
    return apply(case, decided(case, signal, at), signal, at=at, trust=trust)


def test_a_repeat_counts_and_moves_the_last_time() -> None:
    after_it = applied(a_case(occurrences=4, version=9), a_signal())
    assert (after_it.occurrences, after_it.last_seen_at, after_it.version) == (5, LATER, 10)
    assert after_it.opened_at == NOON


def test_a_repeat_that_arrived_earlier_does_not_turn_the_last_time_back() -> None:
    case = a_case(last_seen_at=after(minutes=20))
    assert applied(case, a_signal()).last_seen_at == after(minutes=20)


def test_a_case_is_as_believable_as_its_best_notification() -> None:
    assert applied(a_case(), a_signal(), trust=Trust.ENCRYPTED).trust is Trust.ENCRYPTED
    assert applied(a_case(trust=Trust.ENCRYPTED), a_signal()).trust is Trust.ENCRYPTED


def test_a_clear_sets_its_time_and_counts_nothing() -> None:
    cleared = applied(a_case(), a_clear())
    assert (cleared.cleared_at, cleared.occurrences, cleared.last_seen_at) == (LATER, 1, NOON)
    assert cleared.status is OPEN


def test_a_relapse_takes_the_clear_back() -> None:
    assert applied(a_case(**CLEARED), a_signal()).cleared_at is None


def test_a_pending_case_goes_on_as_acknowledged_and_says_which_rule_did_it() -> None:
    resumed = applied(a_case(status=PENDING), a_signal())
    assert (resumed.status, resumed.status_by) == (ACKNOWLEDGED, "rule:disk-full")


def test_a_raise_brings_severity_words_and_review_with_it() -> None:
    signal = a_signal(severity=2, title=words("worse"), summary=words("much"), source_severity="RED", review_for_severity_1=True)
    raised = applied(a_case(), signal)
    assert (raised.severity, raised.title, raised.summary, raised.source_severity) == (2, words("worse"), words("much"), "RED")
    assert raised.review_for_severity_1 is True
    assert raised.status is OPEN


def test_a_contained_threat_that_grows_is_active_and_does_not_close_itself_any_more() -> None:
    contained = a_threat(contained=True, quiet_close=timedelta(hours=24))
    raised = applied(contained, a_threat_signal())
    assert (raised.contained, raised.quiet_close) == (False, None)


def test_a_contained_threat_that_is_only_more_urgent_stays_contained() -> None:
    contained = a_threat(contained=True, quiet_close=timedelta(hours=24), urgency=Urgency.LOW)
    raised = applied(contained, a_threat_signal(contained=True, urgency=Urgency.HIGH, quiet_close=timedelta(hours=1)))
    assert (raised.contained, raised.quiet_close, raised.urgency) == (True, timedelta(hours=24), Urgency.HIGH)


def test_a_reopened_case_is_open_and_forgets_how_it_ended() -> None:
    solved = a_case(close_reason="done", **SOLVED, **CLEARED)
    again = applied(solved, a_signal())
    assert (again.status, again.resolved_at, again.close_reason, again.cleared_at) == (OPEN, None, None, None)
    assert again.status_by == "rule:disk-full"


def test_a_case_reopened_by_something_worse_is_as_severe_as_that() -> None:
    assert applied(a_case(**SOLVED), a_signal(severity=1, title=words("worse"))).severity == 1
    assert applied(a_case(severity=2, **SOLVED), a_signal(severity=3, title=words("milder"))).title == words("title")


@pytest.mark.parametrize(("language", "text"), [("es", "hola"), ("en", "hello"), ("fr", "hola")])
def test_words_are_spanish_unless_english_was_asked_for(language: str, text: str) -> None:
    assert Words(es="hola", en="hello").in_language(language) == text
