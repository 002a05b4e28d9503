"""Text that may come in."""

import pytest

from api.text import printable, printable_line


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
