"""The durable end of a stream, published by its writer to every process of the machine through a small shared file."""

import mmap
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

_NAME = "end"
_WORDS = 4
_SIZE = 8 * _WORDS
_END, _ACTIVE, _OCTETS, _BOOT = range(_WORDS)


class Published(NamedTuple):
    """`end` is the newest durable sequence number; `octets` of the segment that begins at `active` are durable (0 when there
    is none)."""

    end: int
    active: int
    octets: int


class EndWord:
    """Four native, aligned 64-bit words in shared memory: each is stored and loaded in one piece.

    They are only believed within the boot they were written in: a power cut may leave old ones, which is why opening the writer
    looks at the segments and publishes anew. Nothing is synced here; what the words name was synced before they were stored.
    """

    def __init__(self, directory: Path, *, writable: bool) -> None:
        descriptor = os.open(directory / _NAME, (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC)
        try:
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self._map = mmap.mmap(descriptor, _SIZE, access=access)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("Q")

    @classmethod
    def create(cls, directory: Path) -> Self:
        """Real octets, not a hole: a full disk must not fail a store to the mapping later."""
        descriptor = os.open(directory / _NAME, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, bytes(_SIZE))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return cls(directory, writable=True)

    def is_current(self) -> bool:
        """Whether the words were published since the machine started."""
        return bool(self._words[_BOOT] == _boot())

    def published(self) -> Published:
        words = self._words
        while True:
            active = words[_ACTIVE]
            octets = words[_OCTETS]
            end = words[_END]
            if words[_ACTIVE] == active:
                return Published(end, active, octets)

    def begin_segment(self, first: int) -> None:
        """Octets first: whoever sees the new segment must not take the old one's size for it."""
        self._words[_OCTETS] = 0
        self._words[_ACTIVE] = first

    def advance(self, end: int, octets: int) -> None:
        self._words[_OCTETS] = octets
        self._words[_END] = end

    def restate(self, published: Published) -> None:
        """What the segments said after opening; from here on the words are to be believed."""
        if self.published().active != published.active:
            self.begin_segment(published.active)
        self.advance(published.end, published.octets)
        self._words[_BOOT] = _boot()

    def close(self) -> None:
        self._words.release()
        self._map.close()


@cache
def _boot() -> int:
    """A number of the machine's present boot, never 0."""
    identity = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return int(identity.replace("-", "")[:15], 16) + 1
