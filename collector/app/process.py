"""The process role: store, journal, rules and decoders put together around the processor's loop."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from datetime import timedelta

from collector.app.decoders import decoders
from collector.app.journal import open_journal
from collector.app.knowledge import KnowledgeKeeper
from collector.app.memory import settle_down
from collector.app.paths import api_wake, process_wake, writer_turn
from collector.app.terms import terms_of
from collector.app.weak_users import WeakUsers
from collector.changes.counters import ChangeCounters
from collector.changes.passing_time import DEADLINES_AT_ONCE, PassingTime
from collector.domain.errors import Unavailable
from collector.domain.limits import Limit
from collector.journal.interface import JournalKeeper
from collector.logs import Log
from collector.metrics import register
from collector.pipeline.counters import ProcessCounters
from collector.pipeline.customer_limit import CustomerLimiter
from collector.pipeline.originals import OriginalsKeeper
from collector.pipeline.processor import Processor
from collector.pipeline.refusals import Refusals
from collector.role import RoleContext
from collector.role_http import Readiness
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.messages import DROPPED_AT_ONCE, drop_messages
from collector.wake import WakeListener, Waker
from collector.writer_turn import WriterTurn

_QUIET_EVERY_SECONDS = 1.0
_CLOCKS_EVERY_SECONDS = 1.0
_TIDY_EVERY_SECONDS = 60.0
_SHARE = 50
"""A chore may take a fiftieth of the time."""
_CLOCKS_SHARE = 10
"""More for due times: what came in on a weekend is due in the same minute."""
_WRITE_WAIT_SECONDS = 2.0
"""For the store's write lock; then it looks whether it must stop, and tries again. Well within its share of the stop time."""
log = Log(__name__)


def run_process(role: RoleContext) -> None:
    """Until stopped; `first_look` was there before. Raise ConfigurationError when the rules do not fit."""
    settings = role.settings
    counters, changes, terms = ProcessCounters(), ChangeCounters(), terms_of(settings)
    with ExitStack() as undo:
        store = undo.enter_context(closing(Store(settings.store_url, write_wait_seconds=_WRITE_WAIT_SECONDS)))
        journal = open_journal(settings, role.clock)
        reader = undo.enter_context(closing(journal.reader()))
        turn = undo.enter_context(closing(WriterTurn(writer_turn(settings))))
        listener = undo.enter_context(closing(WakeListener(process_wake(settings))))
        bell = undo.enter_context(closing(Waker(api_wake(settings))))
        made = undo.enter_context(decoders(role.clock))
        box = SecretBox.of_settings(settings)
        knowledge = KnowledgeKeeper(store, settings, made.decoders, terms, box)
        processor = Processor(
            store,
            reader,
            knowledge=knowledge,
            clock=role.clock,
            batch_limit=settings.process.batch,
            counters=counters,
            wait_for_work=lambda seconds: listener.wait(seconds, interrupt=role.stop.fileno()),
            someone_waits=turn.someone_waits,
            changed=bell.wake,
            refusals=Refusals(per_peer=settings.process.refused_per_peer, per_outcome=settings.process.refused_per_outcome),
            customers=CustomerLimiter(Limit(settings.snmp.customer_rate_limit, settings.snmp.customer_burst)),
        )
        weak_users = WeakUsers(lambda: knowledge.present.registry.sources)
        register(role.registry, counters, changes, journal, made.counters, weak_users)
        role.ready_when(lambda: _readiness(store))
        chores = Chores(
            role,
            store,
            journal.keeper(),
            originals=OriginalsKeeper(store, reader, box),
            processor=processor,
            passing_time=PassingTime(store, role.clock, turn.waiting, terms, counters=changes, changed=bell.wake),
            knowledge=knowledge,
        )
        settle_down()
        with suppress(Unavailable):  # then as soon as the store is there
            chores.adopt()
        processor.run(role.stop, housekeeping=chores)


def _readiness(store: Store) -> Readiness:
    return Readiness(ready=True) if store.reachable() else Readiness(ready=False, reasons=("store_away",))


class Chores:
    """What `process` does between batches: what time alone does to cases, memory, messages and journal that have served, a reload
    when asked."""

    def __init__(
        self,
        role: RoleContext,
        store: Store,
        keeper: JournalKeeper,
        *,
        originals: OriginalsKeeper,
        processor: Processor,
        passing_time: PassingTime,
        knowledge: KnowledgeKeeper,
    ) -> None:
        self._role = role
        self._store = store
        self._keeper = keeper
        self._originals = originals
        self._processor = processor
        self._passing_time = passing_time
        self._knowledge = knowledge
        self._quiet_at = self._clocks_at = self._tidy_at = 0.0
        self._adopted = False

    def __call__(self) -> None:
        """Raise Unavailable when the store is away."""
        if self._role.reload_requested():
            self._knowledge.reload_rules()
        if not self._adopted:
            self.adopt()
        self._quiet_at = self._when_due(self._quiet, self._quiet_at, _QUIET_EVERY_SECONDS)
        self._clocks_at = self._when_due(self._clocks, self._clocks_at, _CLOCKS_EVERY_SECONDS, share=_CLOCKS_SHARE)
        self._tidy_at = self._when_due(self._tidy, self._tidy_at, _TIDY_EVERY_SECONDS)

    def _when_due(self, chore: Callable[[], bool], due: float, every: float, *, share: int = _SHARE) -> float:
        """Do it when its time has come; return when it comes next: soon when it says that more waits. Notifications wait
        meanwhile, so one that takes long is done more seldom, and one that fails is tried again in its turn instead of stopping
        the line."""
        begun = time.monotonic()
        if begun < due:
            return due
        more = False
        try:
            more = chore()
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 (the edge of housekeeping)
            log.error("a chore failed", chore=chore.__name__.strip("_"), cause=error)
        ended = time.monotonic()
        return ended + max(0.0 if more else every, share * (ended - begun))

    def adopt(self) -> None:
        """Best before anything else: what happens to a case of an older version then finds it as it finds every other one.
        Raise Unavailable."""
        total = 0
        while adopted := self._passing_time.adopt_cases():
            total += adopted
        self._adopted = True
        if total:
            log.info("cases of an older version got their clocks and were told to ticketing", cases=total)

    def _quiet(self) -> bool:
        changed = self._passing_time.end_quiet_cases(until=self._processor.caught_up_to)
        if changed:
            log.info("cases were resolved or closed after their quiet time", cases=changed)
        return False

    def _clocks(self) -> bool:
        told = self._passing_time.pass_deadlines()
        for verdict, number in told.items():
            log.info("deadlines came near or passed", verdict=verdict, deadlines=number)
        self._passing_time.tell_repeats()
        return told.total() >= DEADLINES_AT_ONCE

    def _tidy(self) -> bool:
        now = self._role.clock.now()
        with self._store.write() as connection:
            tidied = self._processor.tidy(connection)
            old = drop_messages(connection, before=now - timedelta(days=self._role.settings.hand_off.keep_days))
        tidied()
        oldest = now - timedelta(days=self._role.settings.journal.retention_days)
        dropped = self._keeper.drop(older_than=oldest, processed=self._processor.processed, before=self._originals)
        if dropped:
            log.info("journal segments beyond their retention were dropped", segments=dropped)
        return old >= DROPPED_AT_ONCE
