"""The bucket: what it gives at once and in the long run, and clocks that step."""

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.limits import Bucket, Limit, tokens_of

START = 1_000 * NS_PER_SECOND


def given_at(bucket: Bucket, *seconds: float, tokens: int = 1) -> list[bool]:
    return [bucket.take(START + round(at * NS_PER_SECOND), tokens) for at in seconds]


@pytest.mark.parametrize(("octets", "tokens"), [(0, 1), (1_499, 1), (1_500, 2), (65_507, 44)])
def test_what_a_datagram_costs(octets: int, tokens: int) -> None:
    assert tokens_of(octets) == tokens


def test_a_burst_at_once_and_then_the_rate() -> None:
    bucket = Bucket(Limit(10, 3))
    assert given_at(bucket, 0, 0, 0, 0, 0.1, 0.1, 5, 5, 5, 5) == [True] * 3 + [False, True, False] + [True] * 3 + [False]


def test_what_is_refused_takes_nothing() -> None:
    bucket = Bucket(Limit(10, 1))
    assert given_at(bucket, 0, 0, 0, 0, 0.1) == [True, False, False, False, True]


def test_what_costs_more_than_a_burst_passes_a_full_bucket_and_is_paid_for() -> None:
    bucket = Bucket(Limit(10, 2))
    assert given_at(bucket, 0, tokens=20) == [True]
    assert given_at(bucket, 0.5, 1.7, 1.95) == [False, False, True]


def test_what_comes_a_little_late_is_judged_as_if_it_came_in_time() -> None:
    bucket = Bucket(Limit(10, 2))
    assert given_at(bucket, 2, 2, 1.5, 2.1) == [True, True, False, True]


def test_a_clock_that_was_set_back_holds_nobody_up() -> None:
    bucket = Bucket(Limit(10, 2))
    assert given_at(bucket, 3_600, 3_600, 3_600) == [True, True, False]
    assert given_at(bucket, 0, 0, 0) == [True, True, False]
