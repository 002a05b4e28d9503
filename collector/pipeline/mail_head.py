"""The header fields of a mail as its last relay wrote them, for what is believed of them. What people read is decoded elsewhere,
with forgiveness; here there is none."""

import re
from collections.abc import Iterator

HEADER_OCTETS = 256 << 10
"""Nothing is looked for beyond this."""
FIELD_OCTETS = 16 << 10
"""A longer field is there and says nothing."""

_NAME = re.compile(rb"[!-9;-~]+")
_CONTROL = re.compile(rb"[\0-\x08\x0a-\x1f\x7f]")
_BLANKS = (b" ", b"\t")


def fields_of(raw: bytes) -> Iterator[tuple[str, str | None]]:
    """(name in small letters, unfolded value with octets as Latin 1) from the top; None for a value that is too long or holds a
    control character.

    Lines end in CR LF alone (RFC 5321 section 2.3.8). A relay that looks for forged fields takes a bare CR or LF for data or
    sends it on as CR LF, so one that is still there may hide a field from it. A line that is no field ends the header."""
    begin = 0
    while (end := _end_of_field(raw, begin)) > begin:
        name, colon, value = raw[begin:end].partition(b":")
        if not colon or not _NAME.fullmatch(name):
            return
        yield name.decode("ascii").lower(), _unfolded(value)
        begin = end + 2


def _end_of_field(raw: bytes, begin: int) -> int:
    """Where the CR LF stands that ends the field; -1 when it is not in sight."""
    end = raw.find(b"\r\n", begin, HEADER_OCTETS)
    while end > begin and raw[end + 2 : end + 3] in _BLANKS:
        end = raw.find(b"\r\n", end + 2, HEADER_OCTETS)
    return end


def _unfolded(value: bytes) -> str | None:
    """RFC 5322 section 2.2.3."""
    line = value.replace(b"\r\n", b"") if len(value) <= FIELD_OCTETS else None
    return None if line is None or _CONTROL.search(line) else line.decode("latin-1")
