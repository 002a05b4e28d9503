"""What a decoded notification says in words: its text, and octets that are text. How much of it is kept or shown is decided
elsewhere."""

from collector.domain.mail import Mail
from collector.domain.trap import NotDecoded, Secured, Trap

OCTET_STRING = 0x04
_LINE_BREAKS = "\n\r\t"


def whole_text(decoded: Trap | Secured | Mail | NotDecoded | None) -> str | None:
    """A mail's body, or the first text among a trap's variables; None when there is none."""
    if isinstance(decoded, Mail):
        return storable(decoded.text)
    if isinstance(decoded, Trap):
        for _, tag, value in decoded.varbinds:
            if tag == OCTET_STRING and isinstance(value, bytes) and len(value) > 1:
                return octets_as_text(value) or value.decode("utf-8", "replace")
    return None


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
