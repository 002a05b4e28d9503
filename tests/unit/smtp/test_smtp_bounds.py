"""What bounds the work on one mail, however its parts are made. The mails of full size are in tests/integration/smtp."""

import base64
import struct
import tracemalloc
from collections.abc import Callable

import pytest

from collector.domain.mail import MailLimit
from receivers.smtp import charset, headers, mapi, mime, tnef
from receivers.smtp.flowed import unflowed
from receivers.smtp.mime import Limits
from tests import tnef_kit as kit
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


def grown(work: Callable[[], object]) -> int:
    """Octets that the work takes at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(lambda: headers.base64(b"aa\n" * 100_000), id="base64 in short lines"),
        pytest.param(lambda: headers.base64(b"QUFBQUFBQUFBQUE=" * 20_000), id="base64 in short blocks"),
        pytest.param(lambda: unflowed("\n" * 150_000), id="flowed text of empty lines"),
        pytest.param(lambda: charset.to_text(b"\xc3\n\xa9" * 100_000), id="characters cut by line ends"),
        pytest.param(lambda: charset.to_text(("ж".encode() + b"\xff") * 100_000), id="broken UTF-8"),
    ],
)
def test_many_small_pieces_take_little_more_than_they_are(work: Callable[[], object]) -> None:
    """300,000 octets each at most; a list of the pieces would take more."""
    assert grown(work) < 10 * 300_000


def test_a_header_that_the_limit_cuts_in_a_name_is_no_text() -> None:
    raw = mail("<b>row</b>", "Subject: s", "X-Long: " + "y" * 500, "X-Other: z", "Content-Type: text/html")
    beginning = raw.replace(b"\r\n", b"\n").index(b"X-Other")
    for limit in range(beginning - 1, beginning + 9):
        found = read(raw, Limits(header_octets=limit))
        assert (found.subject, found.text, found.limits) == ("s", "<b>row</b>", (MailLimit.HEADER,))


def test_a_tnef_property_with_more_values_than_anybody_has_ends_the_list() -> None:
    endless = struct.pack("<HHI", kit.BINARY, kit.PR_HTML, 2_001) + bytes(4 * 2_001)
    octets = struct.pack("<I", 2) + endless + kit.prop(kit.PR_BODY, mapi.STRING8, b"row")
    assert list(mapi.properties(memoryview(octets))) == []


def test_all_properties_of_a_tnef_have_one_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tnef, "_MOST_PROPERTIES", 3)
    attributes = [kit.attribute(kit.PROPERTIES, kit.properties((0x3, kit.LONG, 1), (0x4, kit.LONG, 1)))] * 2
    found = tnef.read(kit.tnef(*attributes, kit.attribute(kit.PROPERTIES, kit.properties(kit.text("late")))), limit=100)
    assert found is not None
    assert found.plain == ""


def test_a_name_in_a_tnef_is_looked_at_in_part_only() -> None:
    stream = kit.tnef(kit.attribute(kit.ATTACH_BEGINS, b""), kit.attribute(kit.ATTACH_TITLE, b"a" * 10_000))
    found = tnef.read(stream, limit=1 << 20)
    assert found is not None
    assert len(found.attachments[0].name) == 2_000
