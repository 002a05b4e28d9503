"""Header fields of a mail part: splitting, encoded words, parameters. Linear in the length whatever stands there.
What a field means is decided elsewhere."""

import binascii
import re
from urllib.parse import unquote_to_bytes

from receivers.smtp import charset
from receivers.smtp.characters import one_line

Fields = dict[str, list[bytes]]
"""Lower-case name to raw values in order, unfolded nowhere yet."""

FIELD_OCTETS = 16 << 10
"""No field is looked at beyond this."""

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_UNIX_FROM = re.compile(rb">?From [^\n]*\n")
_ENCODED_WORD = re.compile(rb"=\?([A-Za-z0-9_.:+-]{1,64})(?:\*[A-Za-z0-9-]{0,32})?\?([bBqQ])\?([^?]*+)\?=")
_PARAMETER = re.compile(r"""[;\s]([A-Za-z0-9_.*-]{1,64}+)\s*+=\s*+("(?:[^"\\]++|\\.)*+"?|[^;"]*+)""")
_MEDIA_TYPE = re.compile(rb"\s*+([A-Za-z0-9!#$&^_.+-]{1,127})/([A-Za-z0-9!#$&^_.+-]{1,127})")
_OF_A_MAIL = frozenset(
    {"from", "to", "cc", "bcc", "date", "subject", "sender", "received", "return-path", "delivered-to", "reply-to"}
)
_OF_A_MAIL |= {
    "message-id",
    "references",
    "in-reply-to",
    "mime-version",
    "precedence",
    "importance",
    "priority",
    "auto-submitted",
}
_OF_A_MAIL |= {"authentication-results", "dkim-signature", "thread-topic", "user-agent"}
_PREFIXES_OF_A_MAIL = ("x-", "content-", "list-", "resent-", "arc-")
_LONG = 64 << 10
_BLANKS = b" \t\n\r\v\f"
_ONLY_BASE64 = re.compile(rb"[A-Za-z0-9+/\n]++={0,2}\n*+")
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))


def split(buffer: bytes, start: int, end: int, *, limit: int) -> tuple[Fields, int, bool]:
    """Fields, the index where the body begins, and whether `limit` octets were not enough for all fields.

    `buffer` has `\\n` line ends. A line that is no field ends the header: what follows is text, not lost.
    """
    fields: Fields = {}
    stop = min(end, start + limit)
    if match := _UNIX_FROM.match(buffer, start, stop):
        start = match.end()
    while match := _FIELD.match(buffer, start, stop):
        fields.setdefault(match[1].decode("ascii").lower(), []).append(match[2])
        start = match.end()
    if stop < end and (start >= stop or _FIELD.match(buffer, start, end)):
        blank = buffer.find(b"\n\n", stop - 1, end)
        return fields, (end if blank < 0 else blank + 2), True
    return fields, (start + 1 if buffer.startswith(b"\n", start, end) else start), False


def are_of_a_mail(fields: Fields) -> bool:
    """Whether any field is one that mails have; also when there is none."""
    return not fields or any(name in _OF_A_MAIL or name.startswith(_PREFIXES_OF_A_MAIL) for name in fields)


def first(fields: Fields, name: str) -> bytes:
    """The first value of a field, cut at FIELD_OCTETS; empty when there is none."""
    values = fields.get(name)
    return values[0][:FIELD_OCTETS] if values else b""


def text(value: bytes, limit: int, *, hint: str = "") -> str:
    """A value for people: unfolded, encoded words resolved, raw octets read as UTF-8, else as `hint`, else as Windows-1252."""
    return one_line(decoded(value, hint=hint), limit)


def decoded(value: bytes, *, hint: str = "") -> str:
    """Encoded words (RFC 2047) and raw text. Neighbours of one charset are joined before decoding: senders cut characters."""
    if b"=?" not in value:
        return _raw(value, hint)
    pieces: list[str] = []
    run, run_charset, at = b"", "", 0
    for match in _ENCODED_WORD.finditer(value):
        gap, name = value[at : match.start()], match[1].decode("ascii").lower()
        at = match.end()
        if run_charset and (gap.strip() or name != run_charset):
            pieces.append(charset.to_text(run, run_charset))
            run = b""
        if gap.strip() or not run_charset:
            pieces.append(_raw(gap, hint))
        run += _word(match[2], match[3])
        run_charset = name
    pieces += [charset.to_text(run, run_charset), _raw(value[at:], hint)]
    return "".join(pieces)


