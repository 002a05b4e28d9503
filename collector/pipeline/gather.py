"""What to work on next: items of all streams after their positions, in order of arrival, mails and traps in fair turns, bulk
lanes last."""

import heapq
from collections import deque
from collections.abc import Iterator

from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind
from collector.journal.interface import JournalReader
from collector.pipeline.draft import Batch

MAILS_PER_BATCH = 32
"""Parsing a mail costs as much as a hundred traps; more of them would hold the traps up."""
MAIL_OCTETS_PER_BATCH = 256 * 1024
"""A mail may hold a thousand rows in 70 KB, each of them a case: about half a second of work for a batch."""
BULK_SHARE = 8
"""While the main lanes have work, bulk lanes get one item in so many."""


class Gatherer:
    """Reads ahead per stream and merges. `rewind` forgets what was read ahead and not committed."""

    def __init__(self, reader: JournalReader, *, limit: int) -> None:
        self._reader = reader
        self._limit = limit
        self._ahead: dict[StreamName, deque[Item]] = {}
        self._read_to: dict[StreamName, int] = {}
        self._handed_out_ns: dict[StreamName, tuple[int, int]] = {}
        """Arrival of the last item handed out on the wall and the monotonic clock, of streams that may hold more than was read
        ahead."""
        self._bulk_reached_ns = 0
        """The latest arrival in a bulk lane that was handed out, on the monotonic clock."""

    def rewind(self, positions: dict[StreamName, int], *, now_ns: int = 0) -> None:
        """Start again after these positions, at `now_ns` of the monotonic clock: what was handed out of bulk lanes before arrived
        before then."""
        self._ahead.clear()
        self._handed_out_ns.clear()
        self._bulk_reached_ns = now_ns if any(stream.bulk and position for stream, position in positions.items()) else 0
        for stream, position in positions.items():
            self.add(stream, position)

    def add(self, stream: StreamName, position: int) -> None:
        """A stream that was not there before."""
        self._ahead[stream] = deque()
        self._read_to[stream] = position

    def knows(self, stream: StreamName) -> bool:
        return stream in self._ahead

    def next_batch(self, limit: int | None = None) -> Batch:
        """Up to `limit` traps, some mails beside them, and some of the bulk lanes; empty when there is nothing to do."""
        limit = limit or self._limit
        main = self._of_lanes(bulk=False, limit=limit)
        share = max(1, limit // BULK_SHARE) if main else limit
        return self._batch(main + self._of_lanes(bulk=True, limit=share))

    def next_item(self) -> Batch:
        """A batch of the single item that is due next."""
        main = self._merge([stream for stream in self._ahead if not stream.bulk], 1)
        bulk = [stream for stream in self._ahead if stream.bulk]
        for stream in bulk:
            self._fill(stream, 1)  # so that it is known what waits there
        return self._batch(main or self._merge(bulk, 1))

    def waiting_since_ns(self, *, bulk: bool) -> int | None:
        """Everything that arrived before this has been handed out; None when nothing waits. `bulk`: of the bulk lanes too."""
        return min((at_ns for stream, (at_ns, _) in self._waiting() if bulk or not stream.bulk), default=None)

    def waiting_since_steady_ns(self) -> int | None:
        """The same of all lanes, on the monotonic clock."""
        return min((steady_ns for _, (_, steady_ns) in self._waiting()), default=None)

    def _waiting(self) -> Iterator[tuple[StreamName, tuple[int, int]]]:
        """(stream, everything in it that arrived before this on both clocks was handed out), of those that may hold more."""
        for stream, queue in self._ahead.items():
            at_ns = _arrival(queue[0]) if queue else self._handed_out_ns.get(stream)
            if at_ns is not None:
                yield stream, at_ns

    def _batch(self, items: list[tuple[StreamName, Item]]) -> Batch:
        taken: dict[StreamName, tuple[int, int]] = {}
        for stream, item in items:
            tallies = taken[stream][1] if stream in taken else 0
            taken[stream] = (item.seq, tallies + (item.kind == ItemKind.TALLY))
        batch = Batch.of([item for _, item in items], taken)
        batch.waiting = {str(stream): at_ns for stream, (at_ns, _) in self._waiting()}
        batch.bulk_reached_ns = self._bulk_reached_ns
        bulk = (item.monotonic_ns for stream, item in items if stream.bulk)
        self._bulk_reached_ns = max(self._bulk_reached_ns, max(bulk, default=0))
        return batch

    def _of_lanes(self, *, bulk: bool, limit: int) -> list[tuple[StreamName, Item]]:
        """Traps and mails have a share each, so that a backlog of the ones does not hold up the others."""
        streams = [stream for stream in self._ahead if stream.bulk is bulk]
        traps = self._merge([stream for stream in streams if not _has_mails(stream)], limit)
        mails = self._merge(
            [stream for stream in streams if _has_mails(stream)], min(limit, MAILS_PER_BATCH), MAIL_OCTETS_PER_BATCH
        )
        if not (traps and mails):
            return traps or mails
        return list(heapq.merge(traps, mails, key=lambda taken: taken[1].received_at_ns))

    def _merge(self, streams: list[StreamName], limit: int, octets: int | None = None) -> list[tuple[StreamName, Item]]:
        queues = [(stream, self._fill(stream, limit)) for stream in streams]
        waiting = [(stream, queue) for stream, queue in queues if queue]
        if len(waiting) == 1:
            stream, queue = waiting[0]
            due: Iterator[tuple[StreamName, Item]] = ((stream, queue.popleft()) for _ in range(min(limit, len(queue))))
        else:
            due = _by_arrival(waiting, limit)
        taken = list(due) if octets is None else _within(due, octets)
        for stream, item in taken:
            self._handed_out_ns[stream] = _arrival(item)
        return taken

    def _fill(self, stream: StreamName, limit: int) -> deque[Item]:
        """Mails are read again only when all are used up: they are large, and what is read ahead stays in memory."""
        queue = self._ahead[stream]
        if not queue or (len(queue) < limit and not _has_mails(stream)):
            items = self._reader.read(stream, after=self._read_to[stream], limit=max(self._limit, limit))
            if items:
                queue.extend(items)
                self._read_to[stream] = items[-1].seq
            elif not queue:
                self._handed_out_ns.pop(stream, None)
        return queue


def _within(due: Iterator[tuple[StreamName, Item]], octets: int) -> list[tuple[StreamName, Item]]:
    """The first ones, until they hold so many octets; at least one."""
    taken: list[tuple[StreamName, Item]] = []
    for stream, item in due:
        taken.append((stream, item))
        octets -= len(item.payload)
        if octets <= 0:
            break
    return taken


def _arrival(item: Item) -> tuple[int, int]:
    return item.received_at_ns, item.monotonic_ns


def _has_mails(stream: StreamName) -> bool:
    return stream.receiver.startswith("smtp")


def _by_arrival(waiting: list[tuple[StreamName, deque[Item]]], limit: int) -> Iterator[tuple[StreamName, Item]]:
    """Each stream keeps its own order whatever its clock did; between streams the earlier arrival goes first."""
    heap = [(queue[0].received_at_ns, place) for place, (_, queue) in enumerate(waiting)]
    heapq.heapify(heap)
    while heap and limit:
        _, place = heapq.heappop(heap)
        stream, queue = waiting[place]
        limit -= 1
        yield stream, queue.popleft()
        if queue:
            heapq.heappush(heap, (queue[0].received_at_ns, place))
