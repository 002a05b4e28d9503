"""What a detection means: modifiers, wildcards, lists, null, conditions. One table, read against the Sigma specification."""

from typing import Any

import pytest

from rules.conditions import BadDetection, for_kind, function, read_detection
from rules.pattern import required_literal
from rules.rule_index import needed_texts, needed_values

Detection = dict[str, Any]


def holds(selection: Any, values: dict[str, str], **more: Any) -> bool:
    condition = more.pop("condition", "sel")
    return function(read_detection("r", {"sel": selection, "condition": condition, **more}))(values)


YES, NO = True, False


@pytest.mark.parametrize(
    ("selection", "values", "expected"),
    [
        pytest.param({"f": "Abc"}, {"f": "aBC"}, YES, id="equality ignores case"),
        pytest.param({"f": "Abc"}, {"f": "abcd"}, NO, id="equality is whole"),
        pytest.param({"f": "ACCIÓN"}, {"f": "acción"}, YES, id="case of accented letters"),
        pytest.param({"f": "straße"}, {"f": "STRASSE"}, YES, id="casefold, not lower"),
        pytest.param({"f": "ＡＢＣ"}, {"f": "abc"}, YES, id="compatibility forms are one"),
        pytest.param({"f|cased": "Abc"}, {"f": "abc"}, NO, id="cased"),
        pytest.param({"f|cased": "Abc"}, {"f": "Abc"}, YES, id="cased equal"),
        pytest.param({"f|cased|contains": "bC"}, {"f": "abCd"}, YES, id="cased contains"),
        pytest.param({"f|cased|contains": "bC"}, {"f": "abcd"}, NO, id="cased contains other case"),
        pytest.param({"f|contains": "b C"}, {"f": "ab cd"}, YES, id="contains"),
        pytest.param({"f|startswith": "AB"}, {"f": "abc"}, YES, id="startswith"),
        pytest.param({"f|startswith": "bc"}, {"f": "abc"}, NO, id="startswith elsewhere"),
        pytest.param({"f|endswith": "BC"}, {"f": "abc"}, YES, id="endswith"),
        pytest.param({"f|endswith": "ab"}, {"f": "abc"}, NO, id="endswith elsewhere"),
        pytest.param({"f": ["x", "abc"]}, {"f": "abc"}, YES, id="a list is any"),
        pytest.param({"f": ["x", "y"]}, {"f": "abc"}, NO, id="none of a list"),
        pytest.param({"f|contains": ["x", "b"]}, {"f": "abc"}, YES, id="contains any"),
        pytest.param({"f|contains|all": ["a", "b"]}, {"f": "abc"}, YES, id="contains all"),
        pytest.param({"f|contains|all": ["a", "x"]}, {"f": "abc"}, NO, id="not all"),
        pytest.param({"f": "a", "g": "b"}, {"f": "a", "g": "b"}, YES, id="fields of a selection are and"),
        pytest.param({"f": "a", "g": "b"}, {"f": "a", "g": "c"}, NO, id="one field fails"),
        pytest.param([{"f": "a"}, {"g": "b"}], {"f": "x", "g": "b"}, YES, id="a list of mappings is or"),
        pytest.param([{"f": "a"}, {"g": "b"}], {"f": "x", "g": "x"}, NO, id="none of the mappings"),
        pytest.param({"f": "a*c"}, {"f": "a-b-c"}, YES, id="star inside"),
        pytest.param({"f": "a*c"}, {"f": "a-b-cd"}, NO, id="star is anchored"),
        pytest.param({"f": "a*b*c"}, {"f": "aXbYc"}, YES, id="two stars"),
        pytest.param({"f": "a*bb*bc"}, {"f": "abbc"}, NO, id="pieces do not overlap"),
        pytest.param({"f": "a?c"}, {"f": "abc"}, YES, id="question mark"),
        pytest.param({"f": "a?c"}, {"f": "ac"}, NO, id="question mark is one character"),
        pytest.param({"f": "a?*"}, {"f": "áb"}, NO, id="question mark and letters"),
        pytest.param({"f": "?b"}, {"f": "ñb"}, YES, id="question mark is a character, not an octet"),
        pytest.param({"f": r"a\*c"}, {"f": "a*c"}, YES, id="escaped star"),
        pytest.param({"f": r"a\*c"}, {"f": "abc"}, NO, id="escaped star is no wildcard"),
        pytest.param({"f": r"C:\Windows\x"}, {"f": r"c:\windows\X"}, YES, id="backslashes of a path"),
        pytest.param({"f": "*"}, {"f": "anything"}, YES, id="a star alone is any value"),
        pytest.param({"f": "*"}, {}, NO, id="a star needs the field"),
        pytest.param({"f": None}, {}, YES, id="null is missing"),
        pytest.param({"f": None}, {"f": "x"}, NO, id="null is not a value"),
        pytest.param({"f": ""}, {}, NO, id="empty text is not missing"),
        pytest.param({"f": ["a", None]}, {}, YES, id="null in a list"),
        pytest.param({"f|exists": True}, {"f": "x"}, YES, id="exists"),
        pytest.param({"f|exists": True}, {}, NO, id="exists not"),
        pytest.param({"f|exists": False}, {}, YES, id="exists false"),
        pytest.param({"f": 5}, {"f": "5"}, YES, id="number"),
        pytest.param({"f": 5}, {"f": " 05 "}, YES, id="numbers are compared as numbers"),
        pytest.param({"f": 5}, {"f": "5x"}, NO, id="not a number"),
        pytest.param({"f|gte": 50}, {"f": "50"}, YES, id="gte"),
        pytest.param({"f|gte": 50}, {"f": "9"}, NO, id="gte is not by letters"),
        pytest.param({"f|gt": 50}, {"f": "50"}, NO, id="gt"),
        pytest.param({"f|lt": 5}, {"f": "-7.5"}, YES, id="lt with a fraction"),
        pytest.param({"f|lte": 5}, {"f": "5"}, YES, id="lte"),
        pytest.param({"f|lt": 5}, {}, NO, id="a missing field is not small"),
        pytest.param({"f|lt": 5}, {"f": "9" * 50}, NO, id="an absurd number"),
        pytest.param({"f|re": "a.+c$"}, {"f": "xabbc"}, YES, id="re searches"),
        pytest.param({"f|re": "A.C"}, {"f": "abc"}, NO, id="re minds case"),
        pytest.param({"f|re|i": "A.C"}, {"f": "abc"}, YES, id="re with i"),
        pytest.param({"f|re": "a.c"}, {"f": "a\nc"}, NO, id="re dot and newline"),
        pytest.param({"f|re|s": "a.c"}, {"f": "a\nc"}, YES, id="re with s"),
        pytest.param({"f|re|m": "^b"}, {"f": "a\nb"}, YES, id="re with m"),
        pytest.param({"f|cidr": "192.0.2.0/24"}, {"f": "192.0.2.77"}, YES, id="cidr"),
        pytest.param({"f|cidr": "192.0.2.0/24"}, {"f": "198.51.100.1"}, NO, id="cidr outside"),
        pytest.param({"f|cidr": "192.0.2.0/24"}, {"f": "not an address"}, NO, id="cidr of no address"),
        pytest.param({"f|cidr": "2001:db8::/32"}, {"f": "2001:db8::1"}, YES, id="cidr of IPv6"),
        pytest.param({"f|cidr": ["192.0.2.0/24", "198.51.100.0/24"]}, {"f": "198.51.100.1"}, YES, id="cidr any"),
    ],
)
def test_a_selection_holds(selection: Any, values: dict[str, str], expected: bool) -> None:
    assert holds(selection, values) is expected


