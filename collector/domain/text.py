"""Text from outside: octets of no declared encoding read as text, and text made harmless for whoever looks at it. Whether octets
are text at all, and how much of a text is kept, is decided elsewhere."""

import codecs
import re

_WINDOWS_1252 = "".join(bytes((octet,)).decode("cp1252", "ignore") or chr(octet) for octet in range(256))
"""The five octets that Windows-1252 leaves empty are those of Latin-1, as Windows itself reads them."""
_LEAST_WIDE_OCTETS = 6
"""Shorter octets with zeros in between are more often numbers than text of two octets per character."""
_HOSTILE = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb"
    "\\ufffe\\uffff\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)
"""Controls but tab and newline, what changes the direction of the text around it (Unicode Standard Annex 9), what has no shape,
halves of surrogate pairs."""


def text_of(octets: bytes) -> str:
    """The octets as text, whatever they are: `unicode_of`, else `western_of`. Never raises.

    An OCTET STRING names no encoding (RFC 2579: DisplayString means ASCII; agents send their machine's code page).
    """
    text = unicode_of(octets)
    return western_of(octets) if text is None else text


def unicode_of(octets: bytes) -> str | None:
    """The octets as UTF-8, also when the last character was cut off, or as UTF-16 when a byte order mark begins them or nearly
    every other octet is zero; None when they are neither."""
    if b"\0" in octets:
        wide = _wide(octets)
        if wide is not None:
            return wide
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        return _damaged(octets, error)
    return text[1:] if text[:1] == "\ufeff" else text


def western_of(octets: bytes) -> str:
    """The octets as Windows-1252, where every octet is a character."""
    return codecs.charmap_decode(octets, "strict", _WINDOWS_1252)[0]


def _damaged(octets: bytes, error: UnicodeDecodeError) -> str | None:
    if octets[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return _decoded(octets, "utf-16")
    # Agents cut a text at so many octets, in the middle of a character too. Only one that came whole before tells it from
    # Windows-1252, where the same octet is a letter.
    whole = octets[: error.start]
    cut = error.reason == "unexpected end of data" and not whole.isascii()
    return whole.decode() + "\ufffd" if cut else None


def _wide(octets: bytes) -> str | None:
    """UTF-16 without a byte order mark: nearly every character of our languages has a zero octet, always on the same side."""
    trimmed = octets[:-2] if octets.endswith(b"\0\0") and len(octets) % 2 == 0 else octets
    size = len(trimmed)
    if size % 2 or size < _LEAST_WIDE_OCTETS:
        return None
    first, second = trimmed[::2], trimmed[1::2]
    for encoding, text, zeros in (("utf-16-le", first, second), ("utf-16-be", second, first)):
        if b"\0" not in text and zeros.count(0) * 4 >= len(zeros) * 3:
            wide = _decoded(trimmed, encoding)
            if wide is not None and not _HOSTILE.search(wide):
                return wide
    return None


def _decoded(octets: bytes, encoding: str) -> str | None:
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError:
        return None


def harmless(text: str) -> str:
    """`text` with every line end as a newline, and U+FFFD for each character that a terminal would obey, that turns or hides the
    text around it, or that JSON in UTF-8 cannot carry."""
    if text.isprintable():
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HOSTILE.sub("\ufffd", text)
