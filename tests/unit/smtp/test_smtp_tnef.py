"""Mails whose body is TNEF (`winmail.dat`): the text they have, and what is attached in them."""

import base64
import hashlib
import struct

import pytest

from collector.domain.mail import Attachment, MailLimit
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp import mapi, winmail
from receivers.smtp.decode import decode
from receivers.smtp.mime import Limits
from tests import tnef_kit as kit
from tests.mail_kit import mail, parts, read

KIND = "Content-Type: application/ms-tnef; name=winmail.dat"
BASE64 = "Content-Transfer-Encoding: base64"
TABLE = b"<table><tr><td>Host</td><td>Riesgo \xc3\xbanico</td></tr></table>"


def wrapped(stream: bytes) -> bytes:
    return mail(base64.encodebytes(stream), "Subject: s", KIND, BASE64)


def part(stream: bytes, *, kind: str = KIND) -> bytes:
    return f"{kind}\r\n{BASE64}\r\n\r\n".encode() + base64.encodebytes(stream)


TEXTS = [
    pytest.param(kit.message(kit.text("Señal\r\nroja")), "Señal\nroja", id="a body in UTF-16"),
    pytest.param(
        kit.tnef(kit.code_page(1252), kit.attribute(kit.BODY, "Señal\r\nroja\0".encode("cp1252"))),
        "Señal\nroja",
        id="a body in the code page of the message",
    ),
    pytest.param(
        kit.tnef(
            kit.code_page(850), kit.attribute(kit.PROPERTIES, kit.properties((kit.PR_BODY, mapi.STRING8, "ñ".encode("cp850"))))
        ),
        "ñ",
        id="a body in 8 bits",
    ),
    pytest.param(kit.message(*kit.html(TABLE)), "Host\tRiesgo único", id="HTML"),
    pytest.param(
        kit.message(*kit.html("<p>Riesgo único".encode("cp1252"), page=28591)),
        "Riesgo único",
        id="HTML in a code page of Latin 1",
    ),
    pytest.param(
        kit.message((kit.PR_HTML, mapi.UNICODE, "<p>Riesgo único".encode("utf-16-le"))), "Riesgo único", id="HTML in UTF-16"
    ),
    pytest.param(kit.message(kit.rtf(rb"{\rtf1\ansi Host\tab PC-1\par Riesgo \'fanico}")), "Host\tPC-1\nRiesgo único", id="RTF"),
    pytest.param(
        kit.message(kit.rtf(rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}a{\*\htmltag64 <p>}b}")), "a\nb", id="HTML in RTF"
    ),
    pytest.param(kit.message(kit.text("plain"), *kit.html(b"<p>rich")), "plain", id="plain wins"),
    pytest.param(kit.message(kit.text(" \r\n"), *kit.html(b"<p>rich")), "rich", id="unless it is blank"),
    pytest.param(kit.message(kit.text("&amp;lt;b&gt; \x07\u202e")), "<b> \ufffd\ufffd", id="made harmless as any text"),
    pytest.param(
        kit.tnef(
            kit.attribute(kit.PROPERTIES, struct.pack("<IHHI", 9, 0x1F, kit.PR_BODY, 0xFFFFFFFF)),
            kit.attribute(kit.BODY, b"after"),
        ),
        "after",
        id="a property that is broken does not hide the rest",
    ),
]


@pytest.mark.parametrize(("stream", "text"), TEXTS)
def test_the_text_of_a_mail_may_be_in_its_winmail(stream: bytes, text: str) -> None:
    found = read(wrapped(stream))
    assert found.text == text
    assert not found.partial
    assert [one.name for one in found.attachments] == ["winmail.dat"]


def test_named_and_many_valued_properties_are_passed_by() -> None:
    by_number = struct.pack("<HH", 0x03, 0x8002) + bytes(16) + struct.pack("<III", 0, 77, 5)
    by_name = struct.pack("<HH", 0x0B, 0x8003) + bytes(16) + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0" + struct.pack("<I", 1)
    many = struct.pack("<HH", 0x101F, 0x8004) + bytes(16) + struct.pack("<II", 0, 9)
    many += struct.pack("<II", 2, 2) + b"a\0\0\0" + struct.pack("<I", 4) + b"b\0\0\0"
    longs = struct.pack("<HHIII", 0x1003, 0x0E01, 2, 1, 2)
    moment = struct.pack("<HHQ", 0x40, 0x0E06, 1)
    entries = [by_number, by_name, many, longs, moment, kit.prop(*kit.text("found"))]
    octets = struct.pack("<I", len(entries)) + b"".join(entries)
    assert [name for name, _, _ in mapi.properties(memoryview(octets))] == [0x8002, 0x8003, 0x8004, 0x0E01, 0x0E06, kit.PR_BODY]
    assert read(wrapped(kit.tnef(kit.attribute(kit.PROPERTIES, octets)))).text == "found"


def test_beside_a_text_the_winmail_says_nothing_new() -> None:
    found = read(parts("mixed", "\nplain body", part(kit.message(kit.text("the same in rich")))))
    assert found.text == "plain body"


