"""What time alone does to a case, one microsecond before and at each boundary."""

from datetime import datetime, timedelta

import pytest

from collector.domain.case import Case, CaseStatus, Verb
from collector.domain.signal import Urgency
from tests.builders import NOON, a_case, a_threat, after

_TICK = timedelta(microseconds=1)
_QUARTER, _HOUR, _DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=24)
CLEARED = {"cleared_at": after(minutes=5), "last_seen_at": NOON}
SEEN_LATER = {"cleared_at": NOON, "last_seen_at": after(minutes=5)}
RESOLVED = {"status": CaseStatus.RESOLVED, "resolved_at": after(minutes=5)}
CONTAINED = {"contained": True, "quiet_close": _DAY}

_DUE = [
    pytest.param(a_case(severity=3, **CLEARED), Verb.RESOLVE, after(minutes=5) + _QUARTER, id="severity 3 after its clear"),
    pytest.param(a_case(severity=4, **CLEARED), Verb.RESOLVE, after(minutes=5) + _QUARTER, id="severity 4 after its clear"),
    pytest.param(a_case(severity=None, **CLEARED), Verb.RESOLVE, after(minutes=5) + _QUARTER, id="no severity counts as 4"),
    pytest.param(a_case(severity=3, **SEEN_LATER), Verb.RESOLVE, after(minutes=5) + _QUARTER, id="from the latest notification"),
    pytest.param(
        a_case(severity=3, status=CaseStatus.ACKNOWLEDGED, **CLEARED), Verb.RESOLVE, after(minutes=20), id="acknowledged too"
    ),
    pytest.param(a_case(severity=3, status=CaseStatus.PENDING, **CLEARED), Verb.RESOLVE, after(minutes=20), id="pending too"),
    pytest.param(a_threat(contained=True, **CLEARED), Verb.RESOLVE, after(minutes=20), id="contained threat after its clear"),
    pytest.param(a_threat(**CONTAINED), Verb.CLOSE, NOON + _DAY, id="contained threat closes itself"),
    pytest.param(a_threat(status=CaseStatus.ACKNOWLEDGED, **CONTAINED), Verb.CLOSE, NOON + _DAY, id="also when acknowledged"),
    pytest.param(a_case(**RESOLVED), Verb.CLOSE, after(minutes=5) + _HOUR, id="resolved becomes closed"),
    pytest.param(a_case(severity=1, **RESOLVED), Verb.CLOSE, after(minutes=5) + _HOUR, id="whatever its severity"),
    pytest.param(
        a_case(**{**RESOLVED, "last_seen_at": after(minutes=9)}), Verb.CLOSE, after(minutes=9) + _HOUR, id="from its last row"
    ),
]
_NEVER = [
    pytest.param(a_case(severity=3), id="not cleared"),
    pytest.param(a_case(severity=2, **CLEARED), id="severity 2"),
    pytest.param(a_case(severity=1, **CLEARED), id="severity 1"),
    pytest.param(a_threat(**CLEARED), id="active threat"),
    pytest.param(a_threat(contained=True), id="contained without a quiet time"),
    pytest.param(a_case(status=CaseStatus.CLOSED, closed_at=NOON, severity=3, quiet_close=_DAY, **CLEARED), id="closed"),
]


@pytest.mark.parametrize(("case", "verb", "due_at"), _DUE)
def test_time_acts_at_the_boundary_and_not_before(case: Case, verb: Verb, due_at: datetime) -> None:
    assert case.quiet_verb(due_at - _TICK) is None
    due = case.quiet_verb(due_at)
    assert due is not None
    assert due[0] is verb
    assert due[1]


@pytest.mark.parametrize("case", _NEVER)
def test_time_alone_never_ends_other_cases(case: Case) -> None:
    assert case.quiet_verb(NOON + timedelta(days=3650)) is None


@pytest.mark.parametrize(
    ("case", "rank"),
    [
        pytest.param(a_threat(urgency=Urgency.HIGH), 1, id="threat, high"),
        pytest.param(a_threat(urgency=Urgency.NORMAL), 1, id="threat, normal"),
        pytest.param(a_threat(urgency=Urgency.LOW), 3, id="threat, low"),
        pytest.param(a_threat(urgency=Urgency.HIGH, contained=True), 4, id="contained threat"),
        pytest.param(a_case(severity=1), 1, id="severity 1"),
        pytest.param(a_case(severity=4), 4, id="severity 4"),
        pytest.param(a_case(severity=None), 4, id="severity not set yet"),
    ],
)
def test_the_rank_is_the_order_of_service(case: Case, rank: int) -> None:
    assert case.rank == rank
