"""Whether the journal's disk has room for more of what can be asked for again later."""

import os
from collections.abc import Iterable
from pathlib import Path

from collector.domain.clock import Clock
from collector.metrics import Family

_MAX_RESERVE = 64 << 20
_RESERVE_SHARE = 20
_ASK_AGAIN_NS = 100_000_000


class Room:
    """Keeps a reserve (5 % of the disk, at most 64 MiB) for traps, which nobody repeats, and for the store, which must go on
    writing while mails and informs wait with their senders."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._asked_ns = -_ASK_AGAIN_NS
        self._free = 0
        self._reserve = 0

    def has(self, octets: int = 0) -> bool:
        """Whether so much can be stored above the reserve. The disk is asked ten times a second at most."""
        now = self._clock.monotonic_ns()
        if now - self._asked_ns >= _ASK_AGAIN_NS:
            size, self._free = self._ask()
            self._reserve = min(_MAX_RESERVE, size // _RESERVE_SHARE)
            self._asked_ns = now
        return self._free - octets > self._reserve

    def families(self) -> Iterable[Family]:
        size, free = self._ask()
        yield Family("collector_journal_disk_bytes", "Size of the journal's disk.", "gauge", (), [((), size)])
        yield Family("collector_journal_disk_free_bytes", "What is free of it for the collector.", "gauge", (), [((), free)])

    def _ask(self) -> tuple[int, int]:
        """Size and what is free for us, in octets."""
        state = os.statvfs(self._directory)
        return state.f_blocks * state.f_frsize, state.f_bavail * state.f_frsize
