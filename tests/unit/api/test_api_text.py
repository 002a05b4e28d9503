"""Octets shown as text or not, and text that may come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.text import printable, printable_line
from collector.domain.contents import octets_as_text, storable


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs"))))
def test_text_in_utf_8_is_shown_as_it_is(text: str) -> None:
    assert octets_as_text(text.encode()) == text


@given(st.binary())
def test_whatever_the_octets_are_the_text_can_be_sent(octets: bytes) -> None:
    text = octets_as_text(octets)
    assert text is None or (text.encode() and "\0" not in text) or octets == b""


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"line 1\r\n\tline 2", "line 1\r\n\tline 2", id="line breaks and tabs"),
        pytest.param("Acción: ñandú".encode("cp1252"), "Acción: ñandú", id="Windows-1252"),
        pytest.param(b"price \x80", "price €", id="the euro of Windows-1252"),
        pytest.param(b"bell\x07", None, id="a control character"),
        pytest.param(b"del\x7f", None, id="delete"),
        pytest.param(b"\x00\x00", None, id="zeros"),
        pytest.param(b"a\x00b", None, id="zero inside"),
        pytest.param(bytes.fromhex("00505600a1b2"), None, id="hardware address"),
        pytest.param(bytes.fromhex("c0a80101"), None, id="an address in four octets"),
    ],
)
def test_octets_are_text_where_they_read_as_text(octets: bytes, text: str | None) -> None:
    assert octets_as_text(octets) == text


@pytest.mark.parametrize("text", ["a", "ñ", "línea 1\nlínea 2", "a\tb\r\n", "\U0001f600", "‮rtl"])
def test_what_people_write_is_taken(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("text", ["", " ", "\n", "a\0", "\x1b[2J", "\x85", "\ud800"])
def test_what_a_terminal_would_obey_is_not(text: str) -> None:
    with pytest.raises(ValueError, match=r"must not|not allowed"):
        printable(text)


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r", "a\0"])
def test_a_line_is_one_line(text: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        printable_line(text)


@given(st.text(alphabet=st.characters()))
def test_anything_can_be_made_storable(text: str) -> None:
    assert storable(text).encode().decode() == storable(text)
