"""Files of overrides: what they make of the days that are known, and the exact line of every mistake."""

from datetime import date

import pytest

from collector.calendars.argentina import KnownDay
from collector.calendars.overrides import apply, read_overrides
from collector.domain.calendar import DayKind
from collector.domain.errors import FileErrors
from collector.domain.signal import Words

HOLIDAY, BRIDGE, MAUNDY = DayKind.NATIONAL_HOLIDAY, DayKind.BRIDGE_DAY, DayKind.NON_WORKING_DAY


def known(day: str, kind: DayKind = HOLIDAY, name: str = "x") -> KnownDay:
    return KnownDay(date.fromisoformat(day), kind, Words(name, name), "package")


DAYS = [known("2026-04-02", HOLIDAY, "a"), known("2026-04-02", MAUNDY, "b"), known("2026-10-12", HOLIDAY, "c")]


def entry(*lines: str) -> str:
    return "overrides:\n  - " + "\n    ".join(lines) + "\n"


def after(text: str) -> tuple[list[str], list[int]]:
    """Days as text, and the lines of entries without effect."""
    days, idle = apply(read_overrides(text, "days.yaml"), DAYS)
    return [f"{one.day} {one.kind} {one.name.es} {one.source}" for one in days], [one.line for one in idle]


SAME = [
    "2026-04-02 national_holiday a package",
    "2026-04-02 non_working_day b package",
    "2026-10-12 national_holiday c package",
]


@pytest.mark.parametrize(
    ("text", "days", "idle"),
    [
        pytest.param(
            entry('add: "2026-12-24"', "name: {es: Nochebuena, en: Christmas Eve}", "source: Empresa"),
            [*SAME, "2026-12-24 override Nochebuena Empresa"],
            [],
            id="add, of no other kind",
        ),
        pytest.param(
            entry('add: "2026-01-02"', "kind: bridge_day", "name: {es: Puente, en: Bridge}", "source: Res."),
            ["2026-01-02 bridge_day Puente Res.", *SAME],
            [],
            id="add, of a kind, in its place",
        ),
        pytest.param(
            entry('add: "2026-10-12"', "kind: national_holiday", "name: {es: Otro, en: Other}", "source: x"),
            SAME,
            [2],
            id="add what is there",
        ),
        pytest.param(entry('remove: "2026-10-12"', "source: x"), SAME[:2], [], id="remove"),
        pytest.param(entry('remove: "2026-04-02"', "source: x"), SAME[2:], [], id="remove all of a date"),
        pytest.param(
            entry('remove: "2026-04-02"', "kind: non_working_day", "source: x"), [SAME[0], SAME[2]], [], id="remove one of two"
        ),
        pytest.param(entry('remove: "2026-10-13"', "source: x"), SAME, [2], id="remove what is not there"),
        pytest.param(entry('remove: "2026-10-12"', "kind: bridge_day", "source: x"), SAME, [2], id="remove another kind"),
        pytest.param(
            entry('move: "2026-10-12"', 'to: "2026-10-09"', "source: Decreto"),
            [*SAME[:2], "2026-10-09 national_holiday c Decreto"],
            [],
            id="move",
        ),
        pytest.param(
            entry('move: "2026-04-02"', 'to: "2026-03-30"', "kind: national_holiday", "source: Decreto"),
            ["2026-03-30 national_holiday a Decreto", *SAME[1:]],
            [],
            id="move one of two",
        ),
        pytest.param(entry('move: "2026-10-11"', 'to: "2026-10-09"', "source: x"), SAME, [2], id="move what is not there"),
        pytest.param(
            entry('move: "2026-10-12"', 'to: "2026-10-09"', "source: one", '- move: "2026-10-09"').replace("    - ", "  - ")
            + '    to: "2026-10-12"\n    source: back\n',
            [*SAME[:2], "2026-10-12 national_holiday c back"],
            [],
            id="one after the other",
        ),
        pytest.param("overrides: []", SAME, [], id="none"),
    ],
)
def test_an_override_changes_the_days(text: str, days: list[str], idle: list[int]) -> None:
    assert after(text) == (days, idle)


