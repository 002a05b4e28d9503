"""Mails as no standard allows, each made from a seed, and bombs: the same ones in every run. Each ends in CR LF, so that a
dialogue adds nothing to it."""

import base64
import io
import quopri
import random
import zipfile
from collections.abc import Callable, Iterator

from tests import tnef_kit as kit

SEEDS = range(300)
WORDS = (
    "Risk name: Trojan.Gen.MBT",
    "Nombre del riesgo: EICAR «prueba»",
    "Ação tomada: não excluído",
    "Nom d’utilisateur : Système",
    "リスク名 ウイルスが見つかりました",
    "发现病毒",
    "C:\\Windows\\System32\\drivers\\etc\\hosts=3D",
    "<table><tr><td>Host</td><td>PC-1</td></tr></table>",
    "<script>alert(1)</script><p>&amp;lt;b&gt;",
    "\x00\x07\u202egnp.exe",
    ".",
    "..",
    "From the console",
    "--b",
    "--b--",
    "begin 644 winmail.dat",
    "=?utf-8?b?4oI=?=",
    "-----BEGIN PGP MESSAGE-----",
)
TYPES = (
    "text/plain",
    "text/html",
    "TEXT/Plain; charset",
    "text/plain; charset=utf-8; format=flowed; delsp=yes",
    "text/plain; charset=gb2312",
    "text/plain; charset=utf-7",
    'text/html; charset="iso-8859-1',
    "text/plain; charset=../../etc/passwd",
    "application/octet-stream",
    "application/pkcs7-mime; smime-type=enveloped-data",
    "application/ms-tnef; name=winmail.dat",
    "application/zip; name*0*=utf-8''%2e%2e%2f; name*1=bomb.zip",
    "message/rfc822",
    "message/partial; id=1; number=1; total=2",
    "message/external-body; access-type=URL; url=http://192.0.2.1/",
    "multipart/mixed; boundary=b",
    "multipart/alternative; boundary=b",
    'multipart/related; boundary="b"',
    "multipart/signed; boundary=b; protocol=x/y",
    "multipart/digest; boundary=b",
    "multipart/mixed",
    "multipart/mixed; boundary=" + "x" * 500,
    "text",
    ";;;",
    "/",
)
ENCODINGS = ("7bit", "8bit", "binary", "base64", "quoted-printable", "QUOTED-PRINTABLE;", "x-uuencode", "base64 quoted-printable")
CHARSETS = ("utf-8", "cp1252", "gb18030", "utf-16-le", "iso2022_jp", "cp850", "utf-7")


def nasty(seed: int) -> bytes:
    """A mail that is broken in some ways at once."""
    chance = random.Random(seed)
    octets = _header(chance) + _part(chance, depth=0)
    for _ in range(chance.randrange(4)):
        octets = chance.choice(_DAMAGES)(chance, octets)
    return octets + b"\r\n"


def _header(chance: random.Random) -> bytes:
    subjects = ("Server Health Alert", "=?utf-8?q?Evento_de_riesgo?=", "=?x?b?=?=", "Definições", "", "a\r\n b\r\n\tc", "(" * 999)
    lines = [f"Subject: {chance.choice(subjects)}", f"From: {chance.choice(subjects)}", "Message-ID: <1@x.example>"]
    chance.shuffle(lines)
    header = "".join(f"{line}\r\n" for line in lines[: chance.randrange(4)])
    return header.encode(chance.choice(("utf-8", "cp1252")), "replace")


def _part(chance: random.Random, *, depth: int) -> bytes:
    kind, encoding = chance.choice(TYPES), chance.choice(ENCODINGS)
    head = f"Content-Type: {kind}\r\n" if chance.random() < 0.8 else ""
    head += f"Content-Transfer-Encoding: {encoding}\r\n" if chance.random() < 0.6 else ""
    head += 'Content-Disposition: attachment; filename="../x\x00.exe"\r\n' if chance.random() < 0.2 else ""
    if depth < 12 and ("multipart" in kind or "rfc822" in kind):
        count = chance.choice((0, 1, 2, 3))
        body = b"".join(b"--b\r\n" + _part(chance, depth=depth + 1) + b"\r\n" for _ in range(count)) + b"--b--\r\n"
        body = body if "multipart" in kind else _header(chance) + _part(chance, depth=depth + 1)
    else:
        body = _encoded(chance, encoding, _leaf(chance))
    return head.encode("utf-8") + (b"\r\n" if chance.random() < 0.95 else b"") + body


def _leaf(chance: random.Random) -> bytes:
    text = "\r\n".join(chance.choice(WORDS) for _ in range(chance.randrange(30)))
    if chance.random() < 0.2:
        return kit.message(kit.text(text), *kit.html(text.encode()), kit.rtf(b"{\\rtf1 " + text.encode("cp1252", "replace")))
    return text.encode(chance.choice(CHARSETS), "replace")


def _encoded(chance: random.Random, encoding: str, octets: bytes) -> bytes:
    """As the header says, or not."""
    told = encoding if chance.random() < 0.8 else chance.choice(ENCODINGS)
    if told.lower().startswith("quoted"):
        return quopri.encodestring(octets)
    return base64.encodebytes(octets) if told.startswith("base64") else octets


