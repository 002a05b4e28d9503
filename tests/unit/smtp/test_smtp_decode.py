"""Mails of consoles, relays and people, well made and broken, and what is read in them."""

import base64
import hashlib
import quopri

import pytest

from collector.domain.mail import Attachment, MailLimit
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from receivers.smtp.decode import decode
from receivers.smtp.mime import Limits
from tests.mail_kit import mail, parts, read

SPANISH = "El servidor está mal: «crítico», ñandú"
PORTUGUESE = "Ação tomada: não excluído – “em quarentena”"
HTML_TABLE = "<table><tr><th>Host</th><th>Risk</th></tr><tr><td>PC-1</td><td></td></tr></table>"

TEXTS = [
    pytest.param(mail("Server poor", "Subject: s"), "Server poor", id="no Content-Type at all"),
    pytest.param(b"just words, no header", "just words, no header", id="no header at all"),
    pytest.param(b"Subject: s\nserver\n\nis poor\n", "server\n\nis poor", id="no blank line before the text, bare LF"),
    pytest.param(mail(b"a\rb\nc\r\nd", "Subject: s"), "a\nb\nc\nd", id="CR, LF and CR LF are line ends"),
    pytest.param(mail(SPANISH, "Content-Type: text/plain; charset=utf-8"), SPANISH, id="utf-8"),
    pytest.param(mail(SPANISH, "Content-Type: text/plain; charset=iso-8859-1", charset="latin-1"), SPANISH, id="latin 1"),
    pytest.param(
        mail(PORTUGUESE, "Content-Type: text/plain; charset=ISO-8859-1", charset="cp1252"),
        PORTUGUESE,
        id="latin 1 that is Windows-1252",
    ),
    pytest.param(
        mail(PORTUGUESE, "Content-Type: text/plain; charset=us-ascii", charset="cp1252"), PORTUGUESE, id="ascii that is not"
    ),
    pytest.param(mail(SPANISH, "Content-Type: text/plain; charset=us-ascii"), SPANISH, id="ascii that is utf-8"),
    pytest.param(
        mail(SPANISH, "Content-Type: text/plain; charset=x-no-such", charset="cp1252"), SPANISH, id="unknown charset, Windows"
    ),
    pytest.param(mail(SPANISH, "Content-Type: text/plain; charset=x-no-such"), SPANISH, id="unknown charset, utf-8"),
    pytest.param(
        mail("风险名称 發現", "Content-Type: text/plain; charset=gb2312", charset="gb18030"),
        "风险名称 發現",
        id="gb2312 that is more",
    ),
    pytest.param(mail("café 5 €", "Content-Type: text/plain; charset=big5"), "café 5 €", id="big5 that is utf-8"),
    pytest.param(
        mail("ウイルス", "Content-Type: text/plain; charset=iso-2022-jp", charset="iso2022_jp"), "ウイルス", id="iso-2022-jp"
    ),
    pytest.param(mail("á", "Content-Type: text/plain; charset=unicode_escape"), "á", id="a codec that is no charset"),
    pytest.param(
        mail(b"cami\xc3\r\n\xb3n caf\xc3\xa9 a\xc3\xb1o", "Content-Type: text/plain; charset=utf-8"),
        "camió\nn café año",
        id="a character cut by a line break",
    ),
    pytest.param(
        mail(quopri.encodestring(SPANISH.encode()), "Content-Transfer-Encoding: quoted-printable"), SPANISH, id="quoted-printable"
    ),
    pytest.param(
        mail("x=3D1 got=this 100=", "Content-Transfer-Encoding: quoted-printable"), "x=1 got=this 100", id="half quoted-printable"
    ),
    pytest.param(
        mail("soft =  \nbreak", "Content-Transfer-Encoding: Quoted-Printable"), "soft break", id="blanks behind a soft break"
    ),
    pytest.param(mail(base64.encodebytes(SPANISH.encode()), "Content-Transfer-Encoding: base64"), SPANISH, id="base64"),
    pytest.param(mail("U2VydmVyIHBvb3I", "Content-Transfer-Encoding: base64"), "Server poor", id="base64 without padding"),
    pytest.param(
        mail("U2Vy*dmVy\n!IHBvb3I=", "Content-Transfer-Encoding: base64").replace(b"*", b"").replace(b"!", b""),
        "Server poor",
        id="base64 in lines of any length",
    ),
    pytest.param(mail("YQ==\nYg==", "Content-Transfer-Encoding: base64"), "ab", id="base64 in two padded blocks"),
    pytest.param(
        mail("This text is not encoded.", "Content-Transfer-Encoding: base64"),
        "This text is not encoded.",
        id="base64 that is none",
    ),
    pytest.param(mail(HTML_TABLE, "Content-Type: text/html"), "Host\tRisk\nPC-1\t", id="HTML table"),
    pytest.param(mail(f"<html><body>{HTML_TABLE}"), "Host\tRisk\nPC-1\t", id="HTML without a Content-Type"),
    pytest.param(
        mail("<!DOCTYPE html><p>a</p><p>b</p>", "Content-Type: text/plain"), "a\nb", id="HTML that says it is plain text"
    ),
    pytest.param(mail("<USERNAME> logged on", "Content-Type: text/plain"), "<USERNAME> logged on", id="angle brackets in text"),
    pytest.param(
        mail("&amp;lt;a href=x&amp;gt; &amp;eacute;", "Content-Type: text/html"), "<a href=x> é", id="HTML entities escaped twice"
    ),
    pytest.param(mail("&amp;lt;b&gt; ?a=1&copy=2"), "<b> ?a=1&copy=2", id="entities in plain text, only with a semicolon"),
    pytest.param(
        mail("<meta charset=windows-1252><p>está", "Content-Type: text/html", charset="cp1252"),
        "está",
        id="charset in a meta tag",
    ),
    pytest.param(mail(b"a\x00b\xe2\x80\xaec\x07", "Subject: s"), "a\ufffdb\ufffdc\ufffd", id="NUL, bidi and control characters"),
    pytest.param(
        parts("alternative", "Content-Type: text/plain\n\nplain", "Content-Type: text/html\n\n<p>rich"), "plain", id="plain wins"
    ),
    pytest.param(
        parts("alternative", "Content-Type: text/html\n\n<p>rich", "Content-Type: text/plain\n\nplain"),
        "plain",
        id="in any order",
    ),
    pytest.param(
        parts("alternative", "Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>rich"),
        "rich",
        id="unless it is blank",
    ),
    pytest.param(
        parts(
            "alternative",
            "Content-Type: text/plain\n\n",
            'Content-Type: multipart/related; boundary="=_b2"\n\n--=_b2\nContent-Type: text/html\n\n<b>rich</b>\n--=_b2--\n',
        ),
        "rich",
        id="HTML with its images, boundaries with a common beginning",
    ),
    pytest.param(parts("mixed", "\none", "Content-Type: text/html\n\n<p>two"), "one\n\ntwo", id="two bodies"),
    pytest.param(parts("mixed", "\none")[:-9], "one", id="the last delimiter is missing"),
    pytest.param(mail("--=_x\n\none\n--=_x--\n", "Content-Type: multipart/mixed"), "one", id="the boundary is not stated"),
    pytest.param(mail("no parts", "Content-Type: multipart/mixed; boundary=q"), "no parts", id="multipart without parts"),
]


