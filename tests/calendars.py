"""Small calendars for tests: weekly hours in a zone, and days off that have no more than a date."""

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from collector.domain.calendar import DayKind, SpecialDay, WorkingCalendar
from collector.domain.signal import Words
from collector.domain.working_hours import WeeklyHours

BUENOS_AIRES = "America/Argentina/Buenos_Aires"
FIRST, LAST = date(2025, 1, 1), date(2027, 12, 31)


def holiday(day: str, kind: DayKind = DayKind.NATIONAL_HOLIDAY, *, counts: bool = True, name: str = "") -> SpecialDay:
    """A special day; its name is its date where none is given."""
    return SpecialDay(date.fromisoformat(day), kind, Words(name or f"día {day}", name or f"day {day}"), counts, "a test")


def calendar(
    hours: str | WeeklyHours = "09:00-17:00",
    *,
    zone: str = BUENOS_AIRES,
    days: Collection[SpecialDay] = (),
    name: str = "T",
    known: tuple[date, date] = (FIRST, LAST),
) -> WorkingCalendar:
    """Monday to Friday, 2025 to 2027, where nothing else is said."""
    weekly = WeeklyHours.on_weekdays(hours) if isinstance(hours, str) else hours
    first, last = known
    return WorkingCalendar(name, zone=ZoneInfo(zone), hours=weekly, days=days, known_from=first, known_until=last)


def local(text: str, zone: str = BUENOS_AIRES) -> datetime:
    """`2026-11-20 16:50` by the clock on the wall there."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
