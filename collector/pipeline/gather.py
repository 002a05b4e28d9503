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
BULK_SHARE = 8
"""While the main lanes have work, bulk lanes get one item in so many."""


class Gatherer:
    """Reads ahead per stream and merges. `rewind` forgets what was read ahead and not committed."""

    def __init__(self, reader: JournalReader, *, limit: int) -> None:
        self._reader = reader
        self._limit = limit
        self._ahead: dict[StreamName, deque[Item]] = {}
        self._read_to: dict[StreamName, int] = {}

    def rewind(self, positions: dict[StreamName, int]) -> None:
        """Start again after these positions."""
        self._ahead = {stream: deque() for stream in positions}
        self._read_to = dict(positions)

    def add(self, stream: StreamName, position: int) -> None:
        """A stream that was not there before."""
        self._ahead[stream] = deque()
        self._read_to[stream] = position

    def knows(self, stream: StreamName) -> bool:
        return stream in self._ahead

    def next_batch(self, limit: int | None = None) -> Batch:
        """Up to `limit` items; empty when there is nothing to do."""
        limit = limit or self._limit
        main = self._merge([stream for stream in self._ahead if not stream.bulk], limit)
        bulk_limit = limit if not main else max(1, limit // BULK_SHARE)
        bulk = self._merge([stream for stream in self._ahead if stream.bulk], bulk_limit) if limit > 1 or not main else []
        items = main + bulk
        taken: dict[StreamName, tuple[int, int]] = {}
        for stream, item in items:
            tallies = taken[stream][1] if stream in taken else 0
            taken[stream] = (item.seq, tallies + (item.kind == ItemKind.TALLY))
        return Batch.of([item for _, item in items], taken)

    def _merge(self, streams: list[StreamName], limit: int) -> list[tuple[StreamName, Item]]:
        queues = [(stream, self._fill(stream, limit)) for stream in streams]
        waiting = [(stream, queue) for stream, queue in queues if queue]
        if len(waiting) == 1:
            stream, queue = waiting[0]
            count = min(limit, len(queue), MAILS_PER_BATCH if stream.receiver.startswith("smtp") else limit)
            return [(stream, queue.popleft()) for _ in range(count)]
        return list(self._by_arrival(waiting, limit))

    def _by_arrival(self, waiting: list[tuple[StreamName, deque[Item]]], limit: int) -> Iterator[tuple[StreamName, Item]]:
        """Each stream keeps its own order whatever its clock did; between streams the earlier arrival goes first."""
        heap = [(queue[0].received_at_ns, place) for place, (_, queue) in enumerate(waiting)]
        heapq.heapify(heap)
        mails = 0
        while heap and limit:
            _, place = heapq.heappop(heap)
            stream, queue = waiting[place]
            item = queue.popleft()
            mails += item.kind == ItemKind.MAIL
            limit -= 1
            yield stream, item
            if queue and not (queue[0].kind == ItemKind.MAIL and mails >= MAILS_PER_BATCH):
                heapq.heappush(heap, (queue[0].received_at_ns, place))

    def _fill(self, stream: StreamName, limit: int) -> deque[Item]:
        queue = self._ahead[stream]
        if len(queue) < limit:
            items = self._reader.read(stream, after=self._read_to[stream], limit=max(self._limit, limit))
            if items:
                queue.extend(items)
                self._read_to[stream] = items[-1].seq
        return queue