A, B = {"f": "a"}, {"g": "b"}


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        pytest.param("sel and other", {"f": "a", "g": "b"}, YES, id="and"),
        pytest.param("sel and other", {"f": "a"}, NO, id="and fails"),
        pytest.param("sel or other", {"g": "b"}, YES, id="or"),
        pytest.param("not sel", {"f": "x"}, YES, id="not"),
        pytest.param("not not sel", {"f": "a"}, YES, id="not not"),
        pytest.param("sel and not other", {"f": "a", "g": "x"}, YES, id="and not"),
        pytest.param("not (sel or other)", {"f": "a"}, NO, id="not of parentheses"),
        pytest.param("not sel or other", {"f": "a", "g": "b"}, YES, id="not binds before or"),
        pytest.param("sel or other and nothing", {"f": "a"}, YES, id="and binds before or"),
        pytest.param("(sel or other) and nothing", {"f": "a"}, NO, id="parentheses first"),
        pytest.param("1 of o*", {"g": "b"}, YES, id="1 of pattern"),
        pytest.param("all of them", {"f": "a", "g": "b", "h": "c"}, YES, id="all of them"),
        pytest.param("all of them", {"f": "a", "g": "b"}, NO, id="not all of them"),
        pytest.param("any of them", {"h": "c"}, YES, id="any of them"),
        pytest.param("sel and 1 of (oth* or)", {}, None, id="nonsense"),
    ],
)
def test_a_condition_joins_selections(condition: str, values: dict[str, str], expected: bool | None) -> None:
    detection = {"sel": A, "other": B, "nothing": {"h": "c"}, "condition": condition}
    if expected is None:
        with pytest.raises(BadDetection):
            read_detection("r", detection)
    else:
        assert function(read_detection("r", detection))(values) is expected


