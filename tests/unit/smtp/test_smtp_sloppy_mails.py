"""What consoles and relays get wrong in types, encodings and charsets, and the text that is read all the same."""

import base64

import pytest

from tests.mail_kit import mail, parts, read

SPANISH = "Definición dañada: «crítico»"
OCTETS = "Content-Type: application/octet-stream"
QP = "Content-Transfer-Encoding: quoted-printable"

MISTYPED = [
    pytest.param(mail("row", "Content-Type: text"), "row", id="half a type"),
    pytest.param(mail("row", "Content-Type: "), "row", id="an empty type"),
    pytest.param(mail("row", "Content-Type: ;;;=/"), "row", id="nonsense for a type"),
    pytest.param(mail("row", "Content-Type: plain/text"), "row", id="turned round"),
    pytest.param(mail(SPANISH, OCTETS), SPANISH, id="octets that are words"),
    pytest.param(mail("<html><p>a<p>b", OCTETS), "a\nb", id="octets that are HTML"),
    pytest.param(mail("a\n\nb <5", "Content-Type: text/html"), "a\n\nb <5", id="HTML that is plain text"),
    pytest.param(mail("a &lt;b&gt;\nc", "Content-Type: text/html"), "a <b>\nc", id="HTML that is plain text with entities"),
    pytest.param(mail("<p>Server</p>\n<p>poor</p>", "Content-Type: text/plain"), "Server\npoor", id="a piece of HTML as text"),
    pytest.param(
        mail('<div class="x">Server</div><b>poor</b>', "Subject: s"), "Server\npoor", id="a piece of HTML without a type"
    ),
    pytest.param(mail("<p> is what we saw", "Content-Type: text/plain"), "<p> is what we saw", id="a word in angle brackets"),
    pytest.param(mail("<USERNAME>\nx</b>"), "<USERNAME>\nx</b>", id="a name in angle brackets at the beginning"),
    pytest.param(mail("row", 'Content-Type: text/plain; charset="utf-8'), "row", id="a quote that does not end"),
    pytest.param(mail(SPANISH, "content-type:TEXT/PLAIN;CHARSET=ISO-8859-1", charset="cp1252"), SPANISH, id="in capitals"),
    pytest.param(
        mail(SPANISH, "Content-Type: text/plain charset=windows-1252", charset="cp1252"),
        SPANISH,
        id="no semicolon before charset",
    ),
]

RTF = "{\\rtf1\\ansi Host\\tab PC-1\\par Riesgo \\'fanico}"
MISTYPED += [
    pytest.param(mail(RTF, "Content-Type: text/rtf"), "Host\tPC-1\nRiesgo único", id="RTF as a text"),
    pytest.param(mail("<bold>row", "Content-Type: text/richtext"), "<bold>row", id="rich text of another time"),
    pytest.param(
        parts("alternative", f"Content-Type: text/rtf\n\n{RTF}", "Content-Type: text/html\n\n<p>rich"),
        "rich",
        id="HTML before RTF",
    ),
]

HEADLESS = [
    pytest.param(b"Computer: PC-1\r\nRisk: X\r\n", "Computer: PC-1\nRisk: X", id="lines that look like fields"),
    pytest.param(b"Computer: PC-1\r\n\r\nRisk: X\r\n", "Computer: PC-1\n\nRisk: X", id="and a blank line"),
    pytest.param(b"X-Mailer: blat\r\n\r\nRisk: X\r\n", "Risk: X", id="a header of one field"),
    pytest.param(
        parts("mixed", 'Content-Type: text/plain; name="message.txt"\n\nrow', "Content-Type: text/plain; name=a.txt\n\nno"),
        "row",
        id="a body that has a file name",
    ),
]

