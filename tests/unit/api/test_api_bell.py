"""The bell: who waits is woken by a ring, by a newer message, by the end of the server, and by nothing else before its time."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest

from api import bell as bell_module
from api.bell import Bell
from collector.domain.errors import Unavailable

LONG = 60.0
"""Longer than any of these tests may take: whoever waits so long was never woken."""


class Rings:
    """The side that is rung, as the wake-up socket of the API is."""

    def __init__(self) -> None:
        self._listening, self._ringing = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listening.setblocking(False)

    def ring(self) -> None:
        self._ringing.send(b"!")

    def fileno(self) -> int:
        return self._listening.fileno()

    def drain(self) -> bool:
        try:
            while self._listening.recv(16):
                pass
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        self._listening.close()
        self._ringing.close()


class Outbox:
    """The store's newest position; away while `away`."""

    def __init__(self) -> None:
        self.position = 0
        self.away = False
        self.asked = 0

    def last_position(self) -> int:
        self.asked += 1
        if self.away:
            raise Unavailable("away")
        return self.position


@pytest.fixture
def rings() -> Iterator[Rings]:
    made = Rings()
    yield made
    made.close()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


Ringing = Callable[[Bell], Awaitable[None]]


def run(rings: Rings, outbox: Outbox, stop: threading.Event, work: Ringing) -> None:
    """In an event loop of its own, with a bell that belongs to it."""

    async def main() -> None:
        async with asyncio.timeout(LONG):
            await work(Bell(rings, last_position=outbox.last_position, stop=stop))

    asyncio.run(main())


async def waiting(bell: Bell, outbox: Outbox) -> None:
    """Until the bell has looked once: from then on a change is noticed."""
    seen = outbox.asked
    while outbox.asked == seen:
        await bell.wait(0.01)


def test_a_ring_wakes_everybody_who_waits(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        crowd = [asyncio.ensure_future(bell.wait(LONG)) for _ in range(300)]
        await asyncio.sleep(0)
        rings.ring()
        await asyncio.gather(*crowd)

    run(rings, outbox, stop, work)


def test_a_newer_message_is_noticed_without_a_ring(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        reader = asyncio.ensure_future(bell.beyond(4, LONG))
        await waiting(bell, outbox)
        outbox.position = 5
        await reader

    run(rings, outbox, stop, work)


def test_a_ring_without_a_newer_message_leaves_readers_waiting(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        outbox.position = 4
        reader = asyncio.ensure_future(bell.beyond(4, LONG))
        for _ in range(3):
            rings.ring()
            await bell.wait(LONG)
        assert not reader.done()
        outbox.position = 5
        rings.ring()
        await reader

    run(rings, outbox, stop, work)


def test_a_message_that_is_there_already_is_not_waited_for(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        outbox.position = 7
        await bell.beyond(6, LONG)

    run(rings, outbox, stop, work)


def test_nothing_happens_and_the_time_is_over(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        await bell.beyond(0, 0.01)
        await bell.wait(0.01)

    run(rings, outbox, stop, work)


def test_a_store_that_is_away_ends_no_wait(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        outbox.away = True
        reader = asyncio.ensure_future(bell.beyond(0, LONG))
        rings.ring()
        await bell.wait(LONG)
        assert not reader.done()
        outbox.away, outbox.position = False, 1
        await reader

    run(rings, outbox, stop, work)


def test_the_end_of_the_server_wakes_everybody(rings: Rings, outbox: Outbox, stop: threading.Event) -> None:
    async def work(bell: Bell) -> None:
        readers = [asyncio.ensure_future(bell.beyond(0, LONG)), asyncio.ensure_future(bell.wait(LONG))]
        await waiting(bell, outbox)
        stop.set()
        await asyncio.gather(*readers)
        await bell.beyond(0, LONG)

    run(rings, outbox, stop, work)


def test_a_storm_of_rings_is_few_looks_at_the_store(
    rings: Rings, outbox: Outbox, stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell_module, "REST_SECONDS", LONG)

    async def work(bell: Bell) -> None:
        for _ in range(200):
            rings.ring()
            await bell.wait(0.0001)
        assert outbox.asked <= 2

    run(rings, outbox, stop, work)
