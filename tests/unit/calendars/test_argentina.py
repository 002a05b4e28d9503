"""The special days of Argentina, pinned: what the package says with what the shipped overrides make of it."""

from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from collector.calendars import argentina, build_calendar
from collector.calendars.argentina import YEARS, known_days
from collector.calendars.overrides import Move, read_overrides
from collector.config import Settings
from collector.domain.calendar import DayKind

BUILT = build_calendar(Settings())
CALENDAR = BUILT.calendar

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_days_of_a_year_are_these(year: int) -> None:
    told = [f"{one.day} {one.kind} {one.name.es} | {one.name.en}" for one in CALENDAR.special_days(year)]
    assert told == (GOLDEN / f"{year}.txt").read_text(encoding="utf-8").splitlines()


def test_the_day_that_was_moved_in_2025_is_off_and_the_day_it_was_is_not() -> None:
    october = [one for one in CALENDAR.special_days(2025) if one.day.month == 10]
    assert [(one.day, one.counts) for one in october] == [(date(2025, 10, 10), True)]
    assert "2025" in october[0].source


def test_the_override_that_moves_it_is_the_first_that_is_shipped() -> None:
    shipped = read_overrides((files("collector.calendars") / "argentina.yaml").read_text(encoding="utf-8"), "argentina.yaml")
    first = shipped.entries[0]
    assert isinstance(first, Move)
    assert (first.day, first.to) == (date(2025, 10, 12), date(2025, 10, 10))


def easter(year: int) -> date:
    """The anonymous Gregorian computus (Nature, 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    offset = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + offset - 7 * ((a + 11 * h + 22 * offset) // 451) + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("year", YEARS)
def test_maundy_thursday_is_the_one_non_working_day(year: int) -> None:
    found = [one.day for one in CALENDAR.special_days(year) if one.kind is DayKind.NON_WORKING_DAY]
    assert found == [easter(year) - timedelta(days=3)]


@pytest.mark.parametrize("year", YEARS)
def test_every_year_has_its_fixed_holidays(year: int) -> None:
    off = {(one.day.month, one.day.day) for one in CALENDAR.special_days(year) if one.kind is DayKind.NATIONAL_HOLIDAY}
    assert {(1, 1), (3, 24), (5, 1), (5, 25), (6, 20), (7, 9), (12, 8), (12, 25)} <= off


def test_every_day_has_a_name_in_both_languages() -> None:
    assert [one for one in known_days() if not one.name.es or one.name.en == one.name.es] == []


def test_bridge_days_are_those_that_are_announced() -> None:
    announced = {year: sum(one.kind is DayKind.BRIDGE_DAY for one in CALENDAR.special_days(year)) for year in range(2020, 2027)}
    assert announced == {2020: 3, 2021: 3, 2022: 3, 2023: 3, 2024: 3, 2025: 3, 2026: 3}


def test_the_language_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in ("uk", "en_US", "C"):
        monkeypatch.setenv("LANGUAGE", language)
        monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
        assert build_calendar(Settings()).calendar.special_days(2026) == CALENDAR.special_days(2026)


def test_a_package_without_a_file_for_the_country_gives_the_same_class(tmp_path: Path) -> None:
    days = argentina._argentina(tmp_path / "argentina.py")(years=2026, language="es", expand=False)
    assert sorted(days) == sorted({one.day for one in known_days() if one.day.year == 2026})


def test_the_same_settings_give_the_same_label() -> None:
    assert build_calendar(Settings()).calendar.label == CALENDAR.label
    assert CALENDAR.label.startswith("AR@")
    assert (CALENDAR.known_from, CALENDAR.known_until) == (date(2020, 1, 1), date(2035, 12, 31))