def _flipped(chance: random.Random, octets: bytes) -> bytes:
    changed = bytearray(octets)
    for _ in range(1 + len(changed) // 50):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: random.Random, octets: bytes) -> bytes:
    return octets[: chance.randrange(len(octets) + 1)]


def _doubled(chance: random.Random, octets: bytes) -> bytes:
    at = chance.randrange(len(octets) + 1)
    return octets[:at] + octets[at // 2 :]


def _bare(chance: random.Random, octets: bytes) -> bytes:
    return octets.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\n\r", b"\r\n\r\n")))


def _stuffed(chance: random.Random, octets: bytes) -> bytes:
    at = chance.randrange(len(octets) + 1)
    piece = chance.choice((b"\x00", b" ", b"=", b"--b\r\n", b"<", b"&amp;", b"\\{", b"=?utf-8?q?a?= ", b"x-y: z\r\n"))
    return octets[:at] + piece * chance.randrange(1, 5_000) + octets[at:]


_DAMAGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (_flipped, _cut, _doubled, _bare, _stuffed)


def bombs() -> Iterator[tuple[str, bytes]]:
    """(name, mail) of those that bring parsers to their knees."""
    for name, octets in _bombs():
        yield name, octets + b"\r\n"


def large_bombs(size: int) -> Iterator[tuple[str, bytes]]:
    """(name, mail) of those that cost by the octet, nearly as large as `size`."""
    flowed, html = "text/plain; format=flowed", "text/html"
    for name, kind, encoding, piece in (
        ("elements", html, "8bit", b"<div>"),
        ("cells", html, "8bit", b"<td>a"),
        ("entities", html, "8bit", b"&lt;"),
        ("flowed text", flowed, "8bit", b"> a \r\n"),
        ("letters", "text/plain", "8bit", "ñ".encode()),
        ("bare CR", "text/plain", "8bit", b"\r"),
        ("padding", "text/plain", "base64", b"QQ=="),
        ("short lines", "text/plain", "base64", b"aa\r\n"),
        ("short blocks", "application/zip", "base64", b"QUFBQUFBQUFBQUE="),
        ("empty lines", flowed, "8bit", b"\r\n"),
        ("cut characters", "text/plain", "8bit", b"\xc3\n\xa9"),
        ("digits", "text/plain", "quoted-printable", b"=41"),
        ("soft breaks", "text/plain", "quoted-printable", b"=  \r\n"),
        ("almost delimiters", "multipart/mixed; boundary=b", "8bit", b"--bx\r\n"),
        ("attachments of a winmail", "application/ms-tnef", "8bit", kit.attribute(kit.ATTACH_BEGINS, b"")),
    ):
        head = f"Subject: s\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        head += kit.tnef() if "tnef" in kind else b""
        yield name, head + piece * ((size - len(head)) // len(piece))


def zip_bomb() -> bytes:
    """A mail with an archive of 200 MB of zeros."""
    zipped = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    head = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return head + b"--b\r\n\r\nrow\r\n--b\r\n" + zipped + base64.encodebytes(_zip_bomb()) + b"\r\n--b--\r\n"


def _bombs() -> Iterator[tuple[str, bytes]]:
    text = b"\r\n\r\nx\r\n"
    html = b"Subject: s\r\nContent-Type: text/html\r\n\r\n"
    mixed = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(1_000))
    packed = b"Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    yield "nested parts", b"Subject: s\r\n" + nested + text
    yield "mails in mails", b"Content-Type: message/rfc822\r\n\r\n" * 1_000 + text
    yield "encoded words", b"Subject:" + b" =?utf-8?q?a?=" * 20_000 + text
    yield "encoded words of all charsets", b"Subject:" + b" =?utf-8?b?4oI=?= =?gb2312?q?=81?=" * 10_000 + text
    yield "parentheses in From", b"Subject: s\r\nFrom: " + b"(" * 4_000_000 + text
    yield "header fields", b"".join(b"X-%d: y\r\n" % number for number in range(300_000)) + text
    yield "folded header", b"Subject: s" + b"\r\n a" * 500_000 + text
    yield "parameters", b"Content-Type: text/plain" + b'; a="\\"' * 300_000 + text
    yield "parts", mixed + b"--b\r\n\r\nx\r\n" * 300_000
    yield "almost delimiters", mixed + b"--bx\r\n" * 600_000
    yield "delimiters alone", mixed + b"--b\r\n" * 600_000
    yield "elements never closed", html + b"<div>" * 800_000 + b"\r\n"
    yield "quotes never closed", html + b'<a "' * 800_000 + b"\r\n"
    yield "comments never closed", html + b"<!--" * 800_000 + b"\r\n"
    yield "entities", html + b"&amp;" * 800_000 + b"\r\n"
    yield "quotes of flowed text", b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"> \r\n>> \r\n" * 400_000
    yield "soft breaks", b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=  \r\n" * 700_000
    yield "padding", b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==" * 1_000_000 + b"\r\n"
    yield "RTF", packed + base64.encodebytes(kit.message(kit.rtf(b"{\\rtf1" + b"{\\u1 ?\\'e1" * 250_000)))
    yield "RTF that unpacks without end", packed + base64.encodebytes(kit.message((kit.PR_RTF, kit.BINARY, _endless_rtf())))
    yield "winmails", mixed + (b"--b\r\n" + packed + base64.encodebytes(kit.message(kit.text("x" * 20_000)))) * 100
    yield "a zip of 200 MB", zip_bomb()


def _endless_rtf() -> bytes:
    """Each two octets of tokens give sixteen of text."""
    header = kit.packed(b"")[:16]
    return header + b"\0aaaaaaaa" + (b"\xff" + b"\x0c\xfe" * 8) * 100_000


def _zip_bomb() -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open("zeros", "w") as member:
        for _ in range(200):
            member.write(bytes(1 << 20))
    return octets.getvalue()
