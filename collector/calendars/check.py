"""What somebody should know about the calendar before a promised time is wrong: days that are not announced yet, data that end,
overrides without effect."""

from collections.abc import Iterator
from datetime import date, timedelta

from collector.calendars.load import BuiltCalendar
from collector.domain.calendar import DayKind

_ANNOUNCED_BY = (11, 11)
"""Law 27399: bridge days are fixed fifty days before the year before them ends."""
_END_IS_NEAR = timedelta(days=60)


def findings(built: BuiltCalendar, today: date) -> Iterator[str]:
    """One sentence for each; none when all is well."""
    calendar = built.calendar
    for year in _years_to_know(today):
        known = any(special.kind is DayKind.BRIDGE_DAY for special in calendar.special_days(year))
        if not known and year not in built.without_bridge_days and year <= calendar.known_until.year:
            yield (
                f"no bridge day of {year} is known, though they are announced by 11 November of the year before: "
                "update the package holidays, or name them (or that there are none) in the file of [sla] overrides"
            )
    if calendar.known_until - today < _END_IS_NEAR:
        yield f"the calendar knows no special day after {calendar.known_until}: update the collector"
    for entry in built.idle:
        yield str(entry)


def _years_to_know(today: date) -> Iterator[int]:
    yield today.year
    if today > date(today.year, *_ANNOUNCED_BY):
        yield today.year + 1