def media_type(value: bytes) -> str:
    """`type/subtype` in lower case, or "" when the value is none."""
    match = _MEDIA_TYPE.match(value)
    return f"{match[1].decode('ascii')}/{match[2].decode('ascii')}".lower() if match else ""


def parameters(value: bytes) -> dict[str, str]:
    """Parameters of a Content-* field, unquoted, octets as Latin 1. The first of a name counts; a missing `;` is forgiven."""
    found: dict[str, str] = {}
    for name, raw in _PARAMETER.findall(value.decode("latin-1")):
        if raw.startswith('"'):
            raw = re.sub(r"\\(.)", r"\1", raw.strip('"'), flags=re.DOTALL)
        found.setdefault(name.lower(), raw.strip())
    return found


def file_name(found: dict[str, str], name: str) -> str:
    """A file name parameter: RFC 2231 (charset, continuations), else encoded words, else raw octets. Data, never a path."""
    if name in found:
        return one_line(decoded(found[name].encode("latin-1")), 255)
    if f"{name}*" in found:
        return one_line(_extended(found[f"{name}*"]), 255)
    pieces, index = [], 0
    while index < 100:
        encoded = found.get(f"{name}*{index}*")
        piece = encoded if encoded is not None else found.get(f"{name}*{index}")
        if piece is None:
            break
        pieces.append(piece if encoded is not None else piece.replace("%", "%25"))
        index += 1
    return one_line(_extended("".join(pieces)), 255)


def base64(octets: bytes) -> bytes:
    """Base64 as far as it goes: strange characters, missing padding and several padded blocks in a row are forgiven.

    What is no base64 for the most part (a plain text with the wrong label, padding without end) comes back as it was, and so
    does what a relay has written below. No list of lines or blocks: millions of them would take fifty times their size.
    """
    lines, blank_line, below = octets.lstrip().partition(b"\n\n")
    if blank_line and b" " in below.strip() and _is_whole_base64(lines):
        return base64(lines) + blank_line + below
    compact = octets.translate(None, _BLANKS)
    clean = compact.translate(None, _NOT_BASE64)
    if len(compact) - len(clean) > len(compact) // 10 or (len(octets) > 16 and octets.count(b" ") * 10 > len(octets)):
        return octets
    if len(clean) > _LONG and clean.count(b"=") * 16 > len(clean):
        return octets
    decoded, at = bytearray(), 0
    while at < len(clean):
        stop = clean.find(b"=", at) % (len(clean) + 1)
        if stop - at > 1:
            decoded += binascii.a2b_base64(_padded(clean[at:stop]))
        at = stop + 1
    return bytes(decoded)


def _is_whole_base64(lines: bytes) -> bool:
    return _ONLY_BASE64.fullmatch(lines) is not None and (len(lines) - lines.count(b"\n")) % 4 == 0


def _padded(block: bytes) -> bytes:
    block = block[: len(block) - (len(block) % 4 == 1)]
    return block + b"=" * (-len(block) % 4)


def _word(encoding: bytes, body: bytes) -> bytes:
    if encoding in b"bB":
        return base64(body)
    return binascii.a2b_qp(body.replace(b"_", b" "))


def _raw(octets: bytes, hint: str) -> str:
    if octets.isascii():
        return charset.to_text(octets) if b"\x1b" in octets else octets.decode("ascii")
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        return charset.to_text(octets, hint or "cp1252")


def _extended(value: str) -> str:
    name, tick, rest = value.partition("'")
    _, tick, body = rest.partition("'") if tick else ("", "", "")
    return charset.to_text(unquote_to_bytes((body if tick else value).encode("latin-1")), name if tick else "")
