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

_Counts: TypeAlias = dict[tuple[TallyReason, str, str], int]


class Tallies:
    """What was not stored since the last report. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: _Counts = {}

    def add(self, reason: TallyReason, listener: str, *, peer: str = "", count: int = 1) -> None:
        with self._lock:
            self._add((reason, listener, peer), count)

    def take(self) -> _Counts:
        """All of them; they are gone from here."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return taken

    def give_back(self, counts: Mapping[tuple[TallyReason, str, str], int]) -> None:
        """What could not be reported."""
        with self._lock:
            for key, count in counts.items():
                self._add(key, count)

    def _add(self, key: tuple[TallyReason, str, str], count: int) -> None:
        if key not in self._counts and len(self._counts) >= MAX_KEYS:
            key = (key[0], key[1], "")
        self._counts[key] = self._counts.get(key, 0) + count


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
        records = [self._record(reason, listener, peer=peer, count=count) for (reason, listener, peer), count in counts.items()]
        records += [self._record(TallyReason.KERNEL_DROP, listener, peer="", count=count) for listener, count in drops.items()]
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

    def _record(self, reason: TallyReason, listener: str, *, peer: str, count: int) -> Record:
        tally = encode_tally(Tally(reason, count))
        return Record(ItemKind.TALLY, self._clock.now_ns(), self._clock.monotonic_ns(), listener, peer, 0, tally, b"")
