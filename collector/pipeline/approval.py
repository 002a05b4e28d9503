"""What people do to v3 engines: see which speak for consoles, approve and forget them, and have processed again what waited for
that. `process` learns of it with its next batch."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from collector.domain.clock import Clock
from collector.domain.engine import BY_FILE, Engine, EngineState
from collector.domain.errors import Conflict, NotFound
from collector.domain.ids import NotificationId
from collector.logs import Log
from collector.pipeline.inspection import Inspector
from collector.store.engine import Connection, Store, Turn
from collector.store.engines import (
    EngineFilter,
    add_engine,
    approve_engine,
    forget_engine,
    list_engines,
    source_with_user,
    waiting_for_engine,
)
from collector.store.forgotten_engines import note_forgotten

MOST_COUNTED = 10_000
"""Of what still waits."""
log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Caught:
    """How much of what waited for an approval was processed again, and how much still waits."""

    done: int
    left: int


class Approval:
    """Each call of `approve` and `forget` is one transaction."""

    def __init__(
        self, store: Store, clock: Clock, turn: Turn, *, changed: Callable[[], None] = lambda: None, own_engine: bytes = b""
    ) -> None:
        self._own_engine = own_engine
        self._store = store
        self._clock = clock
        self._turn = turn
        self._changed = changed

    def approve(self, wanted: EngineFilter, *, actor: str) -> Engine:
        """Believe the engine from now on, also beside those that the customers file names. One that a person approved stays as it
        was; one that nobody has seen is approved when its source is named.

        Raise NotFound, Conflict (it waits for several sources, or is our own), Unavailable.
        """
        if wanted.engine_id and wanted.engine_id == self._own_engine:
            raise Conflict("that is the collector's own engine; it speaks for no console")
        with self._store.write(self._turn) as connection:
            found = list_engines(connection, wanted)
            waiting = [engine for engine in found if engine.state is EngineState.SEEN]
            chosen = _only(waiting or found) or self._added(connection, wanted, actor)
            if chosen.approved_by is None or chosen.approved_by in BY_FILE:
                approve_engine(connection, chosen.number, by=actor, at=self._clock.now())
            [engine] = [one for one in list_engines(connection, wanted) if one.number == chosen.number]
        log.info("an SNMPv3 engine was approved", **_named(engine), actor=actor)
        self._changed()
        return engine

    def _added(self, connection: Connection, wanted: EngineFilter, actor: str) -> Engine:
        source_id = source_with_user(connection, wanted) if wanted.customer_code and wanted.source else None
        if source_id is None or wanted.engine_id is None:
            raise _not_found(wanted)
        add_engine(connection, source_id, wanted.engine_id, by=actor, at=self._clock.now())
        [engine] = list_engines(connection, wanted)
        return engine

    def forget(self, wanted: EngineFilter, *, actor: str) -> Engine:
        """Take its approval back and let go of what is known of its time: it begins anew when it comes again. Who did it is kept.

        Raise NotFound, Conflict (it speaks for several sources), Unavailable.
        """
        with self._store.write(self._turn) as connection:
            engine = _only(list_engines(connection, wanted))
            if engine is None:
                raise _not_found(wanted)
            forget_engine(connection, engine.number)
            note_forgotten(connection, engine, by=actor, at=self._clock.now())
        log.info("an SNMPv3 engine was forgotten", **_named(engine), actor=actor)
        self._changed()
        return engine

    def catch_up(self, engine: Engine, inspector: Inspector, *, actor: str, limit: int) -> Caught:
        """Process again what was refused because nobody had approved the engine, at most so many. Raise Unavailable."""
        waiting = self._waiting(engine)
        done = 0
        for one in waiting:
            if done == limit:
                break
            with suppress(NotFound, Conflict):  # its octets are gone, or somebody was faster
                inspector.reprocess(one, actor=actor)
                done += 1
        return Caught(done, len(self._waiting(engine)) if waiting else 0)

    def _waiting(self, engine: Engine) -> list[NotificationId]:
        with self._store.read() as connection:
            return waiting_for_engine(connection, engine, limit=MOST_COUNTED)


def _only(found: Sequence[Engine]) -> Engine | None:
    """Raise Conflict when there are several."""
    if len(found) > 1:
        names = ", ".join(f"{engine.customer}/{engine.source}" for engine in found)
        raise Conflict(f"that engine speaks for several sources; name one of {names}")
    return found[0] if found else None


def _named(engine: Engine) -> dict[str, str]:
    return {"engine": engine.engine_id.hex(), "customer": engine.customer, "source": engine.source}


def _not_found(wanted: EngineFilter) -> NotFound:
    named = "" if wanted.engine_id is None else wanted.engine_id.hex()
    return NotFound(f"no engine {named} was seen there; to approve it beforehand, name a source with an SNMPv3 user")
