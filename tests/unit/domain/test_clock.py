"""Times and nanoseconds, and the clocks that tell them."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.clock import EPOCH, FileClock, SystemClock, from_ns, to_ns


@pytest.mark.parametrize(
    ("moment", "nanoseconds"),
    [
        pytest.param(EPOCH, 0, id="the epoch"),
        pytest.param(EPOCH + timedelta(microseconds=1), 1_000, id="one microsecond"),
        pytest.param(EPOCH - timedelta(microseconds=1), -1_000, id="before the epoch"),
        pytest.param(datetime(2026, 3, 17, 12, tzinfo=UTC), 1_773_748_800_000_000_000, id="a day of ours"),
        pytest.param(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 253_402_300_799_999_999_000, id="the last day"),
    ],
)
def test_a_time_is_exact_in_nanoseconds(moment: datetime, nanoseconds: int) -> None:
    assert to_ns(moment) == nanoseconds
    assert from_ns(nanoseconds) == moment


@given(st.timedeltas(timedelta(days=-700_000), timedelta(days=2_900_000)), st.integers(-23, 23))
def test_any_aware_time_survives_the_way_through_nanoseconds(since_epoch: timedelta, zone_hours: int) -> None:
    moment = (EPOCH + since_epoch).astimezone(timezone(timedelta(hours=zone_hours)))
    assert from_ns(to_ns(moment)) == moment.astimezone(UTC)
    assert from_ns(to_ns(moment)).tzinfo is UTC


@given(st.integers(-(10**18), 10**18))
def test_nanoseconds_are_cut_to_the_microsecond(nanoseconds: int) -> None:
    assert to_ns(from_ns(nanoseconds)) == nanoseconds - nanoseconds % 1_000


def test_the_system_clock_is_aware_and_tells_one_time() -> None:
    clock = SystemClock()
    before, now, later = clock.now_ns(), clock.now(), clock.now_ns()
    assert now.tzinfo is UTC
    assert before - 1_000 <= to_ns(now) <= later


def test_the_monotonic_clock_does_not_go_back() -> None:
    clock = SystemClock()
    assert clock.monotonic_ns() <= clock.monotonic_ns()


def test_a_file_clock_stands_still_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "now"
    file.write_text("2026-03-17T13:00:00+01:00\n")
    clock = FileClock(file)
    assert clock.now() == clock.now() == datetime(2026, 3, 17, 12, tzinfo=UTC)
    assert clock.now_ns() == to_ns(clock.now())
    file.write_text("2026-03-17T14:00:00Z")
    assert clock.now() == datetime(2026, 3, 17, 14, tzinfo=UTC)


def test_a_file_clock_refuses_a_time_without_a_zone(tmp_path: Path) -> None:
    file = tmp_path / "now"
    file.write_text("2026-03-17T13:00:00")
    with pytest.raises(ValueError, match="needs a zone"):
        FileClock(file).now()
