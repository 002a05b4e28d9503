"""The special days of the Argentine Republic as the package `holidays` has them. Nothing is corrected here: overrides do that."""

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from collector.domain.calendar import DayKind
from collector.domain.signal import Words

if TYPE_CHECKING:
    from holidays.holiday_base import HolidayBase

YEARS = range(2020, 2036)
"""Fixed, so that the same data give the same label in every year."""
_LANGUAGE = "es"
_BRIDGE_DAY = "fines turísticos"
_MAUNDY_THURSDAY = "jueves santo"


@dataclass(frozen=True, slots=True)
class KnownDay:
    """A special day before the settings say whether it counts."""

    day: date
    kind: DayKind
    name: Words
    source: str


def known_days() -> list[KnownDay]:
    """All of `YEARS`, in order. A day with two names is there twice."""
    import holidays
    from holidays.version import __version__

    argentina = _argentina(Path(holidays.__file__).parent / "countries" / "argentina.py")
    spanish = argentina(years=YEARS, language=_LANGUAGE, expand=False)
    english = argentina(years=(), language="en_US", expand=False)
    source = f"holidays {__version__}"
    return [
        KnownDay(day, _kind(name), Words(es=name, en=english.tr(name)), source)
        for day in sorted(spanish)
        for name in spanish.get_list(day)
    ]


def _argentina(file: Path) -> "type[HolidayBase]":
    """The one class, loaded by itself: importing its package loads those of 250 countries, which costs five times as much. Where
    the package has no such file, that is the way all the same."""
    loader = SourceFileLoader(f"{__package__}.holidays_argentina", str(file))
    module = ModuleType(loader.name)
    try:
        loader.exec_module(module)
    except OSError:
        module = import_module("holidays.countries")
    argentina: type[HolidayBase] = module.Argentina
    return argentina


def _kind(name: str) -> DayKind:
    """By the name in Spanish, the language in which the package was written and the laws are."""
    folded = name.casefold()
    if _BRIDGE_DAY in folded:
        return DayKind.BRIDGE_DAY
    return DayKind.NON_WORKING_DAY if _MAUNDY_THURSDAY in folded else DayKind.NATIONAL_HOLIDAY
