"""Refusals by reason, listener and peer on their way into the journal, so that they survive a kill. Used by the loop's thread
and, when the journal refuses, by the committing thread."""

import threading
from collections.abc import Mapping
from typing import TypeAlias

from collector.domain.clock import Clock
from collector.domain.item import ItemKind, Record, Tally, TallyReason
from collector.journal.envelope import encode_tally

MAX_KEYS = 1_000
"""Different (reason, listener, peer) between two reports; beyond that the peer is left out: strangers cannot fill the disk."""

Counts: TypeAlias = Mapping[tuple[TallyReason, str, str], int]


class Tallies:
    """What was refused since the last report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[TallyReason, str, str], int] = {}

    def add(self, reason: TallyReason, *, listener: str, peer: str) -> None:
        self.give_back({(reason, listener, peer): 1})

    def take(self) -> Counts:
        """All of them; they are gone from here."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def give_back(self, counts: Counts) -> None:
        """What could not be reported."""
        with self._lock:
            for (reason, listener, peer), count in counts.items():
                known = (reason, listener, peer) in self._counts or len(self._counts) < MAX_KEYS
                key = (reason, listener, peer if known else "")
                self._counts[key] = self._counts.get(key, 0) + count


def records(counts: Counts, clock: Clock) -> list[Record]:
    """One journal record for each count."""
    at, monotonic = clock.now_ns(), clock.monotonic_ns()
    return [
        Record(ItemKind.TALLY, at, monotonic, listener, peer, 0, encode_tally(Tally(reason, count)), b"")
        for (reason, listener, peer), count in counts.items()
    ]
