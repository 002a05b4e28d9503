"""Text in `format=flowed` (RFC 3676)."""

import pytest

from receivers.smtp.flowed import unflowed
from tests.mail_kit import mail, read

FLOWED = [
    pytest.param("Risk name: \nEICAR\nFile: x", "Risk name: EICAR\nFile: x", id="a line that goes on"),
    pytest.param("one \ntwo \nthree\n\nnext", "one two three\n\nnext", id="a paragraph"),
    pytest.param("> a \n> b\nc", "> a b\nc", id="a quote"),
    pytest.param("> a \n>> b\nc", "> a \n>> b\nc", id="a quote does not go on in a deeper one"),
    pytest.param(">a \nb", "> a \nb", id="nor in what is no quote"),
    pytest.param(" >no quote\n  indented\n From me", ">no quote\n indented\nFrom me", id="stuffed blanks"),
    pytest.param("bye \n-- \nname", "bye \n-- \nname", id="a signature"),
    pytest.param("> -- \n> name", "> -- \n> name", id="a signature in a quote"),
    pytest.param("a \r\nb\r\n", "a b\n", id="CR LF"),
    pytest.param("ends open ", "ends open ", id="nothing to go on in"),
    pytest.param("", "", id="nothing"),
]


@pytest.mark.parametrize(("text", "whole"), FLOWED)
def test_lines_are_put_together_where_they_were_broken_for_the_way(text: str, whole: str) -> None:
    assert unflowed(text) == whole


def test_with_delsp_the_blank_of_the_break_is_not_text() -> None:
    assert unflowed("C:\\Win \ndows\\x\n-- \nn", delete_space=True) == "C:\\Windows\\x\n-- \nn"


def test_a_mail_says_that_its_text_is_flowed() -> None:
    body = "Actual action: Left \nalone\nServer: s1"
    flowed = "Content-Type: text/plain; charset=utf-8; Format=Flowed"
    assert read(mail(body, flowed)).text == "Actual action: Left alone\nServer: s1"
    assert read(mail(body, f"{flowed}; delsp=YES")).text == "Actual action: Leftalone\nServer: s1"
    assert read(mail(body, "Content-Type: text/plain")).text == body
    assert read(mail(body, "Content-Type: text/plain; format=fixed")).text == body


def test_a_broken_line_in_quoted_printable_keeps_its_blank() -> None:
    raw = mail("Left=20\nalone", "Content-Type: text/plain; format=flowed", "Content-Transfer-Encoding: quoted-printable")
    assert read(raw).text == "Left alone"
