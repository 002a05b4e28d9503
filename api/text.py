"""Text that crosses the API: what callers may send, and how octets and stored text are shown."""

import unicodedata

_LINE_BREAKS = "\n\r\t"


def printable(text: str) -> str:
    """The text itself. Raise ValueError when it holds a control character other than tab and line breaks, or nothing visible."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in _LINE_BREAKS for char in text):
        raise ValueError("control characters are not allowed")
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def printable_line(text: str) -> str:
    """The same for text without line breaks."""
    if any(char in _LINE_BREAKS for char in text):
        raise ValueError("line breaks are not allowed")
    return printable(text)


def storable(text: str) -> str:
    """The text with every half of a surrogate pair replaced: JSON in UTF-8 cannot carry them."""
    return text.encode("utf-8", "replace").decode()


def octets_as_text(octets: bytes) -> str | None:
    """What an OCTET STRING says when it is text: UTF-8, else Windows-1252, NUL at its end dropped; None when it is not."""
    trimmed = octets.rstrip(b"\0")
    if octets and not trimmed:
        return None
    try:
        text = trimmed.decode()
    except UnicodeDecodeError:
        return _windows_text(trimmed)
    return text if _reads_as_text(text) else None


def _windows_text(octets: bytes) -> str | None:
    """Nearly every octet is a letter in Windows-1252, so hardware addresses would pass; text is mostly ASCII in our languages."""
    plain = sum(0x20 <= octet < 0x7F for octet in octets)
    if plain * 4 < len(octets) * 3:
        return None
    try:
        text = octets.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return text if _reads_as_text(text) else None


def _reads_as_text(text: str) -> bool:
    return not any((char < " " and char not in _LINE_BREAKS) or char == "\x7f" for char in text)
