"""The mail receiver as a whole: its loop, its committing thread, in which order they start and stop. What a client gets to hear
is decided in `handler` and `connection`."""

import asyncio
import functools
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

import uvloop

from collector.domain.clock import Clock
from collector.domain.networks import NetworkMap
from collector.journal.interface import JournalWriter
from collector.logs import Log
from collector.metrics import Family
from collector.snapshot import SnapshotView
from receivers.smtp.committer import Answers, Committer
from receivers.smtp.connection import Connection
from receivers.smtp.content import Memory
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.door import Door, Terms
from receivers.smtp.handler import Handler
from receivers.smtp.implicit_tls import TlsListener
from receivers.smtp.tallies import Tallies

_GRACE_SECONDS = 5.0
_JOIN_SECONDS = 9.0

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """`size` of one mail and `in_flight` of all mails being received or committed, in octets; times in seconds. `relays`:
    see `Door`."""

    size: int = 26_214_400
    in_flight: int = 200 << 20
    recipients: int = 100
    errors: int = 20
    connections: int = 1_000
    connections_per_peer: int = 50
    idle_seconds: float = 60.0
    mail_seconds: float = 600.0
    sweep_seconds: float = 1.0
    relays: tuple[IPv4Network | IPv6Network, ...] = ()


class SmtpReceiver:
    """Receives on sockets that are already bound and listen, answers 250 after the mail is durable, never before.

    `journal` is owned by this receiver from `start` to `stop`. `room` says whether the disk has room for so many octets and is
    asked in the loop's thread; `wake` is called in the committing thread after every commit. `hostname` is what we call
    ourselves: nothing is looked up. At `tls_sockets` TLS begins at once, for which there must be `tls`; see `Terms`. All sockets
    stay open: they are the supervisor's.
    """

    def __init__(
        self,
        sockets: Sequence[tuple[str, socket.socket]],
        *,
        journal: JournalWriter,
        view: SnapshotView,
        clock: Clock,
        wake: Callable[[], None],
        room: Callable[[int], bool],
        hostname: str,
        limits: Limits | None = None,
        tls_sockets: Sequence[tuple[str, socket.socket]] = (),
        tls: Callable[[], ssl.SSLContext] | None = None,
        tls_required: bool = False,
    ) -> None:
        self._sockets = sockets
        self._tls_sockets = tls_sockets
        self._limits = limits = limits or Limits()
        self._clock = clock
        self._tallies = Tallies()
        memory = Memory(limits.in_flight)
        self.counters = SmtpCounters(memory)
        self._terms = Terms(hostname, limits.size, limits.recipients, limits.errors, view, memory, room, tls, tls_required)
        self._committer = Committer(
            journal, deliver=self._deliver, tallies=self._tallies, clock=clock, wake=wake, counters=self.counters
        )
        self._thread = threading.Thread(target=self._run, name="smtp-loop", daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._failure: Exception | None = None

    @property
    def failure(self) -> Exception | None:
        """What ended the loop before its time. When there is something, the process should end and be started again."""
        return self._failure or self._committer.failure

    def families(self) -> Iterable[Family]:
        """For `collector.metrics`."""
        return self.counters.families()

    def start(self) -> None:
        """Return when clients are served. Raises what kept the loop from starting."""
        self._committer.start()
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Take no new client, let a mail that is being sent be finished (5 s at most), commit, write the tallies. Only once."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_JOIN_SECONDS)
        if not self._committer.stop(_JOIN_SECONDS) or self._thread.is_alive():
            log.error("the mail receiver did not stop in time")

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._serve())
        except Exception as error:  # noqa: BLE001 - the edge of the thread: the owner is told through `failure`
            self._failure = error
            log.error("the mail receiver's loop ended", cause=error)
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        door = self._door()
        servers: list[asyncio.Server | TlsListener] = [await self._listen(door, name, bound) for name, bound in self._sockets]
        servers += [self._listen_in_tls(door, name, bound) for name, bound in self._tls_sockets]
        self._started.set()
        while not await self._stopped_within(self._limits.sweep_seconds):
            door.sweep()
            self._committer.report_tallies()
        for server in servers:
            server.close()
        await _empty(door)

    def _door(self) -> Door:
        return Door(
            terms=self._terms,
            clock=self._clock,
            submit=self._committer.submit,
            tallies=self._tallies,
            counters=self.counters,
            max_connections=self._limits.connections,
            max_connections_per_peer=self._limits.connections_per_peer,
            idle_seconds=self._limits.idle_seconds,
            mail_seconds=self._limits.mail_seconds,
            relays=NetworkMap((network, True) for network in self._limits.relays) if self._limits.relays else None,
        )

    async def _listen(self, door: Door, listener: str, bound: socket.socket) -> asyncio.Server:
        """Serve a copy of the socket: closing the copy leaves the supervisor's own, and what waits in its queue, alone."""
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            functools.partial(Connection, door, Handler(door.terms), listener), sock=bound.dup(), backlog=1_024
        )

    def _listen_in_tls(self, door: Door, listener: str, bound: socket.socket) -> TlsListener:
        assert self._terms.tls is not None  # noqa: S101 - the settings see to it
        return TlsListener(door, Handler(door.terms), listener, bound.dup(), self._terms.tls)

    async def _stopped_within(self, seconds: float) -> bool:
        assert self._stop is not None  # noqa: S101 - made before the first call
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _deliver(self, answers: Answers) -> None:
        """Called in the committing thread. A loop that has ended has nobody left to answer."""
        if self._loop is not None:
            try:
                self._loop.call_soon_threadsafe(_settle, answers)
            except RuntimeError:
                log.info("mails were stored after their clients had gone", mails=len(answers))


def _settle(answers: Answers) -> None:
    for settle, reply in answers:
        settle(reply)


async def _empty(door: Door) -> None:
    """Until every connection has gone, by itself or by force."""
    door.emptied.clear()
    door.shut_down()
    if not door.inside:
        return
    try:
        await asyncio.wait_for(door.emptied.wait(), _GRACE_SECONDS)
    except TimeoutError:
        log.warning("clients were cut off", connections=len(door.inside))
        for guest in tuple(door.inside):
            guest.abort()
