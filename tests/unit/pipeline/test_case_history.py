"""Which repeats get a line of the case's history: the first ones, each doubling, and one after a quiet quarter of an hour."""

from collections.abc import Sequence

import pytest

from collector.domain.case import Verdict
from collector.domain.item import Item, ItemKind
from collector.domain.outcome import Outcome
from collector.pipeline.draft import Draft, Entry
from collector.pipeline.fold import CaseFold
from collector.store.case_log import LogEntry
from tests.builders import NOON, a_case, a_signal, a_source, after, nanoseconds

MANY = 100
"""Occurrences of a case whose next repeats are neither among the first nor a doubling."""


def repeat_at(fold: CaseFold, minutes: float, seq: int = 101) -> None:
    at = after(minutes=minutes)
    item = Item("snmp-0-aaaaaa", seq, ItemKind.DATAGRAM, nanoseconds(at), 0, "main", "192.0.2.1", 162, b"", b"")
    fold.join(Entry(item), Draft(a_source(), Outcome.CASE), a_signal(), at=at)


def told(occurrences: int, minutes: Sequence[float]) -> list[LogEntry]:
    """What one batch writes about repeats so long after the case was last seen, at noon."""
    fold = CaseFold(a_case(occurrences=occurrences, last_seen_at=NOON), is_new=False)
    for number, minute in enumerate(minutes):
        repeat_at(fold, minute, seq=101 + number)
    assert fold.case.occurrences == occurrences + len(minutes)
    return fold.log


@pytest.mark.parametrize(
    ("occurrences", "minutes", "lines"),
    [
        pytest.param(1, [0], 1, id="the first repeat"),
        pytest.param(9, [0], 1, id="the tenth notification"),
        pytest.param(10, [0], 0, id="the eleventh"),
        pytest.param(15, [0], 1, id="the sixteenth doubles"),
        pytest.param(16, [0], 0, id="the seventeenth does not"),
        pytest.param(MANY, [0] * 27, 0, id="a batch just short of the next doubling"),
        pytest.param(MANY, [0] * 28, 1, id="a batch that reaches it"),
        pytest.param(MANY, [14.99], 0, id="not yet a quarter of an hour"),
        pytest.param(MANY, [15], 1, id="a quarter of an hour to the moment"),
        pytest.param(MANY, [600], 1, id="after many hours"),
        pytest.param(MANY, [-600], 0, id="a late one from before"),
    ],
)
def test_a_batch_of_repeats_is_told_where_it_says_something(occurrences: int, minutes: list[float], lines: int) -> None:
    assert len(told(occurrences, minutes)) == lines


def test_a_plain_repeat_after_fifteen_quiet_minutes_is_told_with_its_time_count_and_origin() -> None:
    assert told(MANY, [15, 15.5]) == [
        LogEntry(
            case_id=a_case().id,
            at=after(minutes=15.5),
            verdict=Verdict.JOINED,
            actor="rule:disk-full@abc",
            count=2,
            notification="snmp-0-aaaaaa-101",
            detail={"occurrences": MANY + 2},
        )
    ]


def test_what_follows_at_once_after_a_quiet_time_is_not_told_again() -> None:
    """Batch by batch, as the processor reads the case again each time."""
    case, lines = a_case(occurrences=MANY), 0
    for minutes in (15, 16, 17, 31, 32):
        fold = CaseFold(case, is_new=False)
        repeat_at(fold, minutes)
        case = fold.case
        lines += len(fold.log)
    assert lines == 1


def test_steady_repeats_of_fourteen_minutes_are_never_a_quiet_time() -> None:
    case = a_case(occurrences=MANY)
    for number in range(1, 10):
        fold = CaseFold(case, is_new=False)
        repeat_at(fold, 14 * number)
        case = fold.case
        assert fold.log == []
    assert case.last_seen_at == after(minutes=126)