@pytest.mark.parametrize(("raw", "text"), TEXTS)
def test_the_text_of_a_mail_is_what_a_person_would_read(raw: bytes, text: str) -> None:
    found = read(raw)
    assert found.text == text
    assert not found.partial


SUBJECTS = [
    pytest.param(b"Server Health Alert", "Server Health Alert", id="plain"),
    pytest.param(b"=?utf-8?B?" + base64.b64encode("Atención".encode()) + b"?= 5", "Atención 5", id="base64 word and text"),
    pytest.param(b"=?ISO-8859-1?Q?Estado_del_servidor=3A_cr=EDtico?=", "Estado del servidor: crítico", id="q word"),
    pytest.param(b"=?utf-8?q?Estado?=\r\n =?utf-8?q?_mal?=", "Estado mal", id="folded words"),
    pytest.param(b"=?utf-8?B?w6E=?= =?utf-8?B?w6k=?=", "áé", id="blanks between words are not text"),
    pytest.param(b"=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€", id="a character cut between two words"),
    pytest.param(b"=?utf-8*es?q?Ma=C3=B1ana?=", "Mañana", id="a word with a language"),
    pytest.param(b"=?utf-8?q?Alerta de riesgo?=", "Alerta de riesgo", id="a word with blanks in it"),
    pytest.param(b"=?x-no-such?q?caf=E9?=", "café", id="a word in an unknown charset"),
    pytest.param("Definiciones de días".encode(), "Definiciones de días", id="raw utf-8"),
    pytest.param("Definiciones de días".encode("latin-1"), "Definiciones de días", id="raw latin 1"),
    pytest.param(b"a\r\n\tb\x00\xe2\x80\xaec", "a b\ufffd\ufffdc", id="folding, NUL and bidi controls"),
    pytest.param(b"=?utf-8?q?never closed", "=?utf-8?q?never closed", id="a word that does not end"),
]


