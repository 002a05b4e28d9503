"""Streams that have ended: read and processed like the others, never written again; their lanes go on in other streams. They came
from a backup, and their numbers after it were given out by the journal that it was taken from, or their receiver is no more."""

import os
from pathlib import Path

_NAME = "ended"
_TEMPORARY = "ended.new"


def end_of(directory: Path) -> int | None:
    """The last number of an ended stream, None for one that goes on. Raise ValueError when the mark is damaged."""
    try:
        return int((directory / _NAME).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def is_ended(directory: Path) -> bool:
    return (directory / _NAME).exists()


def mark_ended(directory: Path, end: int) -> None:
    """Nobody writes the stream. The caller syncs the directory."""
    temporary = directory / _TEMPORARY
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(str(end))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / _NAME)
