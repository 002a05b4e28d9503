"""Text that callers may send."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

_LINE_BREAKS = "\n\r\t"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


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


def moment(value: Any) -> datetime:
    """A time with its offset (RFC 3339, 5.6), as UTC. Raise ValueError for anything else."""
    text = str(value)
    try:
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)  # OverflowError at the ends of the calendar
    except (ValueError, OverflowError):
        pass
    raise ValueError("must be a time such as 2026-03-02T12:00:00Z")
