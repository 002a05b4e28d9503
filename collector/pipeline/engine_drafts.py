"""The v3 engines that a batch works on: which there are, which of them there is room for, and how they become rows and, once the
batch is committed, memory. How an engine judges a message is in `engine_draft`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from collector.domain.engine import MOST_APPROVED_UNASKED, MOST_SEEN, UNASKED
from collector.domain.engine_time import EngineTime
from collector.domain.ids import SourceId
from collector.domain.item import Item
from collector.pipeline.engine_draft import EngineDraft
from collector.pipeline.engine_memory import EngineMemory, KnownEngine
from collector.store.engine import Connection
from collector.store.engines import (
    EngineMemo,
    delete_engines,
    drop_seconds,
    insert_engine,
    put_seconds,
    save_approval,
    update_engines,
)

_Key: TypeAlias = tuple[SourceId, bytes]


class EngineDrafts:
    """The engines that a batch works on."""

    def __init__(self, memory: EngineMemory) -> None:
        self.memory = memory
        self.asked = False
        """Whether it matters what is known of engines."""
        self._drafts: dict[_Key, EngineDraft] = {}
        self._by_id: dict[bytes, list[EngineDraft]] = {}
        self._gone: list[KnownEngine] = []
        self._saved: list[tuple[EngineDraft, EngineMemo]] = []
        self._anybody: dict[SourceId, int] = {}
        """Engines of the batch that nobody authenticated, by source."""

    def find(self, source_id: SourceId, engine_id: bytes) -> EngineDraft | None:
        """None when it is not known."""
        self.asked = True
        draft = self._drafts.get((source_id, engine_id))
        if draft is None:
            known = self.memory.find(source_id, engine_id)
            if known is None or known in self._gone:
                return None
            draft = self._keep(EngineDraft(source_id, engine_id, known, peer="", at_us=0))
        return draft

    def speaking(self, engine_id: bytes) -> list[SourceId]:
        """For whom the engine proved itself, or was approved."""
        self.asked = True
        drafts = [one.source_id for one in self._by_id.get(engine_id, ()) if one.time or one.approved_by]
        known = [one for one in self.memory.of_engine(engine_id) if one.memo.time or one.approved]
        return [*drafts, *(one.memo.source_id for one in known if one not in self._gone)]

    def _keep(self, draft: EngineDraft) -> EngineDraft:
        self._drafts[draft.source_id, draft.engine_id] = draft
        self._by_id.setdefault(draft.engine_id, []).append(draft)
        return draft

    def add(self, source_id: SourceId, engine_id: bytes, *, authentic: bool, peer: str, at_us: int) -> EngineDraft | None:
        """One that is not known yet. When too many of the source wait for approval, the one that was quiet longest makes room; an
        authentic one only for another authentic one. None when there is no room."""
        if not authentic:
            self._anybody[source_id] = self._anybody.get(source_id, 0) + 1
            if self._anybody[source_id] > MOST_SEEN:
                return None  # a flood of invented engines would write as many rows
        if not self._make_room(source_id, authentic=authentic):
            return None
        return self._keep(EngineDraft(source_id, engine_id, None, peer=peer, at_us=at_us))

    def list_seen(self, source_id: SourceId, engine_id: bytes, item: Item, *, authentic: bool, at_us: int) -> None:
        """One that may speak for the source, if a person says so: nothing of its time is learnt."""
        known = self.find(source_id, engine_id)
        draft = known or self.add(source_id, engine_id, authentic=authentic, peer=item.peer, at_us=at_us)
        if draft is not None:
            draft.note(item, at_us)

    def save(self, connection: Connection) -> None:
        """Write what changed, in the caller's transaction."""
        delete_engines(connection, [known.number for known in self._gone])
        self._saved = [(draft, self._memo(connection, draft)) for draft in self._drafts.values() if draft.changed]
        update_engines(connection, [memo for draft, memo in self._saved if draft.known])
        for draft, memo in self._saved:
            if draft.known is not None and draft.approved_by != draft.known.memo.approved_by:
                save_approval(connection, memo)
        drop_seconds(connection, [memo for draft, memo in self._saved if draft.dropped])
        put_seconds(connection, [memo for _, memo in self._saved])

    @property
    def saved(self) -> bool:
        """Whether `save` changed anything."""
        return bool(self._gone or self._saved)

    @property
    def begin_to_wait(self) -> list[EngineMemo]:
        """Those that `save` made rows of and that nobody has approved."""
        return [memo for draft, memo in self._saved if draft.known is None and memo.approved_by is None]

    def _memo(self, connection: Connection, draft: EngineDraft) -> EngineMemo:
        """With the number of its row."""
        draft.let_go(self.memory.needed_from)
        memo = draft.memo()
        return memo if draft.known else replace(memo, number=insert_engine(connection, memo))

    def commit(self) -> None:
        """The transaction of `save` is committed."""
        for known in self._gone:
            self.memory.drop(known)
        for draft, memo in self._saved:
            known = draft.known or KnownEngine(replace(memo, seconds={}, earlier_seconds={}))
            known.adopt(draft, memo)
            self.memory.put(known)

    def may_approve_unasked(self, draft: EngineDraft) -> bool:
        """Nobody watches: whoever has the pass phrase could invent engines for ever, and whoever caught what an engine sent for
        one source could send it to another that has the same pass phrases."""
        source_id = draft.source_id
        if self._speaks_elsewhere(draft):
            return False
        approved = {known.memo.engine_id for known in self.memory.of_source(source_id) if known.memo.approved_by == UNASKED}
        approved |= {draft.engine_id for draft in self._of_source(source_id) if draft.approved_by == UNASKED}
        return len(approved) < MOST_APPROVED_UNASKED

    def _speaks_elsewhere(self, draft: EngineDraft) -> bool:
        """Whether the engine proved itself for another source, or was approved there."""
        return any(source_id != draft.source_id for source_id in self.speaking(draft.engine_id))

    def _of_source(self, source_id: SourceId) -> Iterator[EngineDraft]:
        return (draft for (of, _), draft in self._drafts.items() if of == source_id)

    def _make_room(self, source_id: SourceId, *, authentic: bool) -> bool:
        waiting = self._waiting(source_id)
        if len(waiting) < MOST_SEEN:
            return True
        # what nobody authenticated goes first, and only that goes for another of its kind
        certain, _, engine_id = min((time is not None, last_us, engine_id) for engine_id, (time, last_us) in waiting.items())
        if certain and not authentic:
            return False
        draft = self._drafts.pop((source_id, engine_id), None)
        if draft is not None:
            self._by_id[engine_id].remove(draft)
        known = self.memory.find(source_id, engine_id)
        if known is not None:
            self._gone.append(known)
        return True

    def _waiting(self, source_id: SourceId) -> dict[bytes, tuple[EngineTime | None, int]]:
        """Engine → what is known of its time, and when it was seen last."""
        waiting = {
            known.memo.engine_id: (known.memo.time, known.memo.last_us)
            for known in self.memory.of_source(source_id)
            if not known.approved and known not in self._gone
        }
        for draft in self._of_source(source_id):
            waiting.pop(draft.engine_id, None)
            if draft.approved_by is None:
                waiting[draft.engine_id] = (draft.time, draft.last_us)
        return waiting
