"""What is remembered of the v3 engines that speak for consoles: their time and which message ids they used. How a message is
judged by it, and becomes part of it, is `engine_draft`'s business."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from collector.domain.engine_time import Arrival
from collector.domain.ids import SourceId
from collector.domain.message_ids import MessageIds
from collector.domain.vain_keys import VainKeys
from collector.store.engines import NOTHING, EngineMemo

if TYPE_CHECKING:
    from collector.pipeline.engine_draft import EngineDraft


class KnownEngine:
    """As the last commit left it. `number` is that of its row."""

    __slots__ = ("earlier_ranges", "earlier_seconds", "memo", "number", "ranges", "seconds", "served")

    def __init__(self, memo: EngineMemo) -> None:
        self.served = NOTHING
        """The second up to which memory was looked through for what has served."""
        self.number, self.memo = memo.number, replace(memo, seconds={}, earlier_seconds={})
        self.seconds = {second: MessageIds.decode(ids) for second, ids in memo.seconds.items()}
        self.ranges = sum(ids.ranges for ids in self.seconds.values())
        earlier = {second: MessageIds.decode(ids) for second, ids in memo.earlier_seconds.items()}
        self.earlier_seconds: Mapping[int, MessageIds] = earlier
        self.earlier_ranges = sum(ids.ranges for ids in earlier.values())

    @property
    def approved(self) -> bool:
        return self.memo.approved_by is not None

    def adopt(self, draft: "EngineDraft", memo: EngineMemo) -> None:
        """What a committed draft made of it."""
        self.number, self.memo, self.ranges = memo.number, replace(memo, seconds={}, earlier_seconds={}), draft.used.ranges
        self.earlier_seconds, self.earlier_ranges = draft.earlier_used.seconds, draft.earlier_used.ranges
        if draft.dropped:
            kept = {} if draft.new_boots else self.seconds
            self.served = NOTHING if draft.new_boots else self.served
            self.seconds = {second: ids for second, ids in kept.items() if second > draft.forgotten_to}
        self.seconds.update(draft.used.touched)


class EngineMemory:
    """All engines, by source. `needed_from`: nothing that arrived before is judged any more."""

    def __init__(self, memos: Iterable[EngineMemo] = (), *, version: int = 0) -> None:
        self.version = version
        """Of the store's engines when they were read."""
        self.needed_from = Arrival(0, 0)
        self.vain_keys = {is_bulk: VainKeys() for is_bulk in (False, True)}
        """For messages of engines that nobody is known to speak from; each lane has an order of its own."""
        self._engines: dict[SourceId, dict[bytes, KnownEngine]] = {}
        self._by_id: dict[bytes, dict[SourceId, KnownEngine]] = {}
        for memo in memos:
            self.put(KnownEngine(memo))

    def find(self, source_id: SourceId, engine_id: bytes) -> KnownEngine | None:
        of_source = self._engines.get(source_id)
        return None if of_source is None else of_source.get(engine_id)

    def of_source(self, source_id: SourceId) -> Iterable[KnownEngine]:
        return self._engines.get(source_id, {}).values()

    def of_engine(self, engine_id: bytes) -> Iterable[KnownEngine]:
        """What speaks by that ID, for whatever source."""
        return self._by_id.get(engine_id, {}).values()

    def put(self, known: KnownEngine) -> None:
        self._engines.setdefault(known.memo.source_id, {})[known.memo.engine_id] = known
        self._by_id.setdefault(known.memo.engine_id, {})[known.memo.source_id] = known

    def drop(self, known: KnownEngine) -> None:
        self._engines[known.memo.source_id].pop(known.memo.engine_id, None)
        left = self._by_id[known.memo.engine_id]
        left.pop(known.memo.source_id, None)
        if not left:
            del self._by_id[known.memo.engine_id]

    def count(self) -> tuple[int, int]:
        """(seen, approved)"""
        approved = [known.approved for engines in self._engines.values() for known in engines.values()]
        return len(approved) - sum(approved), sum(approved)
