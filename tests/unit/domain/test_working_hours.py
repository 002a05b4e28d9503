"""Hours of a week as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.working_hours import Interval, WeeklyHours


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("09:00-17:00", (Interval(540, 1020),), id="one"),
        pytest.param("09:00-13:00, 14:00-18:00", (Interval(540, 780), Interval(840, 1080)), id="with lunch"),
        pytest.param("09:00-13:00,13:00-18:00", (Interval(540, 780), Interval(780, 1080)), id="that touch"),
        pytest.param("00:00 - 24:00", (Interval(0, 1440),), id="the whole day"),
        pytest.param("08:30-08:31,", (Interval(510, 511),), id="one minute"),
    ],
)
def test_the_same_hours_are_worked_from_monday_to_friday(text: str, day: tuple[Interval, ...]) -> None:
    assert WeeklyHours.on_weekdays(text).days == (day,) * 5 + ((), ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "at least one interval", id="nothing"),
        pytest.param(" , ", "at least one interval", id="nothing but commas"),
        pytest.param("9:00-17:00", "must be intervals such as", id="one digit"),
        pytest.param("٠٩:00-17:00", "must be intervals such as", id="digits of another script"),
        pytest.param("09:00-17:00-18:00", "must be intervals such as", id="three times"),
        pytest.param("24:01-24:30", "no 24:01 on a clock", id="after the end of the day"),
        pytest.param("09:60-17:00", "no 09:60 on a clock", id="minute 60"),
        pytest.param("09:00-09:00", "the end must be later", id="no length"),
        pytest.param("22:00-06:00", "the end must be later", id="over midnight"),
        pytest.param("24:00-24:00", "the end must be later", id="nothing at midnight"),
        pytest.param("14:00-18:00, 09:00-13:00", "overlap or are not in order", id="not in order"),
        pytest.param("09:00-13:00, 12:59-18:00", "overlap or are not in order", id="overlap"),
    ],
)
def test_hours_that_make_no_sense_are_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        WeeklyHours.on_weekdays(text)


def test_a_week_without_any_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="no time is working time"):
        WeeklyHours(((),) * 7)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(ValueError, match="seven days"):
        WeeklyHours(((Interval(0, 1),),) * 6)


@given(st.lists(st.integers(0, 1440), min_size=2, max_size=8, unique=True))
def test_hours_read_back_what_they_print(cuts: list[int]) -> None:
    ends = sorted(cuts[: len(cuts) // 2 * 2])
    day = tuple(Interval(start, end) for start, end in zip(ends[::2], ends[1::2], strict=True))
    hours = WeeklyHours((day,) * 5 + ((), ()))
    assert WeeklyHours.on_weekdays(str(hours)) == hours


def test_a_week_with_different_days_prints_each_of_them() -> None:
    assert (
        str(WeeklyHours(((Interval(540, 1020),), (), (), (), (), (Interval(600, 720),), ()))) == "1: 09:00-17:00; 6: 10:00-12:00"
    )
