"""What `collector calendar check` finds."""

from dataclasses import replace
from datetime import date

import pytest

from collector.calendars import BuiltCalendar
from collector.calendars.check import findings
from collector.domain.calendar import DayKind
from collector.domain.errors import Located
from tests.calendars import calendar, holiday

BRIDGES = [holiday("2025-05-02", DayKind.BRIDGE_DAY), holiday("2026-07-10", DayKind.BRIDGE_DAY)]
BUILT = BuiltCalendar(calendar(days=BRIDGES), (), frozenset())


def found(today: str, built: BuiltCalendar = BUILT) -> list[str]:
    return list(findings(built, date.fromisoformat(today)))


@pytest.mark.parametrize(
    ("today", "year"),
    [
        pytest.param("2026-11-11", None, id="the last day on which they may be announced"),
        pytest.param("2026-11-12", 2027, id="the day after"),
        pytest.param("2026-12-31", 2027, id="the end of the year"),
        pytest.param("2027-02-01", 2027, id="in the year itself"),
        pytest.param("2025-12-31", None, id="they are known"),
    ],
)
def test_bridge_days_that_should_be_known_are_missed(today: str, year: int | None) -> None:
    assert [sentence.partition(" is known")[0] for sentence in found(today)] == ([f"no bridge day of {year}"] if year else [])


def test_a_year_that_has_none_is_not_missed() -> None:
    assert found("2026-11-12", replace(BUILT, without_bridge_days=frozenset({2027}))) == []


def test_a_bridge_day_that_is_worked_is_known_too() -> None:
    worked = [*BRIDGES, holiday("2027-07-12", DayKind.BRIDGE_DAY, counts=False)]
    assert found("2026-11-12", replace(BUILT, calendar=calendar(days=worked))) == []


@pytest.mark.parametrize(
    ("today", "near"),
    [
        pytest.param("2027-11-01", False, id="sixty days before the end"),
        pytest.param("2027-11-02", True, id="less than sixty days"),
        pytest.param("2028-05-01", True, id="after the end"),
    ],
)
def test_the_end_of_the_data_is_told_sixty_days_before(today: str, near: bool) -> None:
    told = found(today, replace(BUILT, without_bridge_days=frozenset({2027, 2028})))
    assert [sentence.partition(":")[0] for sentence in told] == ["the calendar knows no special day after 2027-12-31"] * near


def test_entries_without_effect_are_told_with_their_place() -> None:
    assert found("2026-05-05", replace(BUILT, idle=(Located("days.yaml", 7, "changes nothing"),))) == [
        "days.yaml:7: changes nothing"
    ]
