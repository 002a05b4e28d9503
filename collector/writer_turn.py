"""Fairness between the writers of one SQLite file: who waits for the write lock says so, and `process`, which would otherwise
take it again at once, looks between its transactions. A courtesy only: correctness rests on the database's own lock."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MODE = 0o600


class WriterTurn:
    """The token is a lock on `path`, so the kernel takes it back from a waiter that dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold the token while waiting for the write lock; let it go as soon as the lock is there."""
        # a lock belongs to an open file, so every waiting thread opens its own
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def someone_waits(self) -> bool:
        """Whether another writer holds the token now. Two system calls."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def close(self) -> None:
        os.close(self._descriptor)
