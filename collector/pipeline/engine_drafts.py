"""v3 engines while a batch works on them: messages are judged by what is remembered, so that one that was caught on its way is
believed once. Drafts become memory only when they are committed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

from collector.domain.engine import MOST_APPROVED_UNASKED, MOST_SEEN, UNASKED
from collector.domain.engine_time import WINDOW_SECONDS, EarlierBoots, EngineTime
from collector.domain.ids import SourceId
from collector.domain.item import Item
from collector.domain.message_ids import MessageIds
from collector.domain.outcome import Reason
from collector.pipeline.engine_memory import EngineMemory, KnownEngine
from collector.store.engine import Connection
from collector.store.engines import (
    NOTHING,
    EngineMemo,
    delete_engines,
    drop_seconds,
    insert_engine,
    put_seconds,
    save_approval,
    update_engines,
)

MOST_RANGES = 50_000
"""Ranges of message ids that are kept of one engine. A sender that counts up needs one a second; one whose ids are random reaches
this at 330 messages a second, and then its window shrinks."""
_SHRUNK_RANGES = MOST_RANGES * 3 // 4
_SLACK_SECONDS = 30
"""Seconds that have served are let go of together."""

_Key: TypeAlias = tuple[SourceId, bytes]


class EngineDraft:
    """An engine while a batch works on it. `touched` holds the seconds that the batch added ids to."""

    __slots__ = (
        *("_newest", "approved_by", "approved_us", "dropped", "earlier", "earlier_kept", "earlier_ranges", "earlier_touched"),
        *("engine_id", "first_us", "forgotten_to", "known", "last_us"),
        *("lowest", "messages", "new_boots", "peer", "ranges", "source_id", "time", "touched"),
    )

    def __init__(self, source_id: SourceId, engine_id: bytes, known: KnownEngine | None, *, peer: str, at_us: int) -> None:
        memo = known.memo if known else None
        self.source_id, self.engine_id, self.known = source_id, engine_id, known
        self.approved_by = memo.approved_by if memo else None
        self.approved_us = memo.approved_us if memo else None
        self.peer = memo.peer if memo else peer
        self._newest: Item | None = None
        self.first_us = memo.first_us if memo else at_us
        self.last_us = memo.last_us if memo else at_us
        self.messages = memo.messages if memo else 0
        self.time: EngineTime | None = memo.time if memo else None
        self.forgotten_to = memo.forgotten_to if memo else NOTHING
        self.lowest = memo.lowest if memo else (NOTHING, NOTHING)
        self.ranges = known.ranges if known else 0
        self.touched: dict[int, MessageIds] = {}
        self.earlier: EarlierBoots | None = memo.earlier if memo else None
        self.earlier_kept = known.earlier_seconds if known else {}
        self.earlier_touched: dict[int, MessageIds] = {}
        self.earlier_ranges = known.earlier_ranges if known else 0
        """Of the boots before these, as for the present ones."""
        self.new_boots = False
        """What is known of its seconds belongs to boots of before."""
        self.dropped = False
        """Seconds up to `forgotten_to`, or of other boots, are to go from the store."""

    @property
    def changed(self) -> bool:
        messages, approved_by = (self.known.memo.messages, self.known.memo.approved_by) if self.known else (0, None)
        return self.messages != messages or bool(self.touched) or self.approved_by != approved_by

    def take(self, boots: int, time: int, message_id: int, at_us: int, *, late: bool = False) -> Reason:
        """Judge an authentic message by what it says of its engine's time and its own id, and remember it: NONE when it is fresh.

        `late`: it was not judged when it arrived. Then it is fresh too when it is older than everything that was: nothing of that
        age was ever believed. It cannot be newer than what arrived after it.
        """
        if self.earlier is not None and boots == self.earlier.time.boots and at_us < self.earlier.until_us:
            return self._take_earlier(self.earlier, time, message_id, at_us, late=late)
        known = self.time
        after = EngineTime.first(boots, time, at_us) if known is None else known.after(boots, time, at_us)
        if after is None or (late and known is not None and known.contradicts(boots, time, at_us)):
            return Reason.NOT_IN_TIME_WINDOW
        oldest = late and known is not None and (boots, time) < self.lowest
        if known is None or boots != known.boots:
            self._begin_boots(at_us)
        elif time <= self.forgotten_to:
            return Reason.NONE if oldest else Reason.NOT_IN_TIME_WINDOW
        ids = self._second(time)
        before = ids.ranges
        if not ids.add(message_id):
            return Reason.REPLAYED
        if not oldest:
            self.lowest = (boots, time) if known is None else min(self.lowest, (boots, time))
        self.time = after
        self.ranges += ids.ranges - before
        if self.ranges > MOST_RANGES:
            self._shrink()
        return Reason.NONE

    def _take_earlier(self, earlier: EarlierBoots, time: int, message_id: int, at_us: int, *, late: bool) -> Reason:
        """The same for what arrived before the engine began anew: it waited in another lane."""
        boots = earlier.time.boots
        after = earlier.time.after(boots, time, at_us)
        if after is None or time <= earlier.forgotten_to or self.earlier_ranges > MOST_RANGES:
            return Reason.NOT_IN_TIME_WINDOW
        if late and earlier.time.contradicts(boots, time, at_us):
            return Reason.NOT_IN_TIME_WINDOW
        ids = self.earlier_touched.get(time)
        if ids is None:
            kept = self.earlier_kept.get(time)
            ids = self.earlier_touched[time] = MessageIds() if kept is None else kept.copy()
        before = ids.ranges
        if not ids.add(message_id):
            return Reason.REPLAYED
        self.earlier_ranges += ids.ranges - before
        self.earlier = earlier._replace(time=after)
        self.lowest = min(self.lowest, (boots, time))
        return Reason.NONE

    def note(self, item: Item, at_us: int) -> None:
        """A message of it came."""
        self.messages += 1
        if at_us >= self.last_us:
            self._newest, self.last_us = item, at_us
        elif at_us < self.first_us:
            self.first_us = at_us

    def approve(self, by: str, at_us: int) -> None:
        self.approved_by, self.approved_us = by, at_us

    def _begin_boots(self, at_us: int) -> None:
        self.earlier = EarlierBoots(self.time, self.forgotten_to, at_us) if self.time else None
        self.earlier_kept = self._seconds()
        self.earlier_touched, self.touched = self.touched, {}
        self.earlier_ranges = self.ranges
        self.ranges, self.forgotten_to = 0, NOTHING
        self.new_boots = self.dropped = True

    def _second(self, time: int) -> MessageIds:
        """The ids of that second, to be changed."""
        ids = self.touched.get(time)
        if ids is None:
            kept = None if self.known is None or self.new_boots else self.known.seconds.get(time)
            ids = self.touched[time] = MessageIds() if kept is None else kept.copy()
        return ids

    def _seconds(self) -> dict[int, MessageIds]:
        """Every second that is remembered."""
        kept = {} if self.known is None or self.new_boots else self.known.seconds
        both = {**kept, **self.touched}
        return {second: ids for second, ids in both.items() if second > self.forgotten_to}

    def _shrink(self) -> None:
        """Forget the oldest seconds until the rest is bearable: whoever uses up so much shrinks its own window."""
        seconds = self._seconds()
        for second in sorted(seconds):
            if self.ranges <= _SHRUNK_RANGES:
                break
            self._forget(second, seconds[second])

    def _forget(self, second: int, ids: MessageIds) -> None:
        self.forgotten_to, self.dropped = max(self.forgotten_to, second), True
        self.ranges -= ids.ranges
        self.touched.pop(second, None)

    def let_go(self, needed_from_us: int) -> None:
        """Forget the seconds out of which nothing that arrives from then on can be within the window."""
        if self.time is None:
            return
        if self.earlier is not None and needed_from_us >= self.earlier.until_us:
            self.earlier, self.earlier_kept, self.earlier_touched, self.earlier_ranges = None, {}, {}, 0
            self.dropped = True
        served = min(self.time.time, self.time.notion(needed_from_us)) - WINDOW_SECONDS - 1
        if self.known is not None and not self.new_boots:
            if served - self.known.served < _SLACK_SECONDS:
                return
            self.known.served = served
        for second, ids in self._seconds().items():
            if second <= served:
                self._forget(second, ids)

    def memo(self) -> EngineMemo:
        """As it will be when the batch is committed; of its seconds, those that changed."""
        return EngineMemo(
            number=self.known.number if self.known else 0,
            source_id=self.source_id,
            engine_id=self.engine_id,
            approved_by=self.approved_by,
            approved_us=self.approved_us,
            peer=self._newest.peer if self._newest else self.peer,
            first_us=self.first_us,
            last_us=self.last_us,
            messages=self.messages,
            time=self.time,
            forgotten_to=self.forgotten_to,
            lowest=self.lowest,
            earlier=self.earlier,
            seconds={second: ids.encode() for second, ids in self.touched.items()},
            earlier_seconds={second: ids.encode() for second, ids in self.earlier_touched.items()},
        )


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

    def _memo(self, connection: Connection, draft: EngineDraft) -> EngineMemo:
        """With the number of its row."""
        draft.let_go(self.memory.needed_from_us)
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
        drafts = self._by_id.get(draft.engine_id, ())
        if any(one.source_id != draft.source_id and (one.time or one.approved_by) for one in drafts):
            return True
        known = self.memory.of_engine(draft.engine_id)
        there = (one for one in known if one.memo.source_id != draft.source_id and one not in self._gone)
        return any(one.memo.time or one.approved for one in there)

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
