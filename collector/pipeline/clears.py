"""Clears that came before what they clear: a raise may still wait in another lane than its clear took. Such a clear is remembered
until everything that arrived before it is processed; a raise that is processed later and arrived earlier finds it then."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from collector.domain.ids import CustomerId
from collector.domain.registry import Source
from collector.domain.trust import Trust
from collector.pipeline.draft import Batch, Entry
from collector.pipeline.repeats import CLEAR_MARK, SeenMemory
from collector.store.types import from_micros

MOST = 200_000
"""Clears remembered: a console that sends clears without end must not fill memory. A raise that finds no clear opens its case."""


class Clears:
    """What one batch knows and learns. It becomes memory with the batch."""

    def __init__(self, batch: Batch, memory: SeenMemory) -> None:
        # Its parts and not the batch, which holds this: a circle would keep the batch until circles are looked for.
        self._entries, self._waiting, self._seen = batch.entries, batch.waiting, batch.seen
        self._memory = memory
        self._pending: dict[bytes, int] = {}
        self._earliest_after: dict[int, int] | None = None

    def note(self, entry: Entry, key: tuple[CustomerId, str], source: Source | None) -> None:
        """The clear of the entry found nothing to clear. Remember it, if something that arrived before it may still come."""
        if not self._may_come(entry) or self._memory.clears + len(self._pending) >= MOST:
            return
        digest = _digest(key, source, entry.trust_of(source))
        at_us = entry.item.received_at_ns // 1_000
        known = self._until(digest)
        if known is None or known < at_us:
            self._pending[digest] = at_us
            self._seen.append((digest, at_us))

    def since(self, entry: Entry, key: tuple[CustomerId, str], source: Source | None) -> datetime | None:
        """When a clear arrived that clears what the entry raises: after it, of the same source, at the same or a higher trust."""
        if not self._pending and not self._memory.clears:
            return None
        own = entry.trust_of(source)
        found = [self._until(_digest(key, source, trust)) for trust in Trust if trust >= own]
        latest = max((until for until in found if until is not None), default=0)
        return from_micros(latest) if latest > entry.item.received_at_ns // 1_000 else None

    def _until(self, digest: bytes) -> int | None:
        return self._pending.get(digest) or self._memory.until(digest)

    def _may_come(self, entry: Entry) -> bool:
        """Whether something that arrived before the entry is processed after it: in this batch, or left in another stream."""
        at_ns = entry.item.received_at_ns
        if any(since_ns < at_ns for stream, since_ns in self._waiting.items() if stream != entry.item.stream):
            return True
        if self._earliest_after is None:
            self._earliest_after = _earliest_after(self._entries)
        return self._earliest_after[id(entry)] < at_ns


def _earliest_after(entries: Sequence[Entry]) -> dict[int, int]:
    """The earliest arrival among those after each entry, by the entry's identity."""
    found: dict[int, int] = {}
    earliest = 1 << 63
    for entry in reversed(entries):
        found[id(entry)] = earliest
        earliest = min(earliest, entry.item.received_at_ns)
    return found


def _digest(key: tuple[CustomerId, str], source: Source | None, trust: Trust) -> bytes:
    customer_id, correlation_key = key
    source_id = source.id if source else None
    told = f"cleared\0{customer_id}\0{source_id}\0{int(trust)}\0{correlation_key}"
    return CLEAR_MARK + hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).digest()