@pytest.mark.parametrize(("value", "subject"), SUBJECTS)
def test_the_subject_is_decoded_from_every_form_it_comes_in(value: bytes, subject: str) -> None:
    assert read(b"Subject: " + value + b"\r\n\r\ntext").subject == subject


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        pytest.param(b"", Reason.NO_TEXT, "", id="nothing"),
        pytest.param(b"\r\n\r\n \r\n", Reason.NO_TEXT, "", id="blanks"),
        pytest.param(mail("AAAA", "Content-Type: image/png"), Reason.NO_TEXT, "", id="a picture without a subject"),
        pytest.param(
            mail("AAAA", "Subject: s", "Content-Type: application/ms-tnef; name=winmail.dat"),
            Reason.NO_TEXT,
            "application/ms-tnef",
            id="TNEF",
        ),
    ],
)
def test_a_mail_without_any_text_is_undecodable(raw: bytes, reason: Reason, detail: str) -> None:
    assert decode(raw) == NotDecoded(Outcome.UNDECODABLE, reason, detail)


def test_a_subject_alone_is_text_enough() -> None:
    assert (read(mail("", "Subject: Server Health Alert")).subject, read(mail("", "Subject: x")).text) == (
        "Server Health Alert",
        "",
    )


PDF = b"%PDF-1.7 \x00\xff"
PDF_PART = b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(PDF)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param(b'Content-Type: application/pdf; name="informe.pdf"', "informe.pdf", id="name"),
        pytest.param(
            b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a b.pdf",
            "a b.pdf",
            id="unquoted with a blank",
        ),
        pytest.param(b"Content-Type: application/pdf; name*=utf-8'es'inform%C3%A9.pdf", "informé.pdf", id="RFC 2231"),
        pytest.param(
            b"Content-Type: application/pdf;\r\n name*0*=iso-8859-1''inform%E9;\r\n name*1=.pdf",
            "informé.pdf",
            id="RFC 2231 in pieces",
        ),
        pytest.param(b'Content-Type: application/pdf; name="=?utf-8?q?inform=C3=A9.pdf?="', "informé.pdf", id="encoded word"),
        pytest.param('Content-Type: application/pdf; name="informé.pdf"'.encode("latin-1"), "informé.pdf", id="raw latin 1"),
        pytest.param(
            b'Content-Type: application/pdf; name="\xe2\x80\xaefdp.exe"', "\ufffdfdp.exe", id="turned round by a bidi control"
        ),
        pytest.param(
            b'Content-Type: application/pdf; name="..\\\\..\\\\x\x00.pdf"', "..\\..\\x\ufffd.pdf", id="a path, which is data"
        ),
        pytest.param(b"Content-Type: application/pdf", "", id="no name"),
    ],
)
def test_an_attachment_is_listed_with_name_size_and_hash_and_left_alone(header: bytes, name: str) -> None:
    found = read(parts("mixed", "\nsee the attachment", header + PDF_PART))
    assert found.attachments == (Attachment(name, "application/pdf", len(PDF), hashlib.sha256(PDF).hexdigest()),)
    assert found.text == "see the attachment"


def test_a_text_file_attached_is_not_the_text() -> None:
    found = read(
        parts("mixed", "\nbody", 'Content-Type: text/plain; name="x.log"\n\nlog', "Content-Disposition: attachment\n\nx")
    )
    assert (found.text, [attachment.name for attachment in found.attachments]) == ("body", ["x.log", ""])


def test_a_mail_that_is_one_named_text_is_its_text() -> None:
    assert read(mail("row", 'Content-Type: text/plain; name="alert.txt"', "Subject: s")).text == "row"


