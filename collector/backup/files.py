"""Copying, checking and syncing files of a backup."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

_PIECE = 1 << 20
Moved: TypeAlias = Callable[[int], None]
"""Told how many more octets have been read."""


def copy_file(source: Path, target: Path, *, octets: int | None = None, moved: Moved = lambda _: None) -> str:
    """Copy the first `octets` (None: all) into a new file of mode 0600 and sync it; return their SHA-256. Raise OSError,
    also when the source is shorter."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, os.fdopen(_new_file(target), "wb") as writing:
        left = os.fstat(reading.fileno()).st_size if octets is None else octets
        while left:
            piece = reading.read(min(left, _PIECE))
            if not piece:
                raise OSError(errno.EIO, f"{source.name} ends too early")
            digest.update(piece)
            writing.write(piece)
            moved(len(piece))
            left -= len(piece)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def write_file(target: Path, octets: bytes) -> None:
    """A new file of mode 0600, synced."""
    with os.fdopen(_new_file(target), "wb") as writing:
        writing.write(octets)
        writing.flush()
        os.fsync(writing.fileno())


def digest_of(path: Path, *, moved: Moved = lambda _: None) -> str:
    """SHA-256 of what is on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            moved(len(piece))
    return digest.hexdigest()


def sync(path: Path) -> None:
    """A file's octets, or a directory's names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
