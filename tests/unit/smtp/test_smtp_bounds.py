"""What bounds the work on one mail, however its parts are made. The mails of full size are in tests/integration/smtp."""

import base64

import pytest

from collector.domain.mail import MailLimit
from receivers.smtp import headers, mime
from receivers.smtp.mime import Limits
from tests.mail_kit import mail, parts, read

HTML = "Content-Type: text/html\n\n<p>"


def test_all_bodies_together_have_one_bound_of_source() -> None:
    """Each of them is within it: 4 octets for each character of the limit."""
    padded = [f"{HTML}{number}" + "<b></b>" * 200 for number in range(5)]
    found = read(parts("mixed", *padded), Limits(text=1_000))
    assert found.limits == (MailLimit.TEXT,)
    assert found.text == "0\n\n1\n\n2"
    assert read(parts("mixed", *padded), Limits(text=2_000)).limits == ()


def test_markup_is_not_text_and_does_not_count_as_such() -> None:
    found = read(mail("<b></b>" * 400 + "x" * 900, "Content-Type: text/html"), Limits(text=1_000))
    assert (len(found.text), found.limits) == (900, ())


def test_entities_are_counted_as_what_they_stand_for_at_the_last() -> None:
    found = read(mail("&amp;lt;" * 500, "Content-Type: text/plain"), Limits(text=1_000))
    assert (found.text, found.limits) == ("<" * 125, (MailLimit.TEXT,))


def test_lines_that_are_almost_delimiters_are_passed_by_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mime, "_MOST_ALMOST_DELIMITERS", 10)
    assert read(parts("mixed", "\none" + "\n--=_bx" * 10, "\ntwo")).limits == ()
    found = read(parts("mixed", "\none" + "\n--=_bx" * 11, "\ntwo"))
    assert found.limits == (MailLimit.PARTS,)
    assert found.text.startswith("one\n--=_bx")
    assert "two" in found.text, "nothing is lost: the part goes on to the end"


def test_padding_without_end_is_no_base64() -> None:
    short, long = b"QQ==" * 1_000, b"QQ==" * 20_000
    assert headers.base64(short) == b"A" * 1_000
    assert headers.base64(long) == long
    lines = b"".join(base64.b64encode(b"a line of a file\n") + b"\n" for _ in range(5_000))
    assert headers.base64(lines) == b"a line of a file\n" * 5_000, "each line padded, as some programs do"


def test_soft_breaks_are_undone_alike_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"a= \nb=\t \n\nc=3D  \nd = \n= \n" * 50
    whole = mime.transfer_decoded(octets, b"quoted-printable")
    for size in (1, 7, 100, len(octets)):
        monkeypatch.setattr(mime, "_PIECE", size)
        assert mime.transfer_decoded(octets, b"quoted-printable") == whole