def test_headers_that_mark_answers_and_threads_are_kept() -> None:
    found = read(
        mail(
            "text",
            "Subject: s",
            "Message-ID:  <1@x.example> (comment)",
            "Auto-Submitted: Auto-Generated; owner-email=x (really)",
            "X-Collector-Loop: site",
            "In-Reply-To: <a@x.example>",
            "References: <b@x.example>\r\n <a@x.example> junk",
        )
    )
    assert (found.message_id, found.auto_submitted, found.loop_header) == ("<1@x.example>", "auto-generated", True)
    assert found.references == ("<b@x.example>", "<a@x.example>")
    assert found.header_from == "sepm@console.example"


def test_the_body_hash_does_not_depend_on_the_way_a_mail_took() -> None:
    direct = mail("Server poor\n", "Subject: s")
    relayed = b"Received: from a by b\r\n" + direct.replace(b"\r\n", b"\n") + b"\n"
    assert read(direct).body_sha256 == read(relayed).body_sha256 != read(mail("Server good\n", "Subject: s")).body_sha256


def nested(levels: int) -> bytes:
    opening = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(levels))
    return f"Subject: s\n{opening}\ndeep".encode()


LIMITED = [
    pytest.param(mail("x" * 2_000, "Subject: s"), Limits(text=1_000), MailLimit.TEXT, "x" * 1_000, id="text"),
    pytest.param(
        mail(b"<p>" + b"<b></b>" * 9_000 + b"x", "Subject: s", "Content-Type: text/html"),
        Limits(text=1_000),
        MailLimit.TEXT,
        "",
        id="HTML source",
    ),
    pytest.param(parts("mixed", *(f"\n{n}" for n in range(20))), Limits(parts=3), MailLimit.PARTS, "0\n\n1\n\n2", id="parts"),
    pytest.param(
        mail("text", "X: " + "x" * 5_000, "Subject: late"),
        Limits(header_octets=1_000),
        MailLimit.HEADER,
        "text",
        id="header octets",
    ),
]


@pytest.mark.parametrize(("raw", "limits", "limit", "text"), LIMITED)
def test_beyond_a_limit_the_mail_is_read_in_part_and_says_which(raw: bytes, limits: Limits, limit: MailLimit, text: str) -> None:
    found = read(raw, limits)
    assert found.partial
    assert found.limits == (limit,)
    assert found.text == text


def test_a_thousand_nested_parts_are_read_in_part() -> None:
    found = read(nested(1_000))
    assert MailLimit.DEPTH in found.limits
    assert found.text.endswith("deep")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"Subject: " + b" =?utf-8?q?a?=" * 20_000 + b"\r\n\r\nx", id="encoded words"),
        pytest.param(b"Subject: s\r\nFrom: " + b"(" * 3_000_000 + b"\r\n\r\nx", id="parentheses"),
        pytest.param(b"Subject: s\r\nContent-Type: " + b" " * 200_000 + b"\r\n\r\nx", id="blanks in a header"),
        pytest.param(
            b'Subject: s\r\nContent-Type: text/plain; a="' + b'\\"; a="' * 20_000 + b"\r\n\r\nx", id="quotes in a header"
        ),
        pytest.param(mail(b"<div>" * 300_000 + b"x", "Content-Type: text/html", "Subject: s"), id="elements never closed"),
        pytest.param(mail(b"x" + b'<a "' * 300_000, "Content-Type: text/html", "Subject: s"), id="quotes never closed"),
        pytest.param(mail(b"x" + b"<!--" * 300_000, "Content-Type: text/html", "Subject: s"), id="comments never closed"),
        pytest.param(mail(b"x" + b"<script>" * 300_000, "Content-Type: text/html", "Subject: s"), id="scripts never closed"),
        pytest.param(mail(b"--b\r\n\r\nx\r\n" * 100_000, "Content-Type: multipart/mixed; boundary=b", "Subject: s"), id="parts"),
        pytest.param(
            mail(b"--bx\r\n" * 300_000, "Content-Type: multipart/mixed; boundary=b", "Subject: s"), id="almost delimiters"
        ),
        pytest.param(mail(b"&amp;" * 300_000, "Subject: s"), id="entities"),
    ],
)
def test_what_brings_other_parsers_to_their_knees_is_read(raw: bytes) -> None:
    assert read(raw).subject is not None


def test_a_fault_of_the_decoder_itself_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret text")

    monkeypatch.setattr("receivers.smtp.mime.parse", fail)
    assert decode(b"Subject: s\r\n\r\nx") == NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, "ZeroDivisionError")