ENCODED = [
    pytest.param(mail("a=3Db", f"{QP} (by relay)"), "a=b", id="a comment behind the encoding"),
    pytest.param(mail("a=3Db", f"{QP};"), "a=b", id="a semicolon behind the encoding"),
    pytest.param(mail("a=3Db", 'Content-Transfer-Encoding: "Quoted-Printable"'), "a=b", id="in quotes"),
    pytest.param(mail("a=3db got=this x=zz =", QP), "a=b got=this x=zz ", id="small digits, and what is no encoding"),
    pytest.param(mail("C:\\a=b\\c.exe", QP), "C:\\a=b\\c.exe", id="not encoded at all, in a file name"),
    pytest.param(mail(b"caf\xc3\xa9 =C3=A1", QP), "café á", id="half of it encoded"),
    pytest.param(mail(b"Definici=C3=\r\n=B3n", QP), "Definición", id="a character cut by a soft break"),
    pytest.param(mail(b"Definici=C3\r\n=B3n", QP), "Definició\nn", id="a character cut by a hard break"),
    pytest.param(mail(b"5 =E2=82\r\n=AC net=C3\r\n\r\nx", QP), "5 €\n net\ufffd\n\nx", id="three octets cut, and one lost"),
    pytest.param(mail("a=3Db", "Content-Transfer-Encoding: 8bit"), "a=3Db", id="8bit is not decoded"),
    pytest.param(mail("a=3Db", "Content-Transfer-Encoding: x-nobody"), "a=3Db", id="nor is what nobody knows"),
    pytest.param(
        mail("U2Vy\ndmVyI\nHBvb3I=\n\n-- \nlist footer, added by a relay", "Content-Transfer-Encoding: base64"),
        "Server poor\n\n-- \nlist footer, added by a relay",
        id="base64 with a footer of words",
    ),
    pytest.param(
        mail("U2Vy\ndmVyI\nHBvb3\n\n-- \nlist footer, added by a relay", "Content-Transfer-Encoding: base64"),
        "U2Vy\ndmVyI\nHBvb3\n\n-- \nlist footer, added by a relay",
        id="broken base64 with a footer: shown as it is, nothing lost",
    ),
    pytest.param(
        mail(base64.encodebytes(SPANISH.encode("cp1252")), "Content-Transfer-Encoding: BASE64", "Content-Type: text/plain"),
        SPANISH,
        id="base64 of Windows-1252 without a charset",
    ),
    pytest.param(mail("U2VydmVyIHBvb3I=\n====", "Content-Transfer-Encoding: base64"), "Server poor", id="too much padding"),
]


def charset(name: str, octets: bytes) -> bytes:
    return mail(octets, f"Content-Type: text/plain; charset={name}")


CHARSETS = [
    pytest.param(charset("cp-850", "acción ñ".encode("cp850")), "acción ñ", id="cp-850"),
    pytest.param(charset("ansi", SPANISH.encode("cp1252")), SPANISH, id="ansi"),
    pytest.param(charset("x-unknown", SPANISH.encode("cp1252")), SPANISH, id="x-unknown"),
    pytest.param(charset("unknown-8bit", SPANISH.encode()), SPANISH, id="unknown-8bit that is UTF-8"),
    pytest.param(charset("_iso-2022-jp$ESC", "ウイルス".encode("iso2022_jp")), "ウイルス", id="ISO 2022 by its escapes"),
    pytest.param(mail("ウイルス".encode("iso2022_jp"), "Subject: s"), "ウイルス", id="ISO 2022 without a type"),
    pytest.param(charset("euc-jp", "ウイルス".encode("euc_jp")), "ウイルス", id="euc-jp"),
    pytest.param(charset("hz-gb-2312", b"~{<:Ky2;~}"), "~{<:Ky2;~}", id="a name that is not known, in 7 bits"),
    pytest.param(charset("koi8-r", "Обнаружен вирус".encode("koi8_r")), "Обнаружен вирус", id="koi8-r"),
    pytest.param(
        mail(base64.b64encode("Server mál".encode("utf-16-le")), "Content-Transfer-Encoding: base64"),
        "Server mál",
        id="UTF-16 that does not say so",
    ),
    pytest.param(
        mail(
            base64.b64encode("Server poor".encode("utf-16-be")),
            "Content-Transfer-Encoding: base64",
            "Content-Type: text/plain; charset=us-ascii",
        ),
        "Server poor",
        id="UTF-16 that says it is ASCII",
    ),
    pytest.param(
        charset("utf-8", b"a\0b and not a word of UTF-16"), "a\ufffdb and not a word of UTF-16", id="a NUL is not UTF-16"
    ),
    pytest.param(charset("utf-16", b"Server \xc3\xa9 poor"), "Server é poor", id="UTF-8 that says UTF-16"),
    pytest.param(charset("utf-7", b"C++ is caf\xe9"), "C++ is café", id="Windows that says UTF-7"),
    pytest.param(
        mail("<html><meta charset=utf-16><p>Server poor</p>", "Content-Type: text/html"),
        "Server poor",
        id="HTML that was UTF-16 before it was sent",
    ),
    pytest.param(charset("utf-8", b"\x93Bad\x94 \x96 4 \x80"), "“Bad” – 4 €", id="Windows that says UTF-8"),
]


