"""The process role: store, journal, rules and decoders put together around the processor's loop."""

import time
from collections.abc import Callable
from datetime import timedelta

from collector.actions import Actions
from collector.app.decoders import decoders
from collector.app.journal import open_journal
from collector.app.knowledge import KnowledgeKeeper
from collector.app.memory import settle_down
from collector.app.paths import process_wake, writer_turn
from collector.app.waiting import wait_for_store
from collector.domain.errors import Unavailable
from collector.journal.interface import JournalKeeper
from collector.journal.positions import verify_positions
from collector.logs import Log
from collector.metrics import register
from collector.pipeline.counters import ProcessCounters
from collector.pipeline.originals import OriginalsKeeper
from collector.pipeline.processor import Processor
from collector.role import RoleContext
from collector.role_http import Readiness
from collector.store.engine import Store
from collector.store.seen import drop_expired
from collector.store.streams import load_positions, load_retired
from collector.wake import WakeListener
from collector.writer_turn import WriterTurn

_QUIET_EVERY_SECONDS = 1.0
_TIDY_EVERY_SECONDS = 60.0
_SHARE = 50
"""A chore may take a fiftieth of the time."""
_WRITE_WAIT_SECONDS = 2.0
"""For the store's write lock; then it looks whether it must stop, and tries again. Well within its share of the stop time."""
log = Log(__name__)


def run_process(role: RoleContext) -> None:
    """Until stopped. Raise ConfigurationError when schema, journal or rules do not fit."""
    settings = role.settings
    store = Store(settings.store_url, write_wait_seconds=_WRITE_WAIT_SECONDS)
    wait_for_store(store, role)
    if role.stop.is_set():
        return
    journal = open_journal(settings, role.clock)
    reader = journal.reader()
    with store.read() as connection:
        positions = {name: position.position for name, position in load_positions(connection).items()}
        verify_positions(positions, reader.streams(), retired=load_retired(connection))
    counters = ProcessCounters()
    turn = WriterTurn(writer_turn(settings))
    listener = WakeListener(process_wake(settings))
    with decoders(role.clock) as made:
        knowledge = KnowledgeKeeper(store, settings, made.decoders)
        processor = Processor(
            store,
            reader,
            knowledge=knowledge,
            clock=role.clock,
            batch_limit=settings.process.batch,
            counters=counters,
            wait_for_work=lambda seconds: listener.wait(seconds, interrupt=role.stop.fileno()),
            someone_waits=turn.someone_waits,
            changed=lambda: None,
        )
        register(role.registry, counters, journal, made.counters)
        role.ready_when(lambda: _readiness(store))
        chores = Chores(
            role,
            store,
            journal.keeper(),
            originals=OriginalsKeeper(store, reader),
            processor=processor,
            actions=Actions(store, role.clock, turn.waiting),
            knowledge=knowledge,
        )
        settle_down()
        processor.run(role.stop, housekeeping=chores)
    listener.close()
    reader.close()
    store.close()


def _readiness(store: Store) -> Readiness:
    return Readiness(ready=True) if store.reachable() else Readiness(ready=False, reasons=("store_away",))


class Chores:
    """What `process` does between batches: quiet times of cases, memory and journal that have served, a reload when asked."""

    def __init__(
        self,
        role: RoleContext,
        store: Store,
        keeper: JournalKeeper,
        *,
        originals: OriginalsKeeper,
        processor: Processor,
        actions: Actions,
        knowledge: KnowledgeKeeper,
    ) -> None:
        self._role = role
        self._store = store
        self._keeper = keeper
        self._originals = originals
        self._processor = processor
        self._actions = actions
        self._knowledge = knowledge
        self._quiet_at = self._tidy_at = 0.0

    def __call__(self) -> None:
        """Raise Unavailable when the store is away."""
        if self._role.reload_requested():
            self._knowledge.reload_rules()
        self._quiet_at = self._when_due(self._quiet, self._quiet_at, _QUIET_EVERY_SECONDS)
        self._tidy_at = self._when_due(self._tidy, self._tidy_at, _TIDY_EVERY_SECONDS)

    def _when_due(self, chore: Callable[[], None], due: float, every: float) -> float:
        """Do it when its time has come; return when it comes next. Notifications wait meanwhile, so one that takes long is done
        more seldom, and one that fails is tried again in its turn instead of stopping the line."""
        begun = time.monotonic()
        if begun < due:
            return due
        try:
            chore()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 (the edge of housekeeping)
            log.error("a chore failed", chore=chore.__name__.strip("_"), cause=error)
        ended = time.monotonic()
        return ended + max(every, _SHARE * (ended - begun))

    def _quiet(self) -> None:
        changed = self._actions.pass_quiet_time(until=self._processor.caught_up_to)
        if changed:
            log.info("cases were resolved or closed after their quiet time", cases=changed)

    def _tidy(self) -> None:
        now = self._role.clock.now()
        with self._store.write() as connection:
            drop_expired(connection, before=self._processor.nothing_before)
        oldest = now - timedelta(days=self._role.settings.journal.retention_days)
        dropped = self._keeper.drop(older_than=oldest, processed=self._processor.processed, before=self._originals)
        if dropped:
            log.info("journal segments beyond their retention were dropped", segments=dropped)
