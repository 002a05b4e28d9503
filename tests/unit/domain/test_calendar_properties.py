"""What holds for every calendar: in any zone, with any hours, days off and pauses; and the count of a counter that knows nothing
but the clock on the wall."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from collector.domain.calendar import Gap, Pause, WorkingCalendar
from collector.domain.working_hours import Interval, WeeklyHours
from tests.calendars import BUENOS_AIRES, calendar, holiday

ZONES = (BUENOS_AIRES, "America/Santiago", "Europe/Madrid", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Madrid
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 4, 5, 3, tzinfo=UTC),  # Santiago, at midnight
    datetime(2026, 9, 6, 4, tzinfo=UTC),
    datetime(2026, 4, 23, 22, tzinfo=UTC),  # Cairo, at midnight before a Friday
    datetime(2026, 10, 29, 21, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe, half an hour
)
KNOWN = (date(2026, 3, 1), date(2026, 11, 30))
MINUTE = timedelta(minutes=1)


def every_day(text: str) -> WeeklyHours:
    return WeeklyHours((WeeklyHours.on_weekdays(text).days[0],) * 7)


WEEKS = (
    WeeklyHours.on_weekdays("09:00-17:00"),
    WeeklyHours.on_weekdays("09:00-13:00, 14:00-18:00"),
    WeeklyHours.on_weekdays("00:00-24:00"),
    every_day("00:00-24:00"),
    every_day("00:00-06:00, 22:00-24:00"),
    every_day("01:30-02:30"),
    every_day("00:00-00:15, 00:15-00:45, 23:30-24:00"),
    WeeklyHours(((Interval(540, 541),), *((),) * 6)),
    WeeklyHours(((), (Interval(0, 1),), (), (Interval(600, 700), Interval(701, 1440)), (), (), (Interval(0, 180),))),
)
DAYS_OFF = ((), ("2026-03-30", "2026-04-05", "2026-04-24", "2026-09-07", "2026-10-25", "2026-10-26", "2026-10-29"))
CALENDARS = st.sampled_from(
    [
        calendar(week, zone=zone, days=[holiday(day) for day in days], known=KNOWN)
        for week in WEEKS
        for zone in ZONES
        for days in DAYS_OFF
    ]
)
YEAR = st.integers(0, 364 * 86_400_000_000).map(lambda us: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))
NEAR_A_CHANGE = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-2000, 2000)
)
MOMENTS = st.one_of(YEAR, NEAR_A_CHANGE)
LENGTHS = st.integers(0, 20 * 86_400_000_000).map(lambda us: timedelta(microseconds=us))
AMOUNTS = st.integers(1, 40 * 3_600_000_000).map(lambda us: timedelta(microseconds=us))


SPANS = st.builds(lambda start, length: (start, start + length), MOMENTS, LENGTHS)
PAUSES = st.lists(SPANS.map(lambda span: Pause(*span)), max_size=3)


@given(CALENDARS, MOMENTS, AMOUNTS, PAUSES)
def test_what_is_counted_until_the_due_time_is_the_amount(
    of: WorkingCalendar, start: datetime, amount: timedelta, pauses: list[Pause]
) -> None:
    due = of.due(start, amount, pauses)
    assert of.counted(start, due, pauses) == amount
    assert of.counted(start, due - timedelta(microseconds=1), pauses) < amount


@given(CALENDARS, SPANS, PAUSES)
def test_the_due_time_of_what_was_counted_is_no_later_than_the_end(
    of: WorkingCalendar, span: tuple[datetime, datetime], pauses: list[Pause]
) -> None:
    start, end = span
    due = of.due(start, of.counted(start, end, pauses), pauses)
    assert start <= due <= end
    assert of.counted(due, end, pauses) == timedelta()


@given(CALENDARS, MOMENTS, LENGTHS, AMOUNTS, AMOUNTS)
def test_more_time_and_a_later_start_are_due_later(
    of: WorkingCalendar, start: datetime, later: timedelta, amount: timedelta, more: timedelta
) -> None:
    assert of.due(start, amount) < of.due(start, amount + more)
    assert of.due(start, amount) <= of.due(start + later, amount)


@given(CALENDARS, MOMENTS, LENGTHS, LENGTHS, PAUSES)
def test_counting_is_additive(
    of: WorkingCalendar, start: datetime, first: timedelta, second: timedelta, pauses: list[Pause]
) -> None:
    middle, end = start + first, start + first + second
    assert of.counted(start, end, pauses) == of.counted(start, middle, pauses) + of.counted(middle, end, pauses)


@given(CALENDARS, SPANS, PAUSES)
def test_a_pause_only_makes_due_times_later(of: WorkingCalendar, span: tuple[datetime, datetime], pauses: list[Pause]) -> None:
    start, end = span
    assert of.counted(start, end, pauses) <= of.counted(start, end) <= end - start
    amount = of.counted(start, end)
    assert of.due(start, amount, pauses) >= of.due(start, amount)


@given(CALENDARS, SPANS, PAUSES)
def test_stretches_cover_the_time_in_turn_and_add_up(
    of: WorkingCalendar, span: tuple[datetime, datetime], pauses: list[Pause]
) -> None:
    start, end = span
    assume(start < end)
    found = of.stretches(start, end, pauses)
    assert (found[0].start_at, found[-1].end_at) == (start, end)
    assert all(one.start_at < one.end_at for one in found)
    assert all(one.end_at == following.start_at and one.counted is not following.counted for one, following in pairwise(found))
    counted = sum((one.end_at - one.start_at for one in found if one.counted), timedelta())
    assert counted == of.counted(start, end, pauses)


@given(CALENDARS, SPANS, PAUSES)
def test_what_does_not_count_has_reasons_and_what_counts_has_none(
    of: WorkingCalendar, span: tuple[datetime, datetime], pauses: list[Pause]
) -> None:
    for one in of.stretches(*span, pauses):
        assert bool(one.reasons) is not one.counted
        assert len(set(one.reasons)) == len(one.reasons)
        assert {Gap(reason) for reason in one.reasons} <= set(Gap)


@given(CALENDARS, MOMENTS)
def test_the_next_working_moment_is_the_first_one(of: WorkingCalendar, at: datetime) -> None:
    following = of.next_working(at)
    assert of.is_working(following)
    assert of.counted(at, following) == timedelta()
    assert (following == at) is of.is_working(at)


def by_hand(of: WorkingCalendar, at: datetime) -> bool:
    """Whether the clock on the wall shows working hours: nothing but a look at it."""
    wall = at.astimezone(of.zone)
    if any(special.day == wall.date() and special.counts for special in of.special_days(wall.year)):
        return False
    minute = wall.hour * 60 + wall.minute
    return any(interval.start <= minute < interval.end for interval in of.hours.days[wall.weekday()])


@settings(max_examples=60, deadline=None)
@example(calendar(WeeklyHours(((Interval(90, 150),),) * 7), zone="Europe/Madrid"), datetime(2026, 10, 24, tzinfo=UTC), 4000, [])
@example(calendar("00:00-24:00", zone="Africa/Cairo"), datetime(2026, 10, 28, tzinfo=UTC), 4000, [])
@given(CALENDARS, MOMENTS.map(lambda at: at.replace(second=0, microsecond=0)), st.integers(0, 4000), PAUSES)
def test_a_counter_that_goes_minute_by_minute_counts_the_same(
    of: WorkingCalendar, start: datetime, minutes: int, pauses: list[Pause]
) -> None:
    whole = [Pause(_minute(one.start_at), _minute(one.end_at or one.start_at)) for one in pauses]
    moments = [start + number * MINUTE for number in range(minutes)]
    paused = [any(one.start_at <= at < (one.end_at or at) for one in whole) for at in moments]
    worked = [by_hand(of, at) for at in moments]
    assert [of.is_working(at) for at in moments[::17]] == worked[::17]
    assert of.counted(start, start + minutes * MINUTE, whole) == MINUTE * sum(
        working and not waits for working, waits in zip(worked, paused, strict=True)
    )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


@given(MOMENTS)
def test_a_moment_is_the_same_moment_in_every_zone(at: datetime) -> None:
    of = calendar(known=KNOWN)
    assert of.due(at, MINUTE) == of.due(at.astimezone(of.zone), MINUTE)
