"""A v3 engine while a batch works on it: its messages are judged by what is remembered of its time and of the ids that it used,
so that one that was caught on its way is believed once."""

from collector.domain.engine_time import WINDOW_SECONDS, Arrival, EarlierBoots, EngineTime
from collector.domain.ids import SourceId
from collector.domain.item import Item
from collector.domain.message_ids import MessageIds
from collector.domain.outcome import Reason
from collector.pipeline.engine_memory import KnownEngine
from collector.pipeline.used_ids import UsedIds
from collector.store.engines import NOTHING, EngineMemo

MOST_RANGES = 50_000
"""Ranges of message ids that are kept of one engine. A sender that counts up needs one a second; one whose ids are random reaches
this at 330 messages a second, and then its window shrinks."""
_SHRUNK_RANGES = MOST_RANGES * 3 // 4
_SLACK_SECONDS = 30
"""Seconds that have served are let go of together."""


class EngineDraft:
    """What it says becomes memory when the batch is committed."""

    __slots__ = (
        *("_newest", "approved_by", "approved_us", "dropped", "earlier", "earlier_used", "engine_id", "first_us"),
        *("forgotten_to", "known", "last_us", "lowest", "messages", "new_boots", "peer", "source_id", "time", "used"),
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
        self.used = UsedIds(known.seconds, known.ranges) if known else UsedIds({}, 0)
        self.earlier: EarlierBoots | None = memo.earlier if memo else None
        self.earlier_used = UsedIds(known.earlier_seconds, known.earlier_ranges) if known else UsedIds({}, 0)
        """Of the boots before these, as for the present ones."""
        self.new_boots = False
        """What is known of its seconds belongs to boots of before."""
        self.dropped = False
        """Seconds up to `forgotten_to`, or of other boots, are to go from the store."""

    @property
    def changed(self) -> bool:
        messages, approved_by = (self.known.memo.messages, self.known.memo.approved_by) if self.known else (0, None)
        return self.messages != messages or bool(self.used.touched) or self.approved_by != approved_by

    def take(self, boots: int, time: int, message_id: int, at: Arrival, *, late: bool = False) -> Reason:
        """Judge an authentic message by what it says of its engine's time and its own id, and remember it: NONE when it is fresh.

        `late`: it was not judged when it arrived. Then it is fresh too when it is older than everything that was: nothing of that
        age was ever believed. It cannot be newer than what arrived after it.
        """
        if self.earlier is not None and boots == self.earlier.time.boots and at.wall_us < self.earlier.until_us:
            return self._take_earlier(self.earlier, time, message_id, at, late=late)
        known = self.time
        after = EngineTime.first(boots, time, at) if known is None else known.after(boots, time, at)
        if after is None or (late and known is not None and known.contradicts(boots, time, at)):
            return Reason.NOT_IN_TIME_WINDOW
        oldest = late and known is not None and (boots, time) < self.lowest
        if known is None or boots != known.boots:
            self._begin_boots(at.wall_us)
        elif time <= self.forgotten_to:
            return Reason.NONE if oldest else Reason.NOT_IN_TIME_WINDOW
        if not self.used.add(time, message_id):
            return Reason.REPLAYED
        if not oldest:
            self.lowest = (boots, time) if known is None else min(self.lowest, (boots, time))
        self.time = after
        if self.used.ranges > MOST_RANGES:
            self._shrink()
        return Reason.NONE

    def _take_earlier(self, earlier: EarlierBoots, time: int, message_id: int, at: Arrival, *, late: bool) -> Reason:
        """The same for what arrived before the engine began anew: it waited in another lane."""
        boots = earlier.time.boots
        after = earlier.time.after(boots, time, at)
        if after is None or time <= earlier.forgotten_to or self.earlier_used.ranges > MOST_RANGES:
            return Reason.NOT_IN_TIME_WINDOW
        if late and earlier.time.contradicts(boots, time, at):
            return Reason.NOT_IN_TIME_WINDOW
        if not self.earlier_used.add(time, message_id):
            return Reason.REPLAYED
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
        self.earlier_used, self.used = self.used.from_now_on(self.forgotten_to), UsedIds({}, 0)
        self.forgotten_to = NOTHING
        self.new_boots = self.dropped = True

    def _shrink(self) -> None:
        """Forget the oldest seconds until the rest is bearable: whoever uses up so much shrinks its own window."""
        for second, ids in sorted(self.used.after(self.forgotten_to).items()):
            if self.used.ranges <= _SHRUNK_RANGES:
                break
            self._forget(second, ids)

    def _forget(self, second: int, ids: MessageIds) -> None:
        self.forgotten_to, self.dropped = max(self.forgotten_to, second), True
        self.used.leave_out(second, ids)

    def let_go(self, needed_from: Arrival) -> None:
        """Forget the seconds out of which nothing that arrives from then on can be within the window."""
        if self.time is None:
            return
        if self.earlier is not None and needed_from.wall_us >= self.earlier.until_us:
            self.earlier, self.earlier_used, self.dropped = None, UsedIds({}, 0), True
        served = min(self.time.time, self.time.notion(needed_from)) - WINDOW_SECONDS - 1
        if self.known is not None and not self.new_boots:
            if served - self.known.served < _SLACK_SECONDS:
                return
            self.known.served = served
        for second, ids in self.used.after(self.forgotten_to).items():
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
            seconds={second: ids.encode() for second, ids in self.used.touched.items()},
            earlier_seconds={second: ids.encode() for second, ids in self.earlier_used.touched.items()},
        )
