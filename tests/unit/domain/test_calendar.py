"""Working time by examples: what counts, when something is due, and why time does not count."""

from datetime import UTC, date, datetime, timedelta

import pytest

from collector.domain.calendar import DayKind, Gap, Pause, WorkingCalendar
from collector.domain.working_hours import Interval, WeeklyHours
from tests.calendars import FIRST, LAST, calendar, holiday, local

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PLAIN = calendar()
WITH_LUNCH = calendar("09:00-13:00, 14:00-18:00")
# 2026-11-23 is a Monday and a holiday, 2026-12-07 and 08 are a bridge day and a holiday
HOLIDAYS = calendar(days=[holiday("2026-11-23"), holiday("2026-12-07", DayKind.BRIDGE_DAY), holiday("2026-12-08")])
BRIDGE_DAYS_ARE_WORKED = calendar(days=[holiday("2026-12-07", DayKind.BRIDGE_DAY, counts=False), holiday("2026-12-08")])


@pytest.mark.parametrize(
    ("of", "start", "amount", "due"),
    [
        pytest.param(PLAIN, "2026-11-13 16:50", 30 * MINUTE, "2026-11-16 09:20", id="Friday afternoon goes on on Monday"),
        pytest.param(HOLIDAYS, "2026-11-20 16:50", 30 * MINUTE, "2026-11-24 09:20", id="the eve of a holiday Monday"),
        pytest.param(HOLIDAYS, "2026-12-04 16:50", 30 * MINUTE, "2026-12-09 09:20", id="the eve of a long weekend"),
        pytest.param(
            BRIDGE_DAYS_ARE_WORKED, "2026-12-04 16:50", 30 * MINUTE, "2026-12-07 09:20", id="a bridge day that is worked"
        ),
        pytest.param(PLAIN, "2026-11-15 03:00", 30 * MINUTE, "2026-11-16 09:30", id="Sunday at three in the night"),
        pytest.param(PLAIN, "2026-11-16 05:00", 30 * MINUTE, "2026-11-16 09:30", id="before work"),
        pytest.param(PLAIN, "2026-11-16 17:30", 30 * MINUTE, "2026-11-17 09:30", id="after work"),
        pytest.param(PLAIN, "2026-11-18 10:00", 16 * HOUR, "2026-11-20 10:00", id="sixteen hours are two days"),
        pytest.param(PLAIN, "2026-11-12 15:30", 16 * HOUR, "2026-11-16 15:30", id="sixteen hours over a weekend"),
        pytest.param(HOLIDAYS, "2026-11-20 09:00", 16 * HOUR, "2026-11-24 17:00", id="sixteen hours over a holiday Monday"),
        pytest.param(PLAIN, "2026-11-16 09:00", 8 * HOUR, "2026-11-16 17:00", id="a whole day ends with the day"),
        pytest.param(PLAIN, "2026-11-16 16:30", 30 * MINUTE, "2026-11-16 17:00", id="exactly at the end is due there"),
        pytest.param(PLAIN, "2026-11-16 17:00", 30 * MINUTE, "2026-11-17 09:30", id="the end is outside"),
        pytest.param(
            PLAIN, "2026-11-16 16:59:59.999999", MINUTE, "2026-11-17 09:00:59.999999", id="a microsecond before the end"
        ),
        pytest.param(PLAIN, "2026-11-16 16:59", MINUTE, "2026-11-16 17:00", id="the last minute"),
        pytest.param(PLAIN, "2026-11-15 03:00", 0 * MINUTE, "2026-11-15 03:00", id="nothing is due at once"),
        pytest.param(WITH_LUNCH, "2026-11-16 12:50", 30 * MINUTE, "2026-11-16 14:20", id="lunch does not count"),
        pytest.param(WITH_LUNCH, "2026-11-16 12:30", 30 * MINUTE, "2026-11-16 13:00", id="due when lunch begins"),
        pytest.param(WITH_LUNCH, "2026-11-16 13:30", 4 * HOUR, "2026-11-16 18:00", id="begun at lunch"),
    ],
)
def test_the_due_time_is_when_the_working_time_is_used_up(of: WorkingCalendar, start: str, amount: timedelta, due: str) -> None:
    found = of.due(local(start), amount)
    assert found == local(due)
    assert found.tzinfo is UTC


