"""From settings to the calendar and the targets; reads the files of overrides. What their entries mean is in `overrides`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from collector.calendars.argentina import YEARS, KnownDay, known_days
from collector.calendars.overrides import Overrides, apply, read_overrides
from collector.config import Settings
from collector.domain.calendar import DayKind, SpecialDay, WorkingCalendar
from collector.domain.errors import ConfigurationError, Located
from collector.domain.sla import SlaTargets
from collector.domain.working_hours import WeeklyHours

_NAME = "AR"
_SHIPPED = "argentina.yaml"


@dataclass(frozen=True, slots=True)
class BuiltCalendar:
    """`idle`: entries of the installation's own overrides that change nothing. `without_bridge_days`: years that have none."""

    calendar: WorkingCalendar
    idle: tuple[Located, ...]
    without_bridge_days: frozenset[int]


def load_calendar(settings: Settings) -> WorkingCalendar:
    """Raise ConfigurationError when the overrides cannot be read, have mistakes, or leave no working day."""
    return build_calendar(settings).calendar


def build_calendar(settings: Settings) -> BuiltCalendar:
    """As `load_calendar`, with what `collector calendar check` has to know."""
    shipped = read_overrides((files("collector.calendars") / _SHIPPED).read_text(encoding="utf-8"), _SHIPPED)
    own = _own(settings.sla.overrides)
    # What the shipped file repeats came into the package later: nobody has to do anything about it.
    days, _ = apply(shipped, known_days())
    days, idle = apply(own, days)
    return BuiltCalendar(_calendar(settings, days), tuple(idle), shipped.without_bridge_days | own.without_bridge_days)


def targets_of(settings: Settings) -> SlaTargets:
    """The promised times in force."""
    minutes = {key: timedelta(minutes=value) for key, value in settings.sla.targets.model_dump().items()}
    return SlaTargets(
        threat_contact=minutes["threat_contact"],
        threat_response=minutes["threat_response"],
        severity_contact=MappingProxyType({1: minutes["severity_1_contact"]}),
        severity_response=MappingProxyType({severity: minutes[f"severity_{severity}_response"] for severity in (1, 2, 3, 4)}),
        triage=minutes["triage"],
        response_starts=settings.sla.response_starts,
    )


def _own(path: Path | None) -> Overrides:
    if path is None:
        return Overrides()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"[sla] overrides: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"[sla] overrides: {path} is not UTF-8 text") from error
    return read_overrides(text, str(path))


def _calendar(settings: Settings, days: Iterable[KnownDay]) -> WorkingCalendar:
    counting: frozenset[DayKind] = frozenset(settings.sla.non_working)
    special = [SpecialDay(one.day, one.kind, one.name, one.kind in counting, one.source) for one in days]
    try:
        return WorkingCalendar(
            _NAME,
            zone=ZoneInfo(settings.sla.timezone),
            hours=WeeklyHours.on_weekdays(settings.sla.hours),
            days=special,
            known_from=date(YEARS[0], 1, 1),
            known_until=date(YEARS[-1], 12, 31),
        )
    except ValueError as error:
        raise ConfigurationError(f"[sla] overrides: {error}") from error
