"""Text whose lines were broken for the way (RFC 3676, `format=flowed`), put together again. A pure function."""

_SIGNATURE = "-- "


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Lines that end in a blank go on in the next one of the same quote depth. With `delete_space` (`DelSp`) that blank goes.

    Quotes keep one `>` for each level and a blank; the line before a signature never goes on (RFC 3676 section 4.3).
    """
    shown: list[str] = []
    pieces: list[str] = []
    open_at = 0  # the quote depth of the paragraph that goes on
    for line in text.replace("\r\n", "\n").split("\n"):
        depth, words = _unquoted(line)
        is_signature = words == _SIGNATURE
        goes_on = words.endswith(" ") and not is_signature
        if pieces and (is_signature or depth != open_at):
            shown.append(_shown(open_at, pieces))
            pieces.clear()
        pieces.append(words[:-1] if goes_on and delete_space else words)
        open_at = depth
        if not goes_on:
            shown.append(_shown(depth, pieces))
            pieces.clear()
    if pieces:
        shown.append(_shown(open_at, pieces))
    return "\n".join(shown)


def _unquoted(line: str) -> tuple[int, str]:
    """Quote depth and the words behind the marks, without the blank they are stuffed with (section 4.4)."""
    words = line.lstrip(">")
    return len(line) - len(words), words.removeprefix(" ")


def _shown(depth: int, pieces: list[str]) -> str:
    words = "".join(pieces)
    return f"{'>' * depth} {words}" if depth else words