def pause(start: str, end: str | None = None) -> Pause:
    return Pause(local(start), None if end is None else local(end))


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        pytest.param([pause("2026-11-16 11:00", "2026-11-16 12:00")], "2026-11-16 14:00", id="one hour"),
        pytest.param([pause("2026-11-16 11:00", "2026-11-18 09:30")], "2026-11-18 11:30", id="over two nights"),
        pytest.param([pause("2026-11-16 09:00", "2026-11-16 10:30")], "2026-11-16 13:30", id="begun before the clock"),
        pytest.param([pause("2026-11-16 08:00", "2026-11-16 09:59")], "2026-11-16 13:00", id="over before the clock began"),
        pytest.param([pause("2026-11-16 13:00", "2026-11-16 15:00")], "2026-11-16 13:00", id="begun when it is due"),
        pytest.param([pause("2026-11-16 17:00", "2026-11-17 09:00")], "2026-11-16 13:00", id="in the night"),
        pytest.param([pause("2026-11-16 11:00", "2026-11-16 11:00")], "2026-11-16 13:00", id="of no length"),
        pytest.param([pause("2026-11-16 12:00", "2026-11-16 11:00")], "2026-11-16 13:00", id="that ends before it begins"),
        pytest.param(
            [pause("2026-11-16 12:30", "2026-11-16 12:45"), pause("2026-11-16 11:00", "2026-11-16 11:30")],
            "2026-11-16 13:45",
            id="two, not in order",
        ),
        pytest.param(
            [pause("2026-11-16 11:00", "2026-11-16 12:00"), pause("2026-11-16 11:30", "2026-11-16 12:30")],
            "2026-11-16 14:30",
            id="two that overlap count once",
        ),
        pytest.param(
            [pause("2026-11-16 11:00", "2026-11-16 12:30"), pause("2026-11-16 11:30", "2026-11-16 11:45")],
            "2026-11-16 14:30",
            id="one inside the other",
        ),
    ],
)
def test_pauses_do_not_count(pauses: list[Pause], due: str) -> None:
    start, amount = local("2026-11-16 10:00"), 3 * HOUR
    assert PLAIN.due(start, amount, pauses) == local(due)
    assert PLAIN.counted(start, local(due), pauses) == amount


def test_what_is_paused_without_an_end_has_no_due_time() -> None:
    with pytest.raises(ValueError, match="without an end"):
        PLAIN.due(local("2026-11-16 10:00"), HOUR, [pause("2026-11-16 11:00")])


def test_an_open_pause_counts_nothing_from_its_start_on() -> None:
    start, end = local("2026-11-16 10:00"), local("2026-11-20 10:00")
    assert PLAIN.counted(start, end, [pause("2026-11-16 11:15")]) == timedelta(hours=1, minutes=15)


@pytest.mark.parametrize(
    ("at", "working", "following"),
    [
        pytest.param("2026-11-16 08:59:59.999999", False, "2026-11-16 09:00", id="before"),
        pytest.param("2026-11-16 09:00", True, "2026-11-16 09:00", id="the beginning is inside"),
        pytest.param("2026-11-16 16:59:59.999999", True, "2026-11-16 16:59:59.999999", id="the last microsecond"),
        pytest.param("2026-11-16 17:00", False, "2026-11-17 09:00", id="the end is outside"),
        pytest.param("2026-11-20 17:00", False, "2026-11-24 09:00", id="a long weekend begins"),
        pytest.param("2026-11-23 12:00", False, "2026-11-24 09:00", id="a holiday"),
    ],
)
def test_working_time_has_its_beginning_and_not_its_end(at: str, working: bool, following: str) -> None:
    assert HOLIDAYS.is_working(local(at)) is working
    assert HOLIDAYS.next_working(local(at)) == local(following)


def test_nothing_is_counted_backwards() -> None:
    start, before = local("2026-11-16 12:00"), local("2026-11-16 10:00")
    assert PLAIN.counted(start, before) == timedelta()
    assert PLAIN.stretches(start, before) == PLAIN.stretches(start, start) == ()


def told(of: WorkingCalendar, start: str, end: str, *pauses: Pause) -> list[str]:
    zone = of.zone
    return [
        f"{one.start_at.astimezone(zone):%a %H:%M}-{one.end_at.astimezone(zone):%a %H:%M} "
        + ("counts" if one.counted else ",".join(one.reasons))
        for one in of.stretches(local(start), local(end), pauses)
    ]