def test_a_day_that_was_moved_in_the_data_too_is_not_there_twice() -> None:
    text = entry('move: "2026-10-12"', 'to: "2026-10-09"', "source: x")
    days, idle = apply(read_overrides(text, "f"), [known("2026-10-09"), known("2026-10-12")])
    assert [str(one.day) for one in days] == ["2026-10-09"]
    assert idle == []
    assert apply(read_overrides(text, "f"), days)[1] != []


def test_years_without_bridge_days_are_named() -> None:
    assert read_overrides("without_bridge_days: [2027, 2028]", "f").without_bridge_days == {2027, 2028}


NAME = "name: {es: a, en: b}"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("", 0, "is empty", id="empty"),
        pytest.param("days: []", 1, "unknown key `days`", id="unknown key at the top"),
        pytest.param("overrides: 1", 1, "must be a list", id="no list"),
        pytest.param("overrides:\n  - text", 2, "an override has one of `add`, `remove`, `move`", id="no entry"),
        pytest.param(entry("source: x"), 2, "an override has one of `add`, `remove`, `move`", id="no verb"),
        pytest.param(
            entry('add: "2026-12-24"', 'remove: "2026-12-24"', NAME, "source: x"), 2, "an override has one of", id="two verbs"
        ),
        pytest.param(entry("add: 2026-12-24", NAME, "source: x"), 2, "must be quoted", id="a date without quotes"),
        pytest.param(entry('add: "24.12.2026"', NAME, "source: x"), 2, "must be a date such as", id="a date in another order"),
        pytest.param(entry('add: "20261224"', NAME, "source: x"), 2, "must be a date such as", id="a date without lines"),
        pytest.param(entry('add: "2026-02-29"', NAME, "source: x"), 2, "must be a date such as", id="a day that does not exist"),
        pytest.param(entry('add: "٢٠٢٦-12-24"', NAME, "source: x"), 2, "must be a date such as", id="digits of another script"),
        pytest.param(entry('add: "2036-01-01"', NAME, "source: x"), 2, "in the years 2020 to 2035", id="a year too late"),
        pytest.param(entry('remove: "2019-12-31"', "source: x"), 2, "in the years 2020 to 2035", id="a year too early"),
        pytest.param(entry('move: "2026-10-12"', "source: x"), 2, "needs `to`", id="moved to nowhere"),
        pytest.param(
            entry('move: "2026-10-12"', "source: x", 'to: "2026-10-12"'), 4, "`to` is the day itself", id="moved to itself"
        ),
        pytest.param(entry('remove: "2026-10-12"'), 2, "needs `source`", id="no source"),
        pytest.param(entry('add: "2026-12-24"', "source: x"), 2, "needs `name`", id="no name"),
        pytest.param(entry('add: "2026-12-24"', "name: {es: a}", "source: x"), 3, "needs `en`", id="one language"),
        pytest.param(
            entry('add: "2026-12-24"', NAME, "kind: holiday", "source: x"), 4, "`kind` must be one of", id="unknown kind"
        ),
        pytest.param(entry('remove: "2026-10-12"', NAME, "source: x"), 3, "unknown key `name`", id="a name to remove"),
        pytest.param(
            entry('add: "2026-12-24"', NAME, 'source: "a\\nb"'), 4, "`source` must be one line", id="a source of two lines"
        ),
        pytest.param(
            entry('add: "2026-12-24"', f"name: {{es: {'x' * 501}, en: b}}", "source: x"), 3, "at most 500", id="a long name"
        ),
        pytest.param("without_bridge_days: [2036]", 1, "must be 2020 to 2035", id="a year that is not known"),
        pytest.param('without_bridge_days: ["2027"]', 1, "must be a whole number", id="a year in quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(FileErrors) as caught:
        read_overrides(text, "days.yaml")
    assert [(one.file, one.line) for one in caught.value.errors] == [("days.yaml", line)]
    assert reason in caught.value.errors[0].message


def test_all_mistakes_are_told_at_once() -> None:
    text = 'overrides:\n  - {add: "x", source: y, name: {es: a, en: b}}\n  - {remove: "2026-01-01"}\n'
    with pytest.raises(FileErrors) as caught:
        read_overrides(text, "days.yaml")
    assert [one.line for one in caught.value.errors] == [2, 3]
