"""How large a batch may be, and how long the next one is left to grow."""

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.pipeline.pace import ALONE_SECONDS, LINGER_SECONDS, LONG_LINGER_SECONDS, Pace

COST = 40e-6
"""Seconds per item: 500 of them fill the time of a batch while people work."""


def experienced(cost: float = COST, *, most: int = 2_000) -> Pace:
    pace = Pace(most)
    for _ in range(50):
        pace.note(1_000, 1_000 * cost)
    return pace


def test_a_batch_is_as_large_as_fits_into_its_time_while_nobody_waits() -> None:
    assert experienced(60e-6).limit(0) == int(ALONE_SECONDS / 60e-6)


def test_batches_are_smaller_for_ten_seconds_after_somebody_waited() -> None:
    pace, now_ns = experienced(), 5 * NS_PER_SECOND
    pace.someone_waited(now_ns)
    assert pace.limit(now_ns) == pace.limit(now_ns + 10 * NS_PER_SECOND - 1) == 500
    assert pace.limit(now_ns + 10 * NS_PER_SECOND) == 2_000


@pytest.mark.parametrize(("cost", "expected"), [(1.0, 500), (1e-9, 2_000)])
def test_a_batch_is_never_smaller_or_larger_than_its_bounds(cost: float, expected: int) -> None:
    assert experienced(cost).limit(0) == expected


def test_bounds_below_the_smallest_batch_hold_too() -> None:
    assert experienced(1.0, most=7).limit(0) == 7


def test_small_batches_teach_nothing() -> None:
    pace = experienced()
    before = pace.limit(0)
    for _ in range(100):
        pace.note(10, 1.0)
    assert pace.limit(0) == before


@pytest.mark.parametrize(
    ("items", "seconds"),
    [
        pytest.param(0, 0.0, id="nothing came"),
        pytest.param(1, 0.0, id="one trap is seen at once"),
        pytest.param(49, 0.0, id="thin"),
        pytest.param(50, LINGER_SECONDS, id="dense"),
        pytest.param(249, LINGER_SECONDS, id="nearly very dense"),
        pytest.param(250, LONG_LINGER_SECONDS, id="very dense"),
        pytest.param(1_999, LONG_LINGER_SECONDS, id="very dense and not full"),
        pytest.param(2_000, 0.0, id="full: more may wait"),
    ],
)
def test_only_dense_traffic_is_left_to_gather(items: int, seconds: float) -> None:
    assert Pace(2_000).linger_seconds(items, 0) == seconds


def test_a_batch_that_was_filled_is_followed_at_once_also_while_people_work() -> None:
    pace = experienced()
    pace.someone_waited(0)
    assert [pace.linger_seconds(items, 1) for items in (249, 499, 500)] == [LINGER_SECONDS, LONG_LINGER_SECONDS, 0.0]
