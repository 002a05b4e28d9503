"""v3 messages that arrived before, judged again: because somebody approved their engine or corrected the customers file, or asks
why. The time window is that of their arrival, and of many copies one is believed."""

from collections.abc import Sequence
from datetime import datetime

from collector.domain.outcome import QUARANTINE, Outcome, Reason
from collector.domain.trap import Secured, Trap
from collector.pipeline.believe import Recall
from collector.pipeline.copies import OUTLIVES_CLOCKS_US
from collector.pipeline.draft import Batch, Decoders
from collector.pipeline.engine_drafts import EngineDrafts
from collector.pipeline.engine_memory import EngineMemory
from collector.pipeline.repeats import copy_digest, message_digest
from collector.pipeline.source_index import SourceIndex
from collector.store.engine import Connection
from collector.store.engines import load_memos
from collector.store.forgotten_engines import was_forgotten
from collector.store.notifications import Notification
from collector.store.seen import find_seen
from collector.store.types import to_micros

_UNBELIEVED = (QUARANTINE - {Outcome.UNMATCHED}) | {Outcome.NOT_A_NOTIFICATION}
_FOUND_OUT = {Reason.REPLAYED: Reason.REPLAYED, Reason.UNKNOWN_ENGINE: Reason.NONE}
"""What stays as it was. A time window may be another one since people forgot an engine."""


def believed_before(rows: Sequence[Notification]) -> bool:
    return bool(rows) and rows[0].state not in _UNBELIEVED


def judged_before(connection: Connection, rows: Sequence[Notification], decoded: object) -> Reason | None:
    """What was found out about time and copies of a message when it arrived: NONE when it came in time and first, whether its
    engine was approved or not; None when that must be asked now, also because what was known of the engine was forgotten since:
    a copy may have been believed then."""
    if believed_before(rows):
        return Reason.NONE
    source_id = rows[0].source_id if rows and rows[0].state is Outcome.UNAUTHENTICATED else None
    found = _FOUND_OUT.get(rows[0].reason) if source_id is not None else None
    if found is Reason.NONE and isinstance(decoded, Secured) and source_id is not None:
        return None if was_forgotten(connection, source_id, decoded.engine_id, since=rows[0].received_at) else found
    return found


def said_to_be(rows: Sequence[Notification]) -> int | None:
    """The source that a message is listed with though it was not believed; None for every other one."""
    return rows[0].source_id if rows and rows[0].state is Outcome.UNAUTHENTICATED else None


def opened(payload: bytes, header: Secured, index: SourceIndex, decoders: Decoders, *, only: int | None) -> Trap | Secured:
    """What a message says, for showing it: opened with the keys of whoever has a user of that name; only its header when none
    fits. `only`: with the keys of this source. Whoever catches what another customer's console sends, and sends it from his own
    address, would read it otherwise."""
    users = (user for source, user in index.named(header.user) if only in (None, source.id))
    tried = (decoders.unlock(payload, header, user) for user in users)
    return next((trap for trap in tried if isinstance(trap, Trap)), header)


def engines_of(connection: Connection, decoded: object, index: SourceIndex) -> EngineDrafts:
    """What the store knows of the engine that a message names, and of the others of the sources that it may be from."""
    if not isinstance(decoded, Secured):
        return EngineDrafts(EngineMemory())
    sources = [source.id for source, _ in index.named(decoded.user)]
    return EngineDrafts(EngineMemory(load_memos(connection, sources=sources, used_by=decoded.engine_id)))


def recalling(connection: Connection, batch: Batch, *, at: datetime, until: datetime) -> Recall:
    """Whether a copy was believed when somebody had it processed again. What was not is remembered with the batch, until then."""

    def recall(payload: bytes, secured: Secured) -> bool:
        again, copy = message_digest(payload, secured, of="v3 message again"), copy_digest(payload, secured)
        if find_seen(connection, (again, copy), at=at):
            return True
        batch.seen += [(again, to_micros(until)), (copy, OUTLIVES_CLOCKS_US)]
        return False

    return recall