def test_under_an_empty_cover_the_winmail_is_the_text() -> None:
    raw = parts(
        "mixed", "\n \n", part(kit.message(kit.text("row")), kind="Content-Type: application/octet-stream; name=WINMAIL.DAT")
    )
    assert read(raw).text == "row"


def test_a_forwarded_winmail_is_the_text_of_its_own_mail() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: Alert\r\n" + part(kit.message(kit.text("row")))
    assert read(parts("mixed", "\nsee below", inner)).text == "see below\n\nSubject: Alert\n\nrow"


def test_what_is_attached_in_a_winmail_is_listed_and_not_looked_into() -> None:
    inside = kit.message(kit.text("a mail in a mail"))
    stream = kit.tnef(
        kit.attribute(kit.BODY, b"row"),
        kit.attribute(kit.ATTACH_BEGINS, bytes(14)),
        kit.attribute(kit.ATTACH_TITLE, b"INFORM~1.PDF\0"),
        kit.attribute(kit.ATTACH_DATA, b"%PDF"),
        kit.attribute(
            kit.ATTACH_PROPERTIES,
            kit.properties(
                (kit.PR_ATTACH_NAME, mapi.STRING8, b"short.pdf\0"),
                (kit.PR_ATTACH_LONG_NAME, mapi.UNICODE, "informe \u202eñ.pdf\0".encode("utf-16-le")),
                (kit.PR_ATTACH_TYPE, mapi.STRING8, b"application/pdf\0"),
            ),
        ),
        kit.attribute(kit.ATTACH_BEGINS, bytes(14)),
        kit.attribute(kit.ATTACH_PROPERTIES, kit.properties((kit.PR_ATTACH_DATA, 0x0D, inside))),
    )
    found = read(wrapped(stream))
    assert found.text == "row"
    assert found.attachments[1:] == (
        Attachment("informe \ufffdñ.pdf", "application/pdf", 4, hashlib.sha256(b"%PDF").hexdigest()),
        Attachment("", "application/octet-stream", len(inside), hashlib.sha256(inside).hexdigest()),
    )


HIDDEN = [
    pytest.param(b"no TNEF at all", id="it is none"),
    pytest.param(kit.tnef(), id="nothing in it"),
    pytest.param(kit.message(kit.text(" ")), id="blanks in it"),
    pytest.param(kit.message(kit.rtf(b"{\\rtf1{\\pict 00}}")), id="a picture in it"),
    pytest.param(kit.message((kit.PR_RTF, kit.BINARY, b"broken")), id="broken RTF in it"),
]


@pytest.mark.parametrize("stream", HIDDEN)
def test_a_winmail_without_words_is_undecodable(stream: bytes) -> None:
    assert decode(wrapped(stream)) == NotDecoded(Outcome.UNDECODABLE, Reason.NO_TEXT, "application/ms-tnef")


def test_limits_hold_in_a_winmail() -> None:
    long = kit.message(kit.text("x" * 5_000))
    assert (read(wrapped(long), Limits(text=100)).text, read(wrapped(long), Limits(text=100)).limits) == (
        "x" * 100,
        (MailLimit.TEXT,),
    )
    bomb = kit.message(kit.rtf(b"{\\rtf1 " + b"x" * 5_000))
    assert read(wrapped(bomb), Limits(text=1_000)).limits == (MailLimit.TEXT,)
    crowd = kit.tnef(kit.attribute(kit.BODY, b"row"), *[kit.attribute(kit.ATTACH_BEGINS, bytes(14))] * 500)
    found = read(wrapped(crowd))
    assert (len(found.attachments), found.limits) == (101, (MailLimit.PARTS,))


def test_one_winmail_is_read_and_the_others_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking is slow: a hundred of them would stop the mails behind."""
    taken: list[bytes] = []
    plain = winmail.read

    def counted(octets: bytes, *, limit: int) -> winmail.WinMail | None:
        taken.append(octets)
        return plain(octets, limit=limit)

    monkeypatch.setattr(winmail, "read", counted)
    found = read(parts("mixed", *[part(kit.message(kit.text(f"row {n}"))) for n in range(5)]))
    assert (found.text, len(found.attachments), len(taken)) == ("row 0", 5, 1)


def test_a_stream_that_is_cut_anywhere_is_read_as_far_as_it_goes() -> None:
    stream = kit.tnef(
        kit.code_page(1252),
        kit.attribute(kit.BODY, b"row"),
        kit.attribute(kit.PROPERTIES, kit.properties(*kit.html(TABLE), kit.rtf(b"{\\rtf1 x}"))),
        kit.attribute(kit.ATTACH_BEGINS, bytes(14)),
        kit.attribute(kit.ATTACH_DATA, b"data"),
    )
    behind_body = stream.index(b"row") + 3
    for end in range(len(stream)):
        found = winmail.read(stream[:end], limit=1_000)
        assert found is None if end < 4 else found is not None
        if found is not None and end >= behind_body:
            assert found.text == "row"
