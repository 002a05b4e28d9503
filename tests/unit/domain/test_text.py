"""Octets read as text in whichever encoding they came, and text that does no harm to who looks at it."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.text import harmless, text_of

ACCENTED = "Atención: señal perdida"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"disk 3 failed", "disk 3 failed", id="ASCII"),
        pytest.param(ACCENTED.encode(), ACCENTED, id="UTF-8"),
        pytest.param("\ufeff".encode() + ACCENTED.encode(), ACCENTED, id="UTF-8 with a mark"),
        pytest.param(ACCENTED.encode() + b"\0", ACCENTED + "\0", id="NUL at the end is the caller's business"),
        pytest.param("señal año".encode()[:-2], "señal a\ufffd", id="UTF-8 cut inside a character"),
        pytest.param("Año".encode("latin-1"), "Año", id="Latin-1"),
        pytest.param("Acción".encode("cp1252")[:5], "Acció", id="Windows-1252 that ends in a letter which begins one in UTF-8"),
        pytest.param("“10 €” – listo".encode("cp1252"), "“10 €” – listo", id="Windows-1252"),
        pytest.param(b"a\x81\x8d\x8f\x90\x9db", "a\x81\x8d\x8f\x90\x9db", id="the holes of Windows-1252 are Latin-1"),
        pytest.param(ACCENTED.encode("utf-16"), ACCENTED, id="UTF-16 with a mark"),
        pytest.param(b"\xfe\xff" + ACCENTED.encode("utf-16-be"), ACCENTED, id="UTF-16 with the other mark"),
        pytest.param(ACCENTED.encode("utf-16-le"), ACCENTED, id="UTF-16 as Windows keeps it"),
        pytest.param(ACCENTED.encode("utf-16-le") + b"\0\0", ACCENTED, id="UTF-16 with its NUL"),
        pytest.param(ACCENTED.encode("utf-16-be"), ACCENTED, id="UTF-16 in network order"),
        pytest.param("10 € – sí".encode("utf-16-le"), "10 € – sí", id="UTF-16 with a few wide characters"),
        pytest.param(b"a\0\0\0\0\0", "a\0\0\0\0\0", id="a letter in a buffer of zeros"),
        pytest.param(b"abc\0", "abc\0", id="a short text with its NUL"),
        pytest.param(b"\xff\xfe\x41", "ÿþA", id="half a character of UTF-16"),
        pytest.param(b"\xc0\xaf", "À¯", id="a slash in too many octets is no slash"),
        pytest.param(b"\xed\xa0\x80", "í\xa0€", id="half of a surrogate pair"),
    ],
)
def test_octets_are_read_in_the_encoding_that_they_came_in(octets: bytes, text: str) -> None:
    assert text_of(octets) == text


@given(st.binary(max_size=300))
def test_any_octets_give_some_text(octets: bytes) -> None:
    assert isinstance(text_of(octets), str)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\ufeff")))
def test_utf_8_is_never_taken_for_something_else(text: str) -> None:
    assert text_of(text.encode()) == text


@given(st.text(alphabet="abcdefghij ñáéíóú.,:()0123456789", min_size=3))
def test_texts_of_our_languages_come_through_in_every_encoding(text: str) -> None:
    for encoding in ("utf-8", "utf-16", "utf-16-le", "utf-16-be"):
        assert text_of(text.encode(encoding)) == text
    # two letters of Windows-1252 in a row may happen to be one character of UTF-8
    if not any(one > "\x7f" and other > "\x7f" for one, other in pairwise(text)):
        assert text_of(text.encode("cp1252")) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Atención: 10 € – ñandú", "Atención: 10 € – ñandú", id="plain text"),
        pytest.param("one\r\ntwo\rthree\n\tfour", "one\ntwo\nthree\n\tfour", id="line ends and tabs"),
        pytest.param("\x1b[2Jgone", "\ufffd[2Jgone", id="a terminal's command"),
        pytest.param("a\x9b2Jb\x7f\x85", "a\ufffd2Jb\ufffd\ufffd", id="C1 controls and delete"),
        pytest.param("a\0b", "a\ufffdb", id="NUL inside"),
        pytest.param("invoice\u202egpj.exe\u2066x\u2069", "invoice\ufffdgpj.exe\ufffdx\ufffd", id="turned text"),
        pytest.param("\u200eleft\u200fright\u061c", "\ufffdleft\ufffdright\ufffd", id="direction marks"),
        pytest.param("pay\u200bpal\u2060\ufeff", "pay\ufffdpal\ufffd\ufffd", id="characters without a shape"),
        pytest.param("a\u2028b\u2029c", "a\ufffdb\ufffdc", id="other line ends"),
        pytest.param("\ud800x\udfff", "\ufffdx\ufffd", id="halves of pairs"),
        pytest.param("x\U000e0041", "x\ufffd", id="tags"),
        pytest.param(
            "\u0646\u0627\u0645\u0647\u200c\u0647\u0627 👩\u200d💻",
            "\u0646\u0627\u0645\u0647\u200c\u0647\u0627 👩\u200d💻",
            id="joiners that scripts need",
        ),
    ],
)
def test_what_is_shown_does_no_harm(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(st.text(alphabet=st.characters()))
def test_anything_can_be_sent_once_it_is_harmless(text: str) -> None:
    shown = harmless(text)
    assert json.loads(json.dumps(shown, ensure_ascii=False).encode()) == shown
    assert "\0" not in shown
    assert harmless(shown) == shown
