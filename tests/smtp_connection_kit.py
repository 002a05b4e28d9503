"""A connection on a transport and a loop of the test's own: octets in, replies and mails out, no sockets. For the unit tests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, Self

from collector.domain.item import Envelope, TallyReason
from collector.journal.envelope import decode_envelope
from collector.snapshot import SnapshotView
from receivers.smtp import replies
from receivers.smtp.committer import Pending
from receivers.smtp.connection import Connection
from receivers.smtp.content import Memory
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.door import Door, Terms
from receivers.smtp.handler import Handler
from receivers.smtp.replies import Reply
from receivers.smtp.tallies import Tallies
from tests.smtp_receiver_kit import SNAPSHOT, MovedClock, StillClock

_TURNS = 40
"""Of the loop, after which all that can happen without the test has happened."""


class Mail(NamedTuple):
    envelope: Envelope
    octets: bytes


class Wire(asyncio.Transport):
    """Remembers what was done to it."""

    def __init__(self, peer: object) -> None:
        super().__init__({"peername": peer})
        self.written = b""
        self.reading = True
        self.closed = self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "written after the end"
        self.written += bytes(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


def terms(*, room: Callable[[int], bool] = lambda _: True, memory: int = 1 << 20, view: SnapshotView | None = None) -> Terms:
    """10,000 octets a mail, 3 recipients, 5 errors."""
    return Terms("mx.example", 10_000, 3, 5, view or known(), Memory(memory), room)


def known() -> SnapshotView:
    """Two mailboxes, for sure."""
    view = SnapshotView(StillClock(), SNAPSHOT)
    view.confirm(SNAPSHOT)
    return view


class Talk:
    """A greeted client that talks in octets. Mails are stored at once, with `stores=False` when `settle` is called."""

    def __init__(self, given: Terms | None = None, *, peer: object = ("192.0.2.1", 4_000), stores: bool = True) -> None:
        given = given or terms()
        self.terms = replace(given, memory=replace(given.memory))
        self.clock = MovedClock()
        self.counters = SmtpCounters(self.terms.memory)
        self.mails: list[Mail] = []
        self.wire = Wire(peer)
        self._stores = stores
        self._pending: list[Pending] = []
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._begin())
        self.greeting, self.wire.written = self.wire.written, b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.connection_lost(None)
        self.settle(replies.OK)
        self._loop.close()

    async def _begin(self) -> None:
        self.door = Door(
            terms=self.terms,
            clock=self.clock,
            submit=self._pending.append,
            tallies=Tallies(),
            counters=self.counters,
            max_connections=10,
            max_connections_per_peer=10,
            idle_seconds=60,
            mail_seconds=600,
        )
        self.connection = Connection(self.door, Handler(self.terms), "listener")
        self.connection.connection_made(self.wire)
        await _turns()

    @property
    def refused(self) -> list[TallyReason]:
        return [reason for reason, count in self.counters.refusals.items() for _ in range(count)]

    @property
    def waiting(self) -> int:
        """Mails that wait for their commit."""
        return len(self._pending)

    def turn(self) -> None:
        """Let happen what can happen."""
        self._loop.run_until_complete(_turns())

    def settle(self, reply: Reply) -> None:
        """The fate of all mails that wait."""
        while self._pending:
            self._pending.pop(0).settle(reply)
            self.turn()
        self.turn()

    def octets(self, octets: bytes) -> bytes:
        """What is said to `octets`. A connection that is closed gets none."""
        if not self.wire.closed:
            self.connection.data_received(octets)
            self.turn()
        while self._stores and self._pending:
            record = self._pending[0].record
            self.mails.append(Mail(decode_envelope(record.envelope), record.payload))
            self._pending.pop(0).settle(replies.stored(f"smtp-0-abcdef-{len(self.mails)}"))
            self.turn()
        return self.take()

    def take(self) -> bytes:
        """What was said since the last time."""
        written, self.wire.written = self.wire.written, b""
        return written

    def say(self, octets: bytes) -> list[bytes]:
        """Reply lines to `octets`, the last line of a reply of several."""
        return [line for line in self.octets(octets).split(b"\r\n") if line and line[3:4] == b" "]

    def codes(self, octets: bytes) -> list[int]:
        return [int(line[:3]) for line in self.say(octets)]


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