def test_a_long_weekend_is_one_stretch_with_all_its_reasons() -> None:
    assert told(HOLIDAYS, "2026-11-20 16:50", "2026-11-24 09:20") == [
        "Fri 16:50-Fri 17:00 counts",
        "Fri 17:00-Tue 09:00 outside_hours,weekend,national_holiday",
        "Tue 09:00-Tue 09:20 counts",
    ]
    (gap,) = (one for one in HOLIDAYS.stretches(local("2026-11-20 16:50"), local("2026-11-24 09:20")) if not one.counted)
    assert [name.es for name in gap.names] == ["día 2026-11-23"]


def test_reasons_stand_in_the_order_in_which_they_come_up() -> None:
    assert told(HOLIDAYS, "2026-12-05 12:00", "2026-12-09 09:00") == [
        "Sat 12:00-Wed 09:00 weekend,bridge_day,national_holiday,outside_hours"
    ]


def test_a_pause_is_a_reason_only_where_time_would_count() -> None:
    assert told(WITH_LUNCH, "2026-11-16 12:00", "2026-11-16 15:00", pause("2026-11-16 12:30", "2026-11-16 14:15")) == [
        "Mon 12:00-Mon 12:30 counts",
        "Mon 12:30-Mon 14:15 paused,outside_hours",
        "Mon 14:15-Mon 15:00 counts",
    ]
    assert told(PLAIN, "2026-11-14 12:00", "2026-11-14 13:00", pause("2026-11-14 12:00")) == ["Sat 12:00-Sat 13:00 weekend"]


def test_a_holiday_on_a_day_without_hours_is_no_reason() -> None:
    sunday = calendar(days=[holiday("2026-11-15")])
    (gap,) = sunday.stretches(local("2026-11-15 10:00"), local("2026-11-15 11:00"))
    assert (gap.reasons, gap.names) == ((Gap.WEEKEND.value,), ())


def test_two_special_days_on_one_date_are_both_named_when_they_count() -> None:
    of = calendar(
        days=[
            holiday("2026-04-02", name="Malvinas"),
            holiday("2026-04-02", DayKind.NON_WORKING_DAY, name="Jueves Santo"),
            holiday("2026-04-02", DayKind.OVERRIDE, counts=False, name="not this one"),
        ]
    )
    (gap,) = of.stretches(local("2026-04-02 10:00"), local("2026-04-02 11:00"))
    assert gap.reasons == ("national_holiday", "non_working_day")
    assert [name.es for name in gap.names] == ["Malvinas", "Jueves Santo"]
    assert len(of.special_days(2026)) == 3


def test_every_kind_of_day_is_a_reason() -> None:
    assert {kind.value for kind in DayKind} < {gap.value for gap in Gap}


def test_special_days_are_told_by_year_in_order() -> None:
    of = calendar(days=[holiday("2026-12-08"), holiday("2027-01-01"), holiday("2026-01-01", counts=False)])
    assert [str(one.day) for one in of.special_days(2026)] == ["2026-01-01", "2026-12-08"]
    assert of.special_days(2025) == ()


SPRING, AUTUMN = "2026-03-29", "2026-10-25"


@pytest.mark.parametrize(
    ("zone", "hours", "start", "end", "counted"),
    [
        pytest.param(
            "Europe/Madrid", "09:00-17:00", "2026-03-27 12:00", "2026-03-30 12:00", 8 * HOUR, id="over the spring change"
        ),
        pytest.param(
            "Europe/Madrid", "09:00-17:00", "2026-10-23 12:00", "2026-10-26 12:00", 8 * HOUR, id="over the autumn change"
        ),
        pytest.param("Africa/Cairo", "00:00-24:00", "2026-04-24 00:00", "2026-04-25 00:00", 23 * HOUR, id="a Friday of 23 hours"),
        pytest.param(
            "Africa/Cairo", "00:00-24:00", "2026-10-29 00:00", "2026-10-30 00:00", 25 * HOUR, id="a Thursday of 25 hours"
        ),
        pytest.param(
            "Africa/Cairo", "23:00-24:00", "2026-10-29 00:00", "2026-10-30 00:00", 2 * HOUR, id="an hour that comes twice"
        ),
        pytest.param(
            "Africa/Cairo", "00:00-01:00", "2026-04-24 00:00", "2026-04-25 00:00", 0 * HOUR, id="an hour that is left out"
        ),
    ],
)
def test_the_clock_on_the_wall_decides(zone: str, hours: str, start: str, end: str, counted: timedelta) -> None:
    assert calendar(hours, zone=zone).counted(local(start, zone), local(end, zone)) == counted


