"""The strict reader: what is refused, with its line, and what the accessors say."""

from datetime import timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.errors import FileErrors
from rules.nodes import plain
from rules.strict_yaml import MAX_CHARACTERS, MAX_DEPTH, load


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def errors(text: str) -> list[str]:
    return [str(error) for error in load(text, "f.yaml").document.errors]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", "f.yaml:3: key `a` is doubled (first on line 1)", id="doubled key"),
        pytest.param(
            "a:\n  oid: 1.3\n",
            'f.yaml:2: `1.3` must be quoted ("1.3"): other YAML readers take it for a float',
            id="a version turns into a number",
        ),
        pytest.param("a: no\n", 'f.yaml:1: `no` must be quoted ("no"): other YAML readers take it for a bool', id="no is false"),
        pytest.param(
            "a: Yes\n", 'f.yaml:1: `Yes` must be quoted ("Yes"): other YAML readers take it for a bool', id="Yes is true"
        ),
        pytest.param("a: True\n", 'f.yaml:1: `True` must be quoted ("True"): other YAML readers take it for a bool', id="True"),
        pytest.param(
            "a: 12:30:00\n",
            'f.yaml:1: `12:30:00` must be quoted ("12:30:00"): other YAML readers take it for an integer',
            id="time",
        ),
        pytest.param(
            "a: 2026-01-02\n",
            'f.yaml:1: `2026-01-02` must be quoted ("2026-01-02"): other YAML readers take it for a timestamp',
            id="date",
        ),
        pytest.param("a: ~\n", 'f.yaml:1: `~` must be quoted ("~"): other YAML readers take it for a null', id="tilde"),
        pytest.param("a: 010\n", 'f.yaml:1: `010` must be quoted ("010"): other YAML readers take it for an integer', id="octal"),
        pytest.param(
            "a: 0x1F\n", 'f.yaml:1: `0x1F` must be quoted ("0x1F"): other YAML readers take it for an integer', id="hexadecimal"
        ),
        pytest.param("a: &x 1\n", "f.yaml:1: an anchor (&name) is not allowed: write the value out", id="anchor"),
        pytest.param("a: 1\nb: *x\n", "f.yaml:2: an alias (*name) is not allowed: write the value out", id="alias"),
        pytest.param("a:\n  <<: {b: 1}\n", "f.yaml:2: a merge key (<<) is not allowed: write the keys out", id="merge key"),
        pytest.param("a: !!str 3\n", "f.yaml:1: a tag (tag:yaml.org,2002:str) is not allowed", id="tag"),
        pytest.param(
            "a: !!python/object:os.system 3\n",
            "f.yaml:1: a tag (tag:yaml.org,2002:python/object:os.system) is not allowed",
            id="python tag",
        ),
        pytest.param("a: 1\n---\nb: 2\n", "f.yaml:2: a second document (---) is not allowed", id="two documents"),
        pytest.param("? [a]\n: b\n", "f.yaml:1: a key must be plain text", id="list as key"),
        pytest.param("", "f.yaml: is empty", id="empty"),
        pytest.param("a: 'x\x07'\n", "f.yaml: not YAML: holds characters that YAML does not allow", id="control character"),
        pytest.param("[" * (MAX_DEPTH + 1), f"f.yaml:1: nested deeper than {MAX_DEPTH} levels", id="too deep"),
        pytest.param("a" * (MAX_CHARACTERS + 1), f"f.yaml: longer than {MAX_CHARACTERS} characters", id="too long"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, expected: str) -> None:
    assert errors(text) == [expected]


def test_a_syntax_error_has_its_line() -> None:
    (error,) = errors("a: 1\nb: [1, 2\n")
    assert error.startswith(("f.yaml:2: not YAML:", "f.yaml:3: not YAML:"))


def test_only_null_booleans_and_integers_are_more_than_text() -> None:
    root = load('a: [x, "1.3", 3, -4, true, false, null, 24h, "", 1.3.6.1]\n', "f")
    assert plain(root) == {"a": ["x", "1.3", 3, -4, True, False, None, "24h", "", "1.3.6.1"]}
    assert not root.document.errors


def test_every_value_knows_its_line() -> None:
    root = load("a: 1\nb:\n  - x\n  - y:\n      z: 2\n", "f").mapping("root")
    second = root.items("b")[1].mapping("item")
    assert [node.line for node in root.items("b")] == [3, 4]
    assert second.mapping("y").line_of("z") == 5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("x: 3", 'f:1: `x` must be text: put it in quotes ("3")', id="number for text"),
        pytest.param("x: true", 'f:1: `x` must be text: put it in quotes ("True")', id="boolean for text"),
        pytest.param("x: [a]", "f:1: `x` must be text, not a list", id="list for text"),
        pytest.param('x: "  "', "f:1: `x` must be text, not an empty text", id="blank"),
        pytest.param("y: a", "f:1: root needs `x`", id="missing"),
    ],
)
def test_required_text_says_what_it_met(text: str, expected: str) -> None:
    root = load(text, "f")
    assert root.mapping("root").text("x") == ""
    assert [str(error) for error in root.document.errors] == [expected]


def test_an_unknown_key_suggests_the_known_one() -> None:
    root = load("a: 1\ncustomer: x\n", "f")
    root.mapping("the file", {"customers", "a"})
    assert [str(error) for error in root.document.errors] == [
        "f:2: unknown key `customer` in the file; did you mean `customers`?"
    ]


def test_a_choice_suggests_a_word() -> None:
    root = load("a: gren", "f")
    node = root.mapping("root").require("a")
    assert node is not None
    assert node.choice("`a`", Colour) is None
    assert str(root.document.errors[0]) == "f:1: `a` must be one of red, green; not gren; did you mean `green`?"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("90s", timedelta(seconds=90), id="seconds"),
        pytest.param("15m", timedelta(minutes=15), id="minutes"),
        pytest.param("24h", timedelta(hours=24), id="hours"),
        pytest.param("7d", timedelta(days=7), id="days"),
    ],
)
def test_durations_have_a_unit(text: str, expected: timedelta) -> None:
    node = load(f"a: {text}", "f").mapping("root").require("a")
    assert node is not None
    assert node.duration("`a`") == expected


@pytest.mark.parametrize("text", ["0s", "-1h", "5", "h", "1w", "99999999999d", "4000d", "1.5h"])
def test_a_duration_that_is_none_is_an_error(text: str) -> None:
    node = load(f'a: "{text}"', "f").mapping("root").require("a")
    assert node is not None
    node.duration("`a`")
    assert len(node.document.errors) == 1


def test_integers_have_bounds() -> None:
    root = load("a: 5\nb: x\n", "f").mapping("root")
    a, b = root.require("a"), root.require("b")
    assert a is not None
    assert b is not None
    a.integer("`a`", minimum=1, maximum=4)
    b.integer("`b`", minimum=1, maximum=4)
    assert [error.message for error in root.document.errors] == [
        "`a` must be 1 to 4, not 5",
        "`b` must be a whole number, not a text",
    ]


def test_all_errors_are_raised_together_in_line_order() -> None:
    root = load("b: 1.5\na: no\n", "f")
    root.document.add(1, "first")
    with pytest.raises(FileErrors) as caught:
        root.document.raise_errors(FileErrors)
    assert [error.line for error in caught.value.errors] == [1, 1, 2]


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    root = load(text, "f")
    plain(root)


@given(st.text(alphabet="a:-[]{}&*!<>|'\"#? \n,1", max_size=60))
def test_no_arrangement_of_signs_makes_the_reader_fail(text: str) -> None:
    plain(load(text, "f"))
