"""Where in a segment a sequence number lies, roughly: one entry per 64 KiB. Closed segments keep theirs in a side file,
which may be lost or damaged at any time: it is made again from the segment."""

import os
import struct
from bisect import bisect_right
from pathlib import Path
from zlib import crc32

from collector.journal.frames import Header
from collector.journal.segments import Window

_EVERY = 64 << 10
_HEAD = struct.Struct("<8sqQII")
_MAGIC = b"CJINDEX1"


class SparseIndex:
    """`scanned` octets of the segment are covered; `newest_ns` is the latest arrival time among them, None when there is none."""

    def __init__(self) -> None:
        self.scanned = 0
        self.newest_ns: int | None = None
        self._firsts: list[int] = []
        self._offsets: list[int] = []

    def note(self, at: int, header: Header) -> None:
        """A frame lies at `at`. Frames are noted in order."""
        if not self._offsets or at - self._offsets[-1] >= _EVERY:
            self._firsts.append(header.first)
            self._offsets.append(at)
        self.newest_ns = header.newest_ns if self.newest_ns is None else max(self.newest_ns, header.newest_ns)
        self.scanned = at + header.size

    def offset(self, seq: int) -> int:
        """A frame begins here at or before the one that holds `seq`, if any holds it."""
        found = bisect_right(self._firsts, seq) - 1
        return self._offsets[found] if found >= 0 else 0

    def extend(self, window: Window, stop: int, bound: int) -> None:
        """Cover the segment up to `stop`; frames from sequence number `bound` on belong to the next segment and are left out."""
        while (found := window.next_frame(self.scanned, stop)) and found[1].first < bound:
            self.note(*found)
        self.scanned = max(self.scanned, stop)

    def save(self, path: Path) -> None:
        """Best effort, in one step: a full disk leaves no side file, and the next reader makes it again."""
        count = len(self._firsts)
        newest = -1 if self.newest_ns is None else self.newest_ns
        body = struct.pack(f"<{2 * count}Q", *self._firsts, *self._offsets)
        stored = _HEAD.pack(_MAGIC, newest, self.scanned, count, crc32(body)) + body
        temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(stored + crc32(stored).to_bytes(4, "little"))
            temporary.replace(path)
        except OSError:
            _remove_quietly(temporary)

    @classmethod
    def load(cls, path: Path, size: int) -> "SparseIndex | None":
        """The stored index of a segment of `size` octets, or None when there is none that can be believed."""
        try:
            stored = path.read_bytes()
            _, newest, scanned, count, _ = _HEAD.unpack_from(stored)
            numbers = struct.unpack_from(f"<{2 * count}Q", stored, _HEAD.size)
        except (OSError, struct.error):
            return None
        if crc32(stored[:-4]).to_bytes(4, "little") != stored[-4:] or not stored.startswith(_MAGIC) or scanned > size:
            return None
        index = cls()
        index.scanned = scanned
        index.newest_ns = newest if count else None
        index._firsts, index._offsets = list(numbers[:count]), list(numbers[count:])
        return index


def _remove_quietly(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return