@pytest.mark.parametrize(
    ("detection", "message"),
    [
        pytest.param(
            {"sel": A, "condition": "sel and missing"}, "the condition names `missing`, which is not a selection", id="name"
        ),
        pytest.param({"sel": A, "condition": "1 of x*"}, "`1 of x*` names no selection", id="pattern"),
        pytest.param({"sel": A, "condition": "sel | count() > 3"}, "pipe syntax", id="old aggregation"),
        pytest.param({"sel": ["word"], "condition": "sel"}, "keywords", id="keywords"),
        pytest.param({"sel": {"f|lt": "abc"}, "condition": "sel"}, "incompatible", id="text compared as a number"),
        pytest.param({"sel": {"f|cidr": "10.0.0.0/33"}, "condition": "sel"}, "CIDR", id="bad network"),
    ],
)
def test_a_detection_that_means_nothing_is_refused(detection: Detection, message: str) -> None:
    with pytest.raises(
        BadDetection, match=message.replace("(", r"\(").replace(")", r"\)").replace("|", r"\|").replace("*", r"\*")
    ):
        read_detection("r", detection)


def test_the_kind_is_answered_at_load() -> None:
    tree = read_detection("r", {"a": {"notification": ["x", "y"]}, "b": {"notification": "z", "f": "1"}, "condition": "a or b"})
    assert for_kind(tree, "x") is True
    assert for_kind(tree, "other") is False
    left = for_kind(tree, "z")
    assert not isinstance(left, bool)
    assert function(left)({"f": "1"}) is True


def test_the_cut_down_tree_answers_like_the_whole_one() -> None:
    detection = {"a": {"notification": "x"}, "b": {"f": "1"}, "c": {"g": "2"}, "condition": "(a and not b) or (not a and c)"}
    tree = read_detection("r", detection)
    for kind in ("x", "y"):
        for values in ({}, {"f": "1"}, {"g": "2"}, {"f": "1", "g": "2"}):
            whole = function(tree)({**values, "notification": kind})
            assert function(for_kind(tree, kind))(values) is whole


def test_a_needed_value_is_found_for_the_index() -> None:
    tree = read_detection("r", {"a": {"f": ["X", "y"], "g|contains": "z"}, "b": {"h": "1"}, "condition": "a and not b"})
    assert needed_values(tree) == ("f", frozenset({"x", "y"}))
    assert needed_values(read_detection("r", {"a": {"f": "x"}, "b": {"g": "y"}, "condition": "a or b"})) is None


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        pytest.param({"a": {"f|contains": "AbC"}, "condition": "a"}, ("f", {"abc"}), id="contains"),
        pytest.param({"a": {"f|contains": ["x", "yy"]}, "condition": "a"}, ("f", {"x", "yy"}), id="one of several"),
        pytest.param({"a": {"f|contains|all": ["x", "y"]}, "condition": "a"}, ("f", {"x"}), id="all: one is enough"),
        pytest.param({"a": {"f": "ab*cde?f"}, "condition": "a"}, ("f", {"cde"}), id="longest piece"),
        pytest.param({"a": {"f|contains": "x"}, "b": {"g|contains": "y"}, "condition": "a or b"}, None, id="two fields"),
        pytest.param({"a": {"f|contains": "x"}, "condition": "not a"}, None, id="not"),
        pytest.param({"a": {"f|cased|contains": "X"}, "condition": "a"}, None, id="cased"),
        pytest.param({"a": {"f|contains": ["x", "*"]}, "condition": "a"}, None, id="anything"),
    ],
)
def test_a_needed_text_is_found_for_the_index(detection: Detection, expected: tuple[str, set[str]] | None) -> None:
    found = needed_texts(read_detection("r", detection))
    assert (found and (found[0], set(found[1]))) == expected


@pytest.mark.parametrize(
    ("source", "literal"),
    [
        pytest.param("foo.*bar", "foo", id="first of equal length"),
        pytest.param("ab?cdef", "cdef", id="optional letter left out"),
        pytest.param("(abc)?de", "de", id="groups are not certain"),
        pytest.param("a{2}bcd", "bcd", id="count"),
        pytest.param("abc|def", "", id="alternatives"),
        pytest.param("(?i)abc", "", id="flags"),
        pytest.param(r"\x41bc", "", id="escape by number"),
        pytest.param(r"\d+ errors\.", " errors", id="class, then text"),
        pytest.param("[xyz]abc", "abc", id="class"),
        pytest.param("[^]]abc", "", id="odd class"),
    ],
)
def test_the_literal_that_every_match_holds(source: str, literal: str) -> None:
    assert required_literal(source) == literal
