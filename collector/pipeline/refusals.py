"""How many refused datagrams leave a notification: enough to see what is wrong with a console, not enough for a hostile sender to
fill the store. All of them are counted."""

from collections import Counter
from typing import TypeAlias

from collector.domain.clock import NS_PER_SECOND
from collector.domain.ids import SourceId
from collector.domain.item import ItemKind
from collector.domain.message_flags import AUTHENTICATED
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import Trap
from collector.pipeline.draft import Batch, Draft, Entry

_HOUR_NS = 3_600 * NS_PER_SECOND
_LATE_HOURS = 24
"""A lane that is behind is not behind for longer."""
_REFUSED = frozenset({Outcome.UNAUTHENTICATED, Outcome.UNATTRIBUTED, Outcome.UNDECODABLE, Outcome.NOT_A_NOTIFICATION})
"""What a stranger's datagram can become."""

_Key: TypeAlias = tuple[str | SourceId, Reason] | Outcome
"""An address or an authentic source with a reason, or all that ended so."""


class Refusals:
    """What was kept in the present hour of arrivals: at most `per_peer` of one address and reason, `per_outcome` of all together;
    0 is without bound. What is authentic (it waits for the approval of its engine, say) has `per_outcome` for its source and
    reason alone: no noise of those who have no key takes its room.

    A batch becomes part of it only when it is committed; a restart begins anew.
    """

    def __init__(self, *, per_peer: int, per_outcome: int) -> None:
        self._per_peer = per_peer
        self._per_outcome = per_outcome
        self._hour = 0
        self._kept: Counter[_Key] = Counter()
        self._pending: Counter[_Key] = Counter()
        self._weighed: Batch | None = None
        self.left_out = 0
        """How many were only counted, since the start."""

    def weigh(self, batch: Batch) -> None:
        """Mark what is not kept. What an earlier call found out of a batch that was not committed is forgotten."""
        self._pending, self._weighed = Counter(), batch
        for entry in batch.entries:
            if entry.drafts and entry.drafts[0].outcome in _REFUSED and entry.item.kind == ItemKind.DATAGRAM:
                self._begin_hour(entry.item.received_at_ns // _HOUR_NS)
                entry.kept = self._keep(entry, entry.drafts[0])

    def _begin_hour(self, hour: int) -> None:
        """What comes later than its hour counts in the present one; a clock that was set back begins anew."""
        if not self._hour - _LATE_HOURS <= hour <= self._hour:
            self._hour = hour
            self._kept, self._pending = Counter(), Counter()

    def _keep(self, entry: Entry, draft: Draft) -> bool:
        bounds: dict[_Key, int]
        if draft.source is not None and _is_authentic(entry):
            bounds = {(draft.source.id, draft.reason): self._per_outcome}
        else:
            bounds = {draft.outcome: self._per_outcome, (entry.item.peer_address, draft.reason): self._per_peer}
        if not all(self._has_room(key, most) for key, most in bounds.items()):
            return False
        self._pending.update(bounds.keys())
        return True

    def _has_room(self, key: _Key, most: int) -> bool:
        return not most or self._kept.get(key, 0) + self._pending.get(key, 0) < most

    def commit(self, batch: Batch) -> None:
        """Take a committed batch over."""
        if batch is self._weighed:
            self._kept.update(self._pending)
            self._pending = Counter()
        self.left_out += sum(not entry.kept and entry.drafts[0].outcome in _REFUSED for entry in batch.entries)


def _is_authentic(entry: Entry) -> bool:
    """Whether a source's pass phrases opened it. A user without authentication proves nothing."""
    trap = entry.decoded
    return isinstance(trap, Trap) and trap.secured is not None and bool(trap.secured.flags & AUTHENTICATED)
