"""The process role's loop: gather, understand, commit, again. Survives a store that is away and items that break a stage."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Protocol

from collector.domain.clock import EPOCH, NS_PER_SECOND, Clock, from_ns
from collector.domain.engine_time import Arrival
from collector.domain.errors import Unavailable
from collector.domain.ids import StreamName
from collector.domain.item import ItemKind
from collector.domain.limits import Limit
from collector.domain.outcome import Outcome, Reason
from collector.journal.interface import JournalReader
from collector.logs import Log
from collector.pipeline.copies import COPY_OCTETS, Copies
from collector.pipeline.counters import ProcessCounters
from collector.pipeline.customer_limit import CustomerLimiter
from collector.pipeline.draft import Batch
from collector.pipeline.engine_memory import EngineMemory
from collector.pipeline.engine_news import EngineNews
from collector.pipeline.forgetting import Forgetting
from collector.pipeline.gather import Gatherer
from collector.pipeline.pace import Pace
from collector.pipeline.refusals import Refusals
from collector.pipeline.repeats import SeenMemory
from collector.pipeline.stages import Knowledge, Memory, commit, understand
from collector.store.case_memory import CaseMemory
from collector.store.engine import Connection, Store
from collector.store.engines import engines_version, load_memos
from collector.store.seen import drop_expired, drop_seen, load_seen
from collector.store.streams import Position, add_stream, load_positions
from collector.store.types import to_micros

_log = Log(__name__)
YIELD_SECONDS = 0.010
_LOOK_SECONDS = 1.0
_MOST_GONE = 20_000
"""Of what is forgotten, so much goes from the store at a time."""
_LOOK_NS = round(_LOOK_SECONDS * NS_PER_SECOND)


class Stop(Protocol):
    """Tells the loop to end (threading.Event fits)."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float) -> bool: ...


