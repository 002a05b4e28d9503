"""What tests of the SNMP receiver need: a journal in memory that can block and fail, a console's socket, a running receiver."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from collector.domain.clock import NS_PER_SECOND, SystemClock
from collector.domain.ids import StreamName
from collector.domain.item import ItemKind, Record, Tally
from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import SnmpAccess
from collector.journal.envelope import decode_tally
from collector.snapshot import Snapshot, SnapshotView
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.server import SnmpReceiver

PATIENCE_NS = 10 * NS_PER_SECOND
CLOCK = SystemClock()
PUBLIC = SnmpAccess.with_community("v2c", b"public", ["127.0.0.0/8", "::1/128"])
"""The access of every test console that does not say otherwise."""


def own_engine(*, boots: int = 3, seconds: int = 1000) -> OwnEngine:
    """One that began so many seconds ago."""
    return OwnEngine(bytes.fromhex("80007ed905c0ffee00c0ffee00"), boots, CLOCK.monotonic_ns() - seconds * NS_PER_SECOND)


def a_view(*accesses: SnmpAccess, version: int = 1) -> SnapshotView:
    """A snapshot with these senders."""
    return SnapshotView(CLOCK, Snapshot(version, frozenset(), frozenset(), accesses))


def until(condition: Callable[[], bool]) -> None:
    """Wait for another thread to make the condition true; fail after ten seconds."""
    pause, deadline = threading.Event(), CLOCK.monotonic_ns() + PATIENCE_NS
    while not condition():
        assert CLOCK.monotonic_ns() < deadline, "it did not happen"
        pause.wait(0.005)


class MemoryJournal:
    """A JournalWriter that keeps its records in memory. While `refusal` is set every append raises it; clearing `open` makes
    appends wait."""

    def __init__(self, lane: str = "snmp-0", *, epoch: str = "k3f9ab") -> None:
        self.records: list[Record] = []
        self.appends = 0
        self.refusal: Exception | None = None
        self.open = threading.Event()
        self.open.set()
        self._stream = StreamName.parse(f"{lane}-{epoch}")

    @property
    def stream(self) -> StreamName:
        return self._stream

    @property
    def next_seq(self) -> int:
        return len(self.records) + 1

    def append(self, records: Sequence[Record]) -> int:
        self.appends += 1
        assert self.open.wait(PATIENCE_NS / NS_PER_SECOND)
        if self.refusal is not None:
            raise self.refusal
        first = self.next_seq
        self.records.extend(records)
        return first

    def close(self) -> None:
        raise AssertionError("the receiver does not own the journal")

    def payloads(self) -> list[bytes]:
        return [record.payload for record in self.records if record.kind is ItemKind.DATAGRAM]

    def tallies(self) -> list[tuple[str, str, Tally]]:
        """(listener, peer, tally)"""
        return [
            (record.listener, record.peer_address, decode_tally(record.envelope))
            for record in self.records
            if record.kind is ItemKind.TALLY
        ]


class Console:
    """A sender of notifications on a socket of its own."""

    def __init__(self, target: tuple[Any, ...], *, family: socket.AddressFamily = socket.AF_INET) -> None:
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect(target)
        self.address: str
        self.port: int
        self.address, self.port = self.socket.getsockname()[:2]

    def send(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.socket.send(datagram)

    def answer(self) -> bytes:
        self.socket.settimeout(PATIENCE_NS / NS_PER_SECOND)
        return self.socket.recv(65_535)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def has_answer(self, *, within_seconds: float = 0.05) -> bool:
        self.socket.settimeout(within_seconds)
        try:
            return bool(self.socket.recv(65_535, socket.MSG_PEEK))
        except TimeoutError:
            return False


@dataclass(slots=True)
class Bench:
    """A receiver between a socket and two journals in memory."""

    run_directory: Path
    udp: socket.socket
    main: MemoryJournal = field(default_factory=MemoryJournal)
    bulk: MemoryJournal = field(default_factory=lambda: MemoryJournal("snmp-0-bulk"))
    room: bool = True
    wakes: int = 0
    engine: OwnEngine = field(default_factory=own_engine)
    view: SnapshotView = field(default_factory=lambda: a_view(PUBLIC))

    @property
    def listener(self) -> str:
        host, port = self.udp.getsockname()[:2]
        return f"{host}:{port}"

    def console(self) -> Console:
        return Console(self.udp.getsockname(), family=self.udp.family)

    def receiver(self, *, limiter: PeerLimiter | None = None, **options: Any) -> SnmpReceiver:
        return SnmpReceiver(
            [(self.listener, self.udp)],
            main=self.main,
            bulk=self.bulk,
            limiter=limiter or PeerLimiter(0, 0),
            engine=self.engine,
            view=self.view,
            clock=CLOCK,
            wake=self._wake,
            room=lambda: self.room,
            run_directory=self.run_directory,
            **options,
        )

    @contextmanager
    def running(self, *, limiter: PeerLimiter | None = None, **options: Any) -> Iterator[SnmpReceiver]:
        receiver = self.receiver(limiter=limiter, **options)
        receiver.start()
        try:
            yield receiver
        finally:
            self.main.open.set()
            self.bulk.open.set()
            receiver.stop()
        assert receiver.failure is None

    def _wake(self) -> None:
        self.wakes += 1
