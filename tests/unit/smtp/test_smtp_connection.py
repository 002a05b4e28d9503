"""A connection on a transport of the test's own: back-pressure both ways, and what happens when the client has gone."""

import asyncio

from collector.domain.clock import SystemClock
from collector.snapshot import Snapshot, SnapshotView
from receivers.smtp import replies
from receivers.smtp.committer import Pending
from receivers.smtp.connection import Connection
from receivers.smtp.content import Memory
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.dialogue import Terms
from receivers.smtp.door import Door
from receivers.smtp.tallies import Tallies

MAIL = b"MAIL FROM:<a@b>\r\nRCPT TO:<beta@alerts.example>\r\nDATA\r\ntext\r\n.\r\n"


class Wire(asyncio.Transport):
    """Remembers what was done to it."""

    def __init__(self, peer: object = ("192.0.2.1", 4_000)) -> None:
        super().__init__({"peername": peer})
        self.written = b""
        self.reading = True
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def close(self) -> None:
        self.closed = True

    def take(self) -> list[bytes]:
        """First three octets of each line written since the last time."""
        lines, self.written = self.written.split(b"\r\n")[:-1], b""
        return [line[:3] for line in lines]


class House:
    """A door, a client that has said EHLO, and the mails submitted."""

    def __init__(self, peer: object = ("192.0.2.1", 4_000)) -> None:
        clock = SystemClock()
        view = SnapshotView(clock, Snapshot(1, frozenset({"beta"}), frozenset({"alerts.example"})))
        self.memory = Memory(1 << 20)
        self.submitted: list[Pending] = []
        self.counters = SmtpCounters(self.memory)
        door = Door(
            terms=Terms("mx.example", 10_000, 10, 5, view, self.memory, lambda _: True),
            clock=clock,
            submit=self.submitted.append,
            tallies=Tallies(),
            counters=self.counters,
            max_connections=10,
            max_connections_per_peer=10,
            idle_seconds=60,
            mail_seconds=600,
        )
        self.wire = Wire(peer)
        self.connection = Connection(door, "listener")
        self.connection.connection_made(self.wire)
        self.connection.data_received(b"EHLO x\r\n")
        self.wire.take()


def test_while_a_mail_waits_nothing_is_read_and_then_the_rest_is_answered() -> None:
    house = House()
    house.connection.data_received(MAIL + b"NOOP\r\n")
    assert (house.wire.take(), house.wire.reading) == ([b"250", b"250", b"354"], False)
    house.submitted[0].settle(replies.stored("x"))
    assert (house.wire.take(), house.wire.reading) == ([b"250", b"250"], True)


def test_a_client_that_does_not_read_is_not_listened_to() -> None:
    house = House()
    house.connection.pause_writing()
    house.connection.data_received(b"NOOP\r\n")
    assert (house.wire.take(), house.wire.reading) == ([], False)
    house.connection.resume_writing()
    assert (house.wire.take(), house.wire.reading) == ([b"250"], True)


def test_a_client_that_has_gone_is_not_answered_and_its_next_mail_not_begun() -> None:
    house = House()
    house.connection.data_received(MAIL + MAIL)
    house.wire.take()
    house.connection.connection_lost(None)
    assert house.memory.held > 0
    house.submitted[0].settle(replies.stored("x"))
    assert (house.wire.take(), len(house.submitted), house.memory.held) == ([], 1, 0)
    assert house.counters.open == 0


def test_goodbye_closes_the_connection_after_the_last_word() -> None:
    house = House()
    house.connection.data_received(b"QUIT\r\n")
    assert (house.wire.take(), house.wire.closed) == ([b"221"], True)


def test_an_ipv4_client_of_a_listener_for_both_families_is_an_ipv4_client() -> None:
    assert House(("::ffff:192.0.2.7", 4_000, 0, 0)).connection.peer == "192.0.2.7"
    assert House(("2001:db8::7", 4_000, 0, 0)).connection.peer == "2001:db8::7"


def test_a_client_that_sends_no_more_is_owed_the_answer_to_what_it_sent() -> None:
    house = House()
    house.connection.data_received(MAIL)
    house.wire.take()
    assert house.connection.eof_received() is True
    assert not house.wire.closed
    house.submitted[0].settle(replies.stored("x"))
    assert (house.wire.take(), house.wire.closed) == ([b"250"], True)
    assert House().connection.eof_received() is False
