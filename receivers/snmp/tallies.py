"""Counts of datagrams that were not stored, on their way into the journal as records of their own, so that they survive a kill.
Nothing is decided here about what is stored."""

import threading
from collections.abc import Mapping
from typing import TypeAlias

from collector.domain.clock import Clock
from collector.domain.errors import JournalError
from collector.domain.item import ItemKind, Record, Tally, TallyReason
from collector.journal.envelope import encode_tally
from collector.journal.interface import JournalWriter
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.drops import DropLedger

MAX_KEYS = 1_000
"""Different (reason, listener, peer) between two reports; beyond that the peer is left out: strangers cannot fill memory."""

_Key: TypeAlias = tuple[TallyReason, str, str]
"""Reason, listener, peer."""


class Tallies:
    """What was not stored since the last report. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[_Key, Tally] = {}

    def add(self, reason: TallyReason, listener: str, *, peer: str = "", count: int = 1, per_second: int = 0) -> None:
        with self._lock:
            self._add((reason, listener, peer), count, per_second)

    def take(self) -> dict[_Key, Tally]:
        """All of them; they are gone from here."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def give_back(self, counts: Mapping[_Key, Tally]) -> None:
        """What could not be reported."""
        with self._lock:
            for key, tally in counts.items():
                self._add(key, tally.count, tally.per_second)

    def _add(self, key: _Key, count: int, per_second: int) -> None:
        if key not in self._counts and len(self._counts) >= MAX_KEYS:
            key = (key[0], key[1], "")
        known = self._counts.get(key)
        if known is not None:
            count, per_second = known.count + count, max(known.per_second, per_second)
        self._counts[key] = Tally(key[0], count, per_second)


class TallyReport:
    """Writes tallies and kernel drops to the main lane. For the thread that owns the lane."""

    def __init__(
        self, tallies: Tallies, ledger: DropLedger, *, journal: JournalWriter, clock: Clock, counters: SnmpCounters
    ) -> None:
        self._tallies = tallies
        self._ledger = ledger
        self._journal = journal
        self._clock = clock
        self._counters = counters

    def write(self) -> bool:
        """Append what there is, durably; return whether anything was appended. What the journal refuses is kept for next time."""
        drops = self._ledger.untold()
        for name, listener in self._counters.listeners.items():
            listener.kernel_drops = self._ledger.total(name) + drops.get(name, 0)
        counts = self._tallies.take()
        records = [self._record(tally, listener, peer=peer) for (_, listener, peer), tally in counts.items()]
        records += [self._record(Tally(TallyReason.KERNEL_DROP, count), listener) for listener, count in drops.items()]
        if not records:
            return False
        if drops:
            self._ledger.begin(drops, self._journal.next_seq)
        try:
            self._journal.append(records)
        except JournalError:
            self._tallies.give_back(counts)
            if drops:
                self._ledger.withdraw(self._journal.next_seq)
            return False
        self._ledger.settle(drops)
        return True

    def _record(self, tally: Tally, listener: str, *, peer: str = "") -> Record:
        encoded = encode_tally(tally)
        return Record(ItemKind.TALLY, self._clock.now_ns(), self._clock.monotonic_ns(), listener, peer, 0, encoded, b"")
