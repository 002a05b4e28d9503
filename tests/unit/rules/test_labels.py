"""Values found by their labels: lines, commas, cells, table heads, several rows, and the limits."""

import pytest

from rules.labels import MAX_ROWS, LabelFinder

FINDER = LabelFinder(
    {
        "risk name": ("risk",),
        "nom du risque": ("risk",),
        "computer name": ("host",),
        "computer": ("host",),
        "actual action": ("action",),
        "requested action": (),
    },
    frozenset({"risk", "action"}),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Risk name: A\nComputer name: B\n", {"risk": "A", "host": "B"}, id="one per line"),
        pytest.param("  RISK NAME :  A  \n", {"risk": "A"}, id="case and blanks"),
        pytest.param("Nom du risque : A\n", {"risk": "A"}, id="French colon"),
        pytest.param("Risk name： A\n", {"risk": "A"}, id="full-width colon"),
        pytest.param(
            "x, Risk name: A, b, c, Computer name: B, Actual action: C",
            {"risk": "A, b, c", "host": "B", "action": "C"},
            id="commas",
        ),
        pytest.param(
            "Actual action: Left alone, Requested action: Cleaned",
            {"action": "Left alone"},
            id="a label without field ends a value",
        ),
        pytest.param('Risk name: "A", Computer name: "B"', {"risk": "A", "host": "B"}, id="quotes"),
        pytest.param("Risk name\tA\tComputer name\tB\n", {"risk": "A", "host": "B"}, id="cells"),
        pytest.param("Risk name:\tA\nComputer name:\tB\n", {"risk": "A", "host": "B"}, id="cells with colons"),
        pytest.param("Risk name:\nComputer name: B\n", {"host": "B"}, id="an empty value is missing"),
        pytest.param("Risk name: A: b: c\n", {"risk": "A: b: c"}, id="colons in a value"),
        pytest.param("My risk name: A\n", {}, id="part of another label"),
        pytest.param("Computer name: B\nComputer: C\n", {"host": "B"}, id="the first one wins"),
        pytest.param("no labels at all", {}, id="none"),
    ],
)
def test_values_stand_behind_labels(text: str, expected: dict[str, str]) -> None:
    assert FINDER.first(text) == expected


def test_a_repeated_label_begins_a_row() -> None:
    text = "Head: x\nRisk name: A\nComputer name: B\n\nRisk name: C\nComputer name: D\n"
    found = FINDER.rows(text)
    assert [row.values for row in found.rows] == [{"risk": "A", "host": "B"}, {"risk": "C", "host": "D"}]
    assert text[found.rows[1].start :].startswith("Risk name: C")


def test_each_line_under_a_table_head_is_a_row() -> None:
    text = "Risk name\tComputer name\tActual action\nA\tB\tC\nD\tE\t\n\nComputer name: other\n"
    rows = FINDER.rows(text).rows
    assert [row.values for row in rows] == [{"risk": "A", "host": "B", "action": "C"}, {"risk": "D", "host": "E"}]


def test_rows_in_one_line_are_told_apart() -> None:
    rows = FINDER.rows("Risk name: A, Computer name: B, Risk name: C, Computer name: D").rows
    assert [row.values for row in rows] == [{"risk": "A", "host": "B"}, {"risk": "C", "host": "D"}]


def test_a_row_without_a_needed_field_is_none() -> None:
    assert [row.values for row in FINDER.rows("Computer: x\nComputer: y\nRisk name: A\n").rows] == [{"host": "y", "risk": "A"}]


def test_rows_are_bounded_and_that_is_said() -> None:
    found = FINDER.rows("Risk name: A\n" * (MAX_ROWS + 5))
    assert len(found.rows) == MAX_ROWS
    assert found.cut


def test_a_flood_of_colons_is_given_up_and_that_is_said() -> None:
    found = FINDER.rows("Risk name: A\n" + ":" * 1_000_000)
    assert [row.values for row in found.rows] == [{"risk": "A"}]
    assert found.cut


def test_a_label_of_the_mails_head_does_not_cut_a_row_in_two() -> None:
    rows = FINDER.rows("Computer name: console\n\nRisk name: A\nComputer name: B\nActual action: C\n").rows
    assert [row.values for row in rows] == [{"host": "B", "risk": "A", "action": "C"}]


def test_a_repeated_label_without_field_begins_no_row() -> None:
    rows = FINDER.rows("Requested action: x\nRisk name: A\nRequested action: y\nComputer name: B\n").rows
    assert [row.values for row in rows] == [{"risk": "A", "host": "B"}]


def test_an_empty_value_still_tells_rows_apart() -> None:
    rows = FINDER.rows("Risk name: A\nActual action: C\nRisk name:\nActual action: D\n").rows
    assert [row.values for row in rows] == [{"risk": "A", "action": "C"}, {"action": "D"}]
