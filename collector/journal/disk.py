"""The few calls by which the writer changes files, in one place so that tests can make a disk that fails. Reading is
elsewhere."""

import errno
import os
from pathlib import Path

from collector.domain.errors import JournalError, JournalFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Disk:
    """The real one. Every method raises OSError."""

    def create(self, path: Path) -> int:
        """A new file for reading and writing; its name survives a power cut once this returns."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self.sync_directory(path.parent)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def write(self, descriptor: int, octets: bytes | bytearray, at: int) -> None:
        """All of it, or OSError with any part of it written."""
        rest = memoryview(octets)
        while rest:
            written = os.pwrite(descriptor, rest, at)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            rest, at = rest[written:], at + written

    def sync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        os.ftruncate(descriptor, size)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_directory(self, path: Path) -> None:
        sync_directory(path)


def sync_directory(path: Path) -> None:
    """Make the names in the directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def journal_error(stream: object, error: OSError) -> JournalError:
    """What the disk's refusal means to those who write."""
    if error.errno in FULL:
        return JournalFull(f"{stream}: no room for the batch: {error.strerror}")
    return JournalError(f"{stream}: the disk refused the batch: {error.strerror}")