@pytest.mark.parametrize(("raw", "text"), [*MISTYPED, *HEADLESS, *ENCODED, *CHARSETS])
def test_a_sloppy_mail_is_read_as_it_was_meant(raw: bytes, text: str) -> None:
    assert read(raw).text == text


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        pytest.param(mail(b"MZ\x90\0\x03\0", OCTETS, "Subject: s"), "application/octet-stream", id="octets that are no words"),
        pytest.param(mail("words", f'{OCTETS}; name="a.txt"', "Subject: s"), "application/octet-stream", id="a file with a name"),
        pytest.param(
            mail("words", OCTETS, "Content-Disposition: attachment", "Subject: s"),
            "application/octet-stream",
            id="what says that it is attached",
        ),
        pytest.param(mail("words", "Content-Type: application/json", "Subject: s"), "application/json", id="another type"),
    ],
)
def test_what_is_a_file_stays_one(raw: bytes, kind: str) -> None:
    found = read(raw)
    assert (found.text, [one.content_type for one in found.attachments]) == ("", [kind])


def test_octets_beside_a_text_are_a_file_whatever_stands_in_them() -> None:
    found = read(parts("mixed", "\nbody", f"{OCTETS}\n\nwords"))
    assert (found.text, len(found.attachments)) == ("body", 1)


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        pytest.param("ウイルス".encode("iso2022_jp"), "ウイルス", id="raw ISO 2022"),
        pytest.param("Définitions périmées".encode("cp1252"), "Définitions périmées", id="raw Windows-1252"),
        pytest.param(b"=?utf-8?b?U2Vydm!VyIHBvb3I?= x", "Server poor x", id="broken base64 in a word"),
        pytest.param(b"=?utf-8?q?Acci=C3?= =?utf-8?q?=B3n?=", "Acción", id="a character cut between q words"),
        pytest.param(b"=?iso-8859-1?q?=93a=94?=", "“a”", id="Windows quotes in a word of latin 1"),
        pytest.param(b"=?gb2312?b?" + base64.b64encode("風险".encode("gb18030")) + b"?=", "風险", id="gb2312 that is more"),
        pytest.param(b'"=?utf-8?q?quoted?="', '"quoted"', id="a word in quotes"),
        pytest.param(b"=?utf-8?x?abc?=", "=?utf-8?x?abc?=", id="an encoding that does not exist"),
        pytest.param(b"a\x00b\x1bc", "a\ufffdb\ufffdc", id="control characters"),
    ],
)
def test_a_sloppy_subject_is_read_as_it_was_meant(value: bytes, subject: str) -> None:
    assert read(b"Subject: " + value + b"\r\n\r\ntext").subject == subject
