"""A mail receiver on real sockets with a journal in memory that obeys the test, and a raw client. For the integration tests."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from collector.domain.clock import SystemClock
from collector.domain.ids import StreamName
from collector.domain.item import ItemKind, Record, Tally
from collector.journal.envelope import decode_tally
from collector.snapshot import Snapshot, SnapshotView
from receivers.smtp.server import Limits, SmtpReceiver

STREAM = StreamName("smtp-0", bulk=False, epoch="abcdef")
SNAPSHOT = Snapshot(1, frozenset({"acme-sepm", "beta"}), frozenset({"alerts.example"}))
RECIPIENT = "acme-sepm@alerts.example"
DEADLINE = 20.0
QUICK = Limits(sweep_seconds=0.02)


class MovedClock:
    """The machine's clock, and a monotonic one that a test moves forward."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self.ahead_ns = 0

    def now(self) -> datetime:
        return self._system.now()

    def now_ns(self) -> int:
        return self._system.now_ns()

    def monotonic_ns(self) -> int:
        return self._system.monotonic_ns() + self.ahead_ns


class StillClock(SystemClock):
    """A monotonic clock that stands: what was confirmed once stays fresh, however slow the machine is."""

    def monotonic_ns(self) -> int:
        return 10**9


class MemoryJournal:
    """Keeps what is appended. `gate` must be open for an append to return; `failure` is raised instead, when there is one."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.failure: Exception | None = None
        self.batches: list[list[Record]] = []
        self._changed = threading.Condition()

    @property
    def stream(self) -> StreamName:
        return STREAM

    @property
    def next_seq(self) -> int:
        return 1 + sum(len(batch) for batch in self.batches)

    def append(self, records: Sequence[Record]) -> int:
        self.entered.set()
        if not self.gate.wait(DEADLINE):
            raise TimeoutError("the test never opened the gate")
        if self.failure is not None:
            raise self.failure
        with self._changed:
            first = self.next_seq
            self.batches.append(list(records))
            self._changed.notify_all()
            return first

    def close(self) -> None:
        """Nothing to close."""

    @property
    def mails(self) -> list[Record]:
        return [record for batch in self.batches for record in batch if record.kind is ItemKind.MAIL]

    @property
    def tallies(self) -> list[tuple[str, Tally]]:
        """(peer, tally) of every tally record."""
        records = [record for batch in self.batches for record in batch if record.kind is ItemKind.TALLY]
        return [(record.peer_address, decode_tally(record.envelope)) for record in records]

    def wait_for(self, condition: Callable[[Self], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), DEADLINE)


def until(condition: Callable[[], bool], what: str) -> None:
    """For what the receiver does in a thread of its own, and nobody tells."""
    clock, pause = SystemClock(), threading.Event()
    deadline_ns = clock.monotonic_ns() + int(DEADLINE * 10**9)
    while not condition():
        assert clock.monotonic_ns() < deadline_ns, f"waited in vain: {what}"
        pause.wait(0.001)


@dataclass
class World:
    """A running receiver and everything around it."""

    journal: MemoryJournal
    clock: MovedClock
    view: SnapshotView
    bound: socket.socket
    bound_tls: socket.socket | None = None
    wakes: list[int] = field(default_factory=list)
    free: int = 1 << 40
    room: Callable[[int], bool] | None = None

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.bound.getsockname()
        return host, port

    @property
    def tls_address(self) -> tuple[str, int]:
        assert self.bound_tls is not None
        host, port = self.bound_tls.getsockname()
        return host, port

    def has_room(self, octets: int) -> bool:
        return self.room(octets) if self.room is not None else octets < self.free


@contextmanager
def receiving(
    limits: Limits = QUICK,
    *,
    fresh: bool = True,
    tls: Callable[[], ssl.SSLContext] | None = None,
    tls_required: bool = False,
) -> Iterator[tuple[World, SmtpReceiver]]:
    """A receiver on a free port of loopback, and with `tls` on one where TLS begins at once. Stopped at the end."""
    clock = MovedClock()
    view = SnapshotView(StillClock(), SNAPSHOT)
    if fresh:
        view.confirm(SNAPSHOT)
    with socket.create_server(("127.0.0.1", 0)) as bound, socket.create_server(("127.0.0.1", 0)) as bound_tls:
        world = World(MemoryJournal(), clock, view, bound, bound_tls)
        receiver = SmtpReceiver(
            [("127.0.0.1:25", bound)],
            journal=world.journal,
            view=view,
            clock=clock,
            wake=lambda: world.wakes.append(1),
            room=world.has_room,
            hostname="mx.example",
            limits=limits,
            tls_sockets=[("127.0.0.1:465", bound_tls)] if tls else [],
            tls=tls,
            tls_required=tls_required,
        )
        receiver.start()
        try:
            yield world, receiver
        finally:
            world.journal.gate.set()
            receiver.stop()


class Client:
    """A client that sends what it wants. `say` returns the last line of the next reply."""

    def __init__(self, address: tuple[str, int], *, source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(address, timeout=DEADLINE, source_address=(source, 0))
        self._lines = self._socket.makefile("rb")
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def secure(self, context: ssl.SSLContext) -> None:
        """The handshake, after which the dialogue goes on in TLS."""
        self._lines.close()
        self._socket = context.wrap_socket(self._socket, server_hostname="mx.example")
        self._lines = self._socket.makefile("rb")

    def half_close(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def send_what_is_taken(self, octets: bytes) -> None:
        """Also to somebody who has hung up already, or does not read so much."""
        self._socket.setblocking(False)
        with suppress(OSError):
            self._socket.send(octets)
        self._socket.settimeout(DEADLINE)

    def send_in_pieces(self, octets: bytes) -> None:
        """While reading: a receiver that answers to much must get rid of it. Who hangs up need not be sent the rest."""
        reader = threading.Thread(target=self._read_all)
        reader.start()
        with suppress(OSError):
            self._socket.sendall(octets)
        self._reader = reader

    def _read_all(self) -> None:
        with suppress(OSError):
            self._rest = self._lines.read()

    def rest(self) -> bytes:
        """What was said while it sent, and after, up to the end of the connection."""
        self._reader.join(DEADLINE)
        assert not self._reader.is_alive(), "the connection does not end"
        return self._rest

    def reset(self) -> None:
        """Hang up so that the other side is told nothing but that."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def reply(self) -> str:
        """Empty when the connection has ended."""
        while (line := self._lines.readline())[3:4] == b"-":
            pass
        return line.decode().rstrip()

    def say(self, octets: bytes) -> str:
        self.send(octets + b"\r\n")
        return self.reply()

    def begin(self, recipient: str = RECIPIENT) -> str:
        """Up to the go-ahead for the content, from the greeting on."""
        self.reply()
        for command in ("EHLO client.example", "MAIL FROM:<a@b.example>", f"RCPT TO:<{recipient}>"):
            self.say(command.encode())
        return self.say(b"DATA")
