"""The SNMP receiver as a whole: its threads, in which order they start and stop. What they do is in `reader` and `writer`."""

import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.item import TallyReason
from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import Network
from collector.journal.interface import JournalWriter
from collector.logs import Log
from collector.metrics import Family
from collector.snapshot import SnapshotView
from receivers.snmp.answers import ANSWERS_PER_SECOND, Answers
from receivers.snmp.arrivals import Arrivals, Chunk
from receivers.snmp.counters import ListenerCounters, SnmpCounters
from receivers.snmp.drops import DropLedger, note_path
from receivers.snmp.informs import Informs
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.reader import Reader
from receivers.snmp.senders import KnownSenders
from receivers.snmp.tallies import Tallies, TallyReport
from receivers.snmp.udp import Listener, granted_buffer
from receivers.snmp.usm import KeyRing
from receivers.snmp.writer import Writer

COMMIT_AT_STOP_NS = 3 * NS_PER_SECOND
"""How long a journal that refuses is tried after the sockets are drained."""
_JOIN_SECONDS = 9.0

log = Log(__name__)


class SnmpReceiver:
    """Receives on sockets that are already bound, stores every datagram durably, answers informs of known senders after that.

    `view` says who is known; `relays` may send for everybody. `engine` is the own one, which informs of v3 are for.

    `main` and `bulk` are the journal's lanes, owned by this receiver from `start` to `stop`. `room` says whether the disk has
    room for informs too, `wake` is called after every commit, both in the committing thread. `run_directory` holds the note of
    kernel drops, under the `name` of the process. The sockets stay open: they are the supervisor's.
    """

    def __init__(
        self,
        sockets: Sequence[tuple[str, socket.socket]],
        *,
        main: JournalWriter,
        bulk: JournalWriter,
        limiter: PeerLimiter,
        engine: OwnEngine,
        view: SnapshotView,
        clock: Clock,
        wake: Callable[[], None],
        room: Callable[[], bool],
        run_directory: Path,
        name: str = "snmp",
        relays: Sequence[Network] = (),
        answers_per_second: int = ANSWERS_PER_SECOND,
        arrivals: Arrivals | None = None,
    ) -> None:
        listeners = [Listener(name, udp) for name, udp in sockets]
        arrivals = arrivals or Arrivals()
        self._clock = clock
        self._tallies = Tallies()
        self.counters = SnmpCounters(arrivals, {listener.name: ListenerCounters() for listener in listeners})
        for listener in listeners:
            listener.socket.setblocking(False)
            self.counters.listeners[listener.name].buffer_octets = granted_buffer(listener.socket)
        ledger = DropLedger(note_path(run_directory, name), listeners, stream=main.stream, next_seq=main.next_seq)
        self._reader = Reader(listeners, arrivals, clock=clock, counters=self.counters, lost=self._buffer_full)
        self.counters.engine_boots = engine.boots
        ring = KeyRing()
        self._senders = KnownSenders(view, ring, engine, relays=relays)
        self._writer = Writer(
            arrivals,
            main=main,
            bulk=bulk,
            limiter=limiter,
            informs=Informs(engine, self._senders, ring, self.counters),
            answers=Answers(self.counters, per_second=answers_per_second),
            tallies=self._tallies,
            report=TallyReport(self._tallies, ledger, journal=main, clock=clock, counters=self.counters),
            clock=clock,
            room=room,
            wake=wake,
            counters=self.counters,
        )
        self._threads = [self._thread(self._reader.run, "snmp-reader"), self._thread(self._writer.run, "snmp-writer")]
        self._failure: Exception | None = None

    @property
    def failure(self) -> Exception | None:
        """What ended one of the threads before its time. When there is something, the process should end and be started again."""
        return self._failure

    def families(self) -> Iterable[Family]:
        """For `collector.metrics`."""
        return self.counters.families()

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take what already waits in the sockets (2 s at most), commit it, answer, write the tallies, return. Only once.

        What arrives later stays in the sockets for the next receiver.
        """
        reader, writer = self._threads
        self._reader.stop()
        reader.join(_JOIN_SECONDS)
        self._writer.give_up_at(self._clock.monotonic_ns() + COMMIT_AT_STOP_NS)
        writer.join(_JOIN_SECONDS)
        self._senders.close()
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            log.error("the receiver did not stop in time", threads=",".join(late))
        else:
            self._reader.close()

    def _thread(self, work: Callable[[], None], name: str) -> threading.Thread:
        return threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the owner is told through `failure`
            self._failure = error
            log.error("a thread of the receiver ended", thread=threading.current_thread().name, cause=error)

    def _buffer_full(self, chunk: Chunk) -> None:
        """Called in the reading thread. The newest are dropped: what waits is older and keeps its order."""
        self.counters.buffer_full += len(chunk.datagrams)
        self._tallies.add(TallyReason.DISK_SHORT, chunk.listener.name, count=len(chunk.datagrams))
