"""Which files of a directory are read as MIB files, and why others are not: plain files only, no links, within limits. What a
file is called decides nothing."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST_FILE = 4 << 20
"""Octets; the largest of vendors have about one megabyte."""
MOST_FILES = 2_000
MOST_OCTETS = 128 << 20
_DEEPEST = 8
_NO_FOLLOW = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Not blocking, because opening a FIFO would wait for a writer."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`name` is relative to the directory. `octets` is None when it is not read, and `reason` says why."""

    name: str
    octets: bytes | None
    reason: str = ""


def read_folder(folder: Path) -> Iterator[SourceFile]:
    """Every file of a directory and of those in it, in the order of their names; hidden ones are left out."""
    octets = 0
    for number, path in enumerate(_paths(folder, 0)):
        name = str(path.relative_to(folder))
        if number >= MOST_FILES or octets >= MOST_OCTETS:
            yield SourceFile(name, None, f"beyond the {MOST_FILES} files or {MOST_OCTETS >> 20} MB that are loaded at once")
            return
        found = _read(path, name)
        octets += len(found.octets or b"")
        yield found


def _paths(folder: Path, depth: int) -> Iterator[Path]:
    """Files, links and what cannot be listed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
            yield from _paths(folder / entry.name, depth + 1)
        else:
            yield folder / entry.name


def _read(path: Path, name: str) -> SourceFile:
    try:
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind):
            return SourceFile(name, None, "a symbolic link" if stat.S_ISLNK(kind) else "not a plain file")
        octets = _octets(os.open(path, _NO_FOLLOW))
    except OSError as error:
        return SourceFile(name, None, f"cannot be read: {error.strerror}")
    if len(octets) > LARGEST_FILE:
        return SourceFile(name, None, f"longer than {LARGEST_FILE >> 20} MB")
    return SourceFile(name, octets)


def _octets(descriptor: int) -> bytes:
    """One more than may be, when there are. Raise OSError, also when it is not what it was a moment ago."""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a plain file any more")
        return file.read(LARGEST_FILE + 1)
