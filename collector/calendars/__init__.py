"""Makes the working calendar from the settings: the holidays of the Argentine Republic with what overrides say. How time
is counted in it is in `collector.domain.calendar`."""

from collector.calendars.load import BuiltCalendar, build_calendar, load_calendar, targets_of

__all__ = ["BuiltCalendar", "build_calendar", "load_calendar", "targets_of"]
