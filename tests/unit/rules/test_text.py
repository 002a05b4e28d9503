"""Cleaning, key parts and templates under hostile values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.text import MAX_KEY_PART, MAX_VALUE, clean, from_octets, key_part, renderer, words_of
from rules.verdicts import key_maker


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"pc-17\x00", "pc-17", id="trailing NUL"),
        pytest.param(b"a\x00b", "a\ufffdb", id="NUL inside is shown"),
        pytest.param("acción".encode(), "acción", id="UTF-8"),
        pytest.param("acción €".encode("cp1252"), "acción €", id="Windows-1252"),
        pytest.param(b"\x81x", "\ufffdx", id="a hole of Windows-1252"),
        pytest.param(b"a\r\nb\tc", "a\nb c", id="line ends and tabs"),
        pytest.param(b"\x1b[31mred", "\ufffd[31mred", id="terminal codes"),
        pytest.param("a\u202egnp.exe".encode(), "a\ufffdgnp.exe", id="direction override"),
        pytest.param("a\u2028b".encode(), "a b", id="line separator"),
        pytest.param(b"  a  ", "a", id="blanks around"),
        pytest.param(b"x" * 10_000, "x" * MAX_VALUE, id="too long"),
    ],
)
def test_octets_become_clean_text(octets: bytes, text: str) -> None:
    assert from_octets(octets) == text


@given(st.text(max_size=300))
def test_clean_text_holds_nothing_that_cannot_be_shown(text: str) -> None:
    assert all(character.isprintable() or character == "\n" for character in clean(text))


@pytest.mark.parametrize(
    ("value", "part"),
    [
        pytest.param("Trojan.Gen", "Trojan.Gen", id="plain, case kept"),
        pytest.param("a:b", "a%3Ab", id="the separator"),
        pytest.param("a%3Ab", "a%253Ab", id="an escape is escaped"),
        pytest.param("  a \t\n b  ", "a b", id="blanks"),
        pytest.param("a\x01b", "a%01b", id="control character"),
        pytest.param("a\u202eb", "a%E2%80%AEb", id="direction override"),
        pytest.param("a\u200bb", "a%E2%80%8Bb", id="zero width"),
        pytest.param("acción", "acción", id="letters stay"),
    ],
)
def test_a_key_part_is_escaped(value: str, part: str) -> None:
    assert key_part(value) == part


def test_long_parts_are_cut_and_stay_distinct() -> None:
    one, other = key_part("x" * 300 + "1"), key_part("x" * 300 + "2")
    assert len(one) == len(other) == MAX_KEY_PART
    assert one != other


@given(st.lists(st.text(max_size=30), min_size=2, max_size=2), st.lists(st.text(max_size=30), min_size=2, max_size=2))
def test_different_values_never_give_one_key(one: list[str], other: list[str]) -> None:
    make = key_maker("demo", ("threat", "{a}", "{b}"))
    keys = [make(dict(zip("ab", values, strict=True))) for values in (one, other)]
    same_values = [" ".join(value.split()) for value in one] == [" ".join(value.split()) for value in other]
    assert (keys[0] == keys[1]) is same_values


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param(("failover",), "v1:demo:failover", id="constant"),
        pytest.param(("a:b", "{x}"), "v1:demo:a%3Ab:1", id="text of the pack is escaped too"),
        pytest.param(("{x}", "{y}"), "v1:demo:1:2", id="fields only"),
        pytest.param(("{x}", "mid", "{y}", "end"), "v1:demo:1:mid:2:end", id="mixed"),
    ],
)
def test_a_key_is_version_pack_and_parts(key: tuple[str, ...], expected: str) -> None:
    assert key_maker("demo", key)({"x": "1", "y": "2"}) == expected


def test_a_missing_key_field_is_named() -> None:
    with pytest.raises(KeyError, match="host"):
        key_maker("demo", ("{host}",))({})


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        pytest.param("{a} on {b}", {"a": "x", "b": "y"}, "x on y", id="plain"),
        pytest.param("{a} on {b}", {"a": "x"}, "x on [?b]", id="a missing field is seen"),
        pytest.param("{a}", {"a": "{b} {0} {a.__class__}", "b": "secret"}, "{b} {0} {a.__class__}", id="braces in a value"),
        pytest.param("100 % {a}", {"a": "%s %d"}, "100 % %s %d", id="percent signs"),
        pytest.param("{a}!", {"a": "x\ny"}, "x y!", id="one line"),
        pytest.param("no field", {}, "no field", id="constant"),
    ],
)
def test_a_template_is_plain_substitution(template: str, values: dict[str, str], expected: str) -> None:
    assert renderer(template, 250)(values) == expected


def test_a_long_value_does_not_push_out_the_others() -> None:
    text = renderer("{risk} on {host}", 100)({"risk": "x" * 4_000, "host": "pc-17"})
    assert text.endswith("… on pc-17")
    assert len(text) <= 100


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=400)))
def test_a_rendered_text_is_one_line_within_its_limit(values: dict[str, str]) -> None:
    text = renderer("{a} - {b}", 120)({name: clean(value) for name, value in values.items()})
    assert len(text) <= 120
    assert "\n" not in text


def test_words_are_folded_and_free_of_punctuation() -> None:
    assert words_of("¡Riesgo  ENCONTRADO!: l’ordinateur_1 (acción)") == ["riesgo", "encontrado", "l", "ordinateur_1", "acción"]
    assert words_of("Actual\taction: Left-alone") == ["actual", "action", "left", "alone"]
