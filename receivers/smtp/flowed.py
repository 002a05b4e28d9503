"""Text whose lines were broken for the way (RFC 3676, `format=flowed`), put together again. A pure function."""

from dataclasses import dataclass

_SIGNATURE = "-- "


@dataclass(slots=True)
class _Paragraph:
    depth: int
    pieces: list[str]
    is_open: bool


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Lines that end in a blank go on in the next one of the same quote depth. With `delete_space` (`DelSp`) that blank goes.

    Quotes keep one `>` for each level and a blank; the line before a signature never goes on (RFC 3676 section 4.3).
    """
    paragraphs: list[_Paragraph] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        depth, words = _unquoted(line)
        is_signature = words == _SIGNATURE
        goes_on = words.endswith(" ") and not is_signature
        if goes_on and delete_space:
            words = words[:-1]
        last = paragraphs[-1] if paragraphs else None
        if last is not None and last.is_open and last.depth == depth and not is_signature:
            last.pieces.append(words)
            last.is_open = goes_on
        else:
            paragraphs.append(_Paragraph(depth, [words], goes_on))
    return "\n".join(_shown(paragraph) for paragraph in paragraphs)


def _unquoted(line: str) -> tuple[int, str]:
    """Quote depth and the words behind the marks, without the blank they are stuffed with (section 4.4)."""
    words = line.lstrip(">")
    return len(line) - len(words), words.removeprefix(" ")


def _shown(paragraph: _Paragraph) -> str:
    words = "".join(paragraph.pieces)
    return f"{'>' * paragraph.depth} {words}" if paragraph.depth else words