class Processor:
    """One per store (the composition root holds a lock). `knowledge` is asked for before each batch, so a reload takes effect."""

    def __init__(
        self,
        store: Store,
        reader: JournalReader,
        *,
        knowledge: Callable[[], Knowledge],
        clock: Clock,
        batch_limit: int,
        counters: ProcessCounters,
        wait_for_work: Callable[[float], bool],
        someone_waits: Callable[[], bool],
        changed: Callable[[], None],
        refusals: Refusals | None = None,
        customers: CustomerLimiter | None = None,
    ) -> None:
        """Without `refusals` and `customers` nothing is left out."""
        self._store = store
        self._reader = reader
        self._knowledge = knowledge
        self._clock = clock
        self._counters = counters
        self._wait_for_work = wait_for_work
        self._someone_waits = someone_waits
        self._changed = changed
        self._gatherer = Gatherer(reader, limit=batch_limit)
        self._pace = Pace(batch_limit)
        self._positions: dict[StreamName, Position] = {}
        self._memory = Memory(
            SeenMemory({}),
            Copies(),
            EngineMemory(),
            refusals or Refusals(per_peer=0, per_outcome=0),
            customers or CustomerLimiter(Limit(rate=0, burst=1)),
        )
        self._cases = CaseMemory()
        self._engine_news = EngineNews()
        self._forgetting = Forgetting(clock)
        self._looked_ns = clock.monotonic_ns() - _LOOK_NS
        self._ready = False
        self._away = False
        self._taken = 0
        """Items of the last batch."""
        self.caught_up_to: datetime = EPOCH
        """What arrived in the main lanes before this is processed: the quiet times of cases are judged by it."""
        self.nothing_before: datetime = EPOCH
        """No item of any lane that arrived before this will come any more."""

    def run(self, stop: Stop, *, housekeeping: Callable[[], None]) -> None:
        """Until `stop`. What is durable and not processed then is left for the next start."""
        while not stop.is_set():
            try:
                worked = self.step()
                housekeeping()
                self._away = False
            except Unavailable as error:
                self._counters.store_failures += 1
                self._tell_away(error)
                stop.wait(0.2)
                continue
            if self._someone_waits():
                self._counters.yields += 1
                self._pace.someone_waited(self._clock.monotonic_ns())
                stop.wait(YIELD_SECONDS)
            elif linger_seconds := self._pace.linger_seconds(self._taken, self._clock.monotonic_ns()):
                stop.wait(linger_seconds)
            if not worked and not stop.is_set():
                self._wait_for_work(_LOOK_SECONDS)

    def _tell_away(self, error: Unavailable) -> None:
        """Once per absence: the loop tries five times a second."""
        if not self._away:
            _log.warning("the store is away, trying again", reason=str(error))
        self._away = True

    def step(self) -> bool:
        """Work one batch off; False when there was none. Raise Unavailable when the store is away; nothing is kept then."""
        if not self._ready:
            self._restart()
        self._ready = False  # a step that does not come to its end is begun again from what the store says
        begun_at, begun_ns = self._clock.now(), self._clock.monotonic_ns()
        self._look_for_streams()
        batch = self._gatherer.next_batch(self._pace.limit(self._clock.monotonic_ns()))
        self._taken = len(batch.entries)
        if batch.entries:
            self._work_off(batch)
            self._changed()
        else:
            self._counters.pending = 0
        self._note_progress(begun_at, begun_ns)
        self._ready = True
        return bool(batch.entries)

    def _work_off(self, batch: Batch) -> None:
        if self._failure_of(batch) is not None:
            _log.warning("a batch failed; its items are tried one by one", items=len(batch.entries))
            self._restart()
            self._work_singly(len(batch.entries))

    def _failure_of(self, batch: Batch) -> str | None:
        """Work the batch off; what a stage tripped over, or None. The recovery is left to the caller: while an exception is
        caught, its frames keep the failed transaction's cursors alive."""
        try:
            self._work(batch)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 (nothing that a stage trips over may stop the line)
            ids = [f"{entry.item.stream}-{entry.item.seq}" for entry in (batch.entries[0], batch.entries[-1])]
            _log.error("a stage failed", cause=error, first=ids[0], last=ids[1])
            return type(error).__name__
        return None

    def _note_progress(self, begun_at: datetime, begun_ns: int) -> None:
        """At the end of a step that began then, on both clocks."""
        main, every = (self._gatherer.waiting_since_ns(bulk=bulk) for bulk in (False, True))
        self.caught_up_to = begun_at if main is None else min(begun_at, from_ns(main))
        self.nothing_before = begun_at if every is None else min(begun_at, from_ns(every))
        steady_ns = min(begun_ns, self._gatherer.waiting_since_steady_ns() or begun_ns)
        self._memory.engines.needed_from = Arrival(to_micros(self.nothing_before), steady_ns // 1_000)
        self._forgetting.note(self.nothing_before)
        self._memory.seen.forget(before_us=to_micros(self._forgetting.before))

    def _restart(self) -> None:
        """Go on from what the store says was committed."""
        with self._store.read() as connection:
            self._positions = load_positions(connection)
            seen = load_seen(connection)
            self._memory.seen = SeenMemory(seen)
            self._memory.copies = Copies(seen, now_ns=self._clock.monotonic_ns())
            self._memory.engines = self._engines(connection)
        positions = {stream: position.position for stream, position in self._positions.items()}
        self._gatherer.rewind(positions, now_ns=self._clock.monotonic_ns())
        self._looked_ns = self._clock.monotonic_ns() - _LOOK_NS

    def _engines(self, connection: Connection) -> EngineMemory:
        """As the store knows them."""
        engines = EngineMemory(load_memos(connection), version=engines_version(connection))
        engines.needed_from = self._memory.engines.needed_from
        return engines

    def _look_for_streams(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns < _LOOK_NS:
            return
        self._looked_ns = now_ns
        self._counters.engines_seen, self._counters.engines_approved = self._memory.engines.count()
        self._counters.left_out = self._memory.refusals.left_out
        states = self._reader.streams()
        self._counters.pending = sum(
            state.end - position.position for state in states if (position := self._positions.get(state.stream)) is not None
        )
        for state in states:
            if not self._gatherer.knows(state.stream):
                with self._store.write() as connection:
                    position = add_stream(connection, state.stream)
                self._positions[state.stream] = position
                self._gatherer.add(state.stream, position.position)
        self._memory.copies.forget(now_ns=now_ns, ends={state.stream: state.end for state in states}, done=self.processed)

    def _work(self, batch: Batch) -> None:
        begun_ns = self._clock.monotonic_ns()
        knowledge = self._knowledge()
        understand(batch, knowledge, self._memory)
        self._commit(batch, knowledge, begun_ns=begun_ns)

    def _commit(self, batch: Batch, knowledge: Knowledge, *, begun_ns: int) -> None:
        with self._store.write() as connection:
            locked_ns = self._clock.monotonic_ns()
            if self._engines_changed(connection, batch):
                # in here, where nobody can change them again
                self._memory.engines = self._engines(connection)
                self._memory.copies.commit(load_seen(connection, octets=COPY_OCTETS), now_ns=locked_ns)
                batch = batch.anew()
                understand(batch, knowledge, self._memory)
            correlation = commit(connection, batch, knowledge, self._positions, self._cases)
        self._pace.note(len(batch.entries), (self._clock.monotonic_ns() - locked_ns) / NS_PER_SECOND)
        for stream, (last, tallies) in batch.taken.items():
            before = self._positions[stream]
            self._positions[stream] = Position(before.id, stream, last, before.tallies + tallies)
        self._memory.commit(batch, now_ns=self._clock.monotonic_ns())
        if batch.engines is not None:
            self._engine_news.tell(batch.engines.begin_to_wait, knowledge.registry.sources, now_ns=self._clock.monotonic_ns())
        self._cases.keep([fold.case for fold in correlation.folds])
        self._counters.count(batch, correlation.counts, (self._clock.monotonic_ns() - begun_ns) / NS_PER_SECOND)

    @staticmethod
    def _engines_changed(connection: Connection, batch: Batch) -> bool:
        """Whether people approved or forgot v3 engines, or had messages of them processed again, since the batch was judged by
        what is known of them."""
        engines = batch.engines
        return engines is not None and engines.asked and engines.memory.version != engines_version(connection)

    def _work_singly(self, count: int) -> None:
        """Each of the next `count` items by itself; one that fails again is parked as undecodable."""
        for _ in range(count):
            batch = self._gatherer.next_item()
            if not batch.entries:
                return
            failure = self._failure_of(batch)
            if failure is not None:
                self._park(batch, failure)

    def _park(self, batch: Batch, failure: str) -> None:
        """Leave a single item as undecodable and go on behind it. A tally is no item of the ledger's: it is only logged."""
        item = batch.entries[0].item
        _log.error("an item is parked as undecodable", id=f"{item.stream}-{item.seq}")
        self._counters.poisoned += 1
        parked = Batch.of([] if item.kind == ItemKind.TALLY else [item], batch.taken)
        for entry in parked.entries:
            entry.settle(Outcome.UNDECODABLE, Reason.DECODER_FAILED, f"{failure} in the pipeline")
        self._commit(parked, self._knowledge(), begun_ns=self._clock.monotonic_ns())

    def tidy(self, connection: Connection) -> Callable[[], None]:
        """Forget in the store what is forgotten here, in the caller's transaction. What is returned is called when that is
        committed."""
        drop_expired(connection, before=self._forgetting.before)
        copies = self._memory.copies
        gone = list(islice(copies.gone, _MOST_GONE))
        drop_seen(connection, gone)
        return lambda: copies.forgotten(gone)

    @property
    def processed(self) -> dict[StreamName, int]:
        """How far each stream has been committed."""
        return {stream: position.position for stream, position in self._positions.items()}
