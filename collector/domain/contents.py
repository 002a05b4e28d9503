"""What a decoded notification says in words: its text, and octets that are text. How much of it is kept or shown is decided
elsewhere."""

from collector.domain.mail import Mail
from collector.domain.text import harmless, text_of, unicode_of, western_of
from collector.domain.trap import NotDecoded, Secured, Trap

OCTET_STRING = 0x04
_LINE_BREAKS = "\n\r\t"


def whole_text(decoded: Trap | Secured | Mail | NotDecoded | None) -> str | None:
    """A mail's body, or the first text among a trap's variables, harmless to show; None when there is none."""
    if isinstance(decoded, Mail):
        return harmless(decoded.text)
    return trap_text(decoded) if isinstance(decoded, Trap) else None


def trap_text(trap: Trap, *, most: int = 65_536) -> str | None:
    """The first text among the variables, at most so many characters of it; without one, the first octets that are nearly
    text."""
    nearly: bytes | None = None
    for _, tag, value in trap.varbinds:
        if tag == OCTET_STRING and isinstance(value, bytes) and len(value) > 1:
            begin = value[: most * 4]
            text = octets_as_text(begin)
            if text:
                return text[:most]
            if nearly is None and _mostly_plain(begin):
                nearly = begin
    return None if nearly is None else harmless(text_of(nearly).rstrip("\0"))[:most]


def octets_as_text(octets: bytes) -> str | None:
    """What an OCTET STRING says when it is text: Unicode, else Windows-1252; harmless to show, NUL at its end dropped.

    None when it is not: controls other than line ends and tabs stand in it, or too few plain characters for Windows-1252, in
    which nearly every octet is a letter, so that hardware addresses would pass.
    """
    if octets.isascii() and (plain := octets.decode("ascii")).isprintable():  # nearly all of it
        return plain
    text = unicode_of(octets)
    if text is None:
        if not _mostly_plain(octets):
            return None
        text = western_of(octets)
    trimmed = text.rstrip("\0")
    if trimmed.isprintable():
        return trimmed if trimmed or not octets else None
    return None if any(_is_control(character) for character in trimmed) else harmless(trimmed)


def _is_control(character: str) -> bool:
    return (character < " " and character not in _LINE_BREAKS) or "\x7f" <= character <= "\x9f"


def _mostly_plain(octets: bytes) -> bool:
    """At least three of four octets are printable ASCII, as in every text of our languages."""
    return sum(0x20 <= octet < 0x7F for octet in octets) * 4 >= len(octets) * 3