def test_morning_hours_are_the_same_on_the_wall_before_and_after_a_change() -> None:
    of = calendar(zone="America/Santiago")
    winter, summer = of.next_working(local("2026-09-04 05:00", "America/Santiago")), of.next_working(local("2026-09-06 12:00"))
    assert (winter.hour, summer.hour) == (13, 12)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        pytest.param(calendar(name="T"), True, id="the same again"),
        pytest.param(calendar(days=[holiday("2026-11-15")]), True, id="a holiday on a Sunday"),
        pytest.param(calendar(days=[holiday("2026-11-16", counts=False)]), True, id="a day that does not count"),
        pytest.param(calendar(days=[holiday("2026-11-16")]), False, id="a day off"),
        pytest.param(calendar("09:00-17:01"), False, id="other hours"),
        pytest.param(calendar(zone="America/Argentina/Cordoba"), False, id="another zone"),
    ],
)
def test_the_label_is_the_same_when_the_calendar_counts_the_same(changed: WorkingCalendar, same: bool) -> None:
    assert (changed.label == PLAIN.label) is same
    assert changed.label.startswith("T@")


def test_the_names_of_days_do_not_decide() -> None:
    one, other = (calendar(days=[holiday("2026-11-16", kind, name=kind)]) for kind in (DayKind.OVERRIDE, DayKind.BRIDGE_DAY))
    assert one.label == other.label


def test_a_calendar_in_which_nobody_works_is_refused() -> None:
    mondays = WeeklyHours(((Interval(540, 1020),), *((),) * 6))
    every = [date.fromordinal(number) for number in range(FIRST.toordinal(), LAST.toordinal() + 1)]
    days = [holiday(str(day)) for day in every if day.weekday() == 0]
    with pytest.raises(ValueError, match="nobody works on any day between 2025-01-01 and 2027-12-31"):
        calendar(mondays, days=days)
    assert calendar(mondays, days=days[1:]).next_working(local("2025-01-01 00:00")) == local("2025-01-06 09:00")


def test_a_special_day_outside_the_known_time_is_refused() -> None:
    with pytest.raises(ValueError, match="2024-12-31 is not between"):
        calendar(days=[holiday("2024-12-31")])


def test_after_the_known_time_the_weekly_hours_hold() -> None:
    assert PLAIN.due(local("2034-05-05 16:50"), 30 * MINUTE) == local("2034-05-08 09:20")


@pytest.mark.parametrize(
    "amount", [pytest.param(-MINUTE, id="negative"), pytest.param(10_001 * HOUR, id="more than is looked for")]
)
def test_an_absurd_amount_is_refused(amount: timedelta) -> None:
    with pytest.raises(ValueError, match="0 to 10,000 hours"):
        PLAIN.due(local("2026-11-16 10:00"), amount)


def test_the_most_that_is_looked_for_is_found() -> None:
    assert PLAIN.due(local("2026-11-16 09:00"), 10_000 * HOUR) == local("2031-08-29 17:00")


def test_an_amount_that_a_century_does_not_hold_is_refused() -> None:
    a_minute_a_week = calendar(WeeklyHours(((Interval(0, 1),), *((),) * 6)))
    with pytest.raises(ValueError, match="a hundred years"):
        a_minute_a_week.due(local("2026-11-16 00:00"), 1_000 * HOUR)


def test_spans_longer_than_a_century_are_refused() -> None:
    start, end = datetime(1901, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="a hundred years"):
        PLAIN.counted(start, end)
    with pytest.raises(ValueError, match="a hundred years"):
        PLAIN.stretches(start, end)


@pytest.mark.parametrize("year", [1, 1899, 3000, 9999])
def test_years_in_which_nothing_happens_are_refused(year: int) -> None:
    with pytest.raises(ValueError, match="1900 to 2999"):
        PLAIN.is_working(datetime(year, 6, 1, tzinfo=UTC))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        PLAIN.is_working(datetime(2026, 11, 16, 10, 0))  # noqa: DTZ001 - the mistake that is tested


def test_days_that_were_counted_are_not_kept_without_bound() -> None:
    of = calendar()
    assert of.counted(local("1950-01-01 00:00"), local("2049-12-31 00:00")) > 10_000 * HOUR
    assert len(of._time._cache) <= 4096
