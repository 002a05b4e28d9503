"""Sends mails over a number of connections for some seconds, each client waiting for every reply, from a process of its own.
Knows nothing of the server but its port."""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import uvloop

from tests.acceptance.senders import Address

CLIENTS = 20
MARK = b"mark-of-this-mail"
"""Replaced in each mail by something that no other mail has."""


class Delivered(NamedTuple):
    """Mails that got their 250, the seconds it took, each one's milliseconds from its last octet to the 250, and the processor
    seconds of the clients."""

    mails: int
    seconds: float
    waits_ms: list[float]
    cpu: float


@dataclass(slots=True)
class Load:
    """What is sent: `contents` in turn, to `recipient`. `run` tells the marks of one load from those of another."""

    target: Address
    contents: Sequence[bytes]
    recipient: str
    new_connection: bool
    seconds: float
    run: str = ""
    clients: int = CLIENTS
    until: float = 0.0
    waits_ms: list[float] = field(default_factory=list)
    _started: int = 0

    def content(self) -> bytes:
        number = self._started = self._started + 1
        return self.contents[number % len(self.contents)].replace(MARK, b"%s-%d" % (self.run.encode(), number)) + b".\r\n"


class _Client(asyncio.Protocol):
    """Sends mails one after the other, waiting for every reply, as a plain client does."""

    def __init__(self, load: Load, done: Callable[[Exception | None], None]) -> None:
        self._load = load
        self._done = done
        sender, recipient = b"MAIL FROM:<sepm@console.example>\r\n", f"RCPT TO:<{load.recipient}>\r\n".encode()
        self._steps = (b"EHLO client.example\r\n", sender, recipient, b"DATA\r\n")
        self._at = 0
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data[-2:] != b"\r\n" or (reply := data.rsplit(b"\r\n", 2)[-2])[3:4] == b"-":
            return
        if reply[:1] not in b"23":
            self._end(RuntimeError(reply.decode(errors="replace")))
        elif self._at < len(self._steps):
            self._transport.write(self._steps[self._at])
            self._at += 1
        elif self._at == len(self._steps):
            self._at += 1
            content = self._load.content()
            self._begun = time.perf_counter()
            self._transport.write(content)
        else:
            self._accepted()

    def connection_lost(self, _: Exception | None) -> None:
        self._done(ConnectionError("the server closed the connection"))

    def _accepted(self) -> None:
        now = time.perf_counter()
        self._load.waits_ms.append((now - self._begun) * 1000)
        if now > self._load.until or self._load.new_connection:
            self._end(None)
        else:
            self._transport.write(self._steps[1])
            self._at = 2

    def _end(self, failure: Exception | None) -> None:
        self._done(failure)
        self._transport.close()


async def _client(load: Load) -> None:
    loop = asyncio.get_running_loop()
    while time.perf_counter() < load.until:
        ended: asyncio.Future[None] = loop.create_future()

        def done(failure: Exception | None, ended: asyncio.Future[None] = ended) -> None:
            if not ended.done():
                ended.set_exception(failure) if failure else ended.set_result(None)

        await loop.create_connection(lambda: _Client(load, done), *load.target)
        await ended


def drive(load: Load) -> Delivered:
    """Send in this process. Raise RuntimeError with the first reply that refuses."""

    async def clients() -> None:
        await asyncio.gather(*(_client(load) for _ in range(load.clients)))

    cpu, begun = time.process_time(), time.perf_counter()
    load.until = begun + load.seconds
    uvloop.run(clients())
    return Delivered(len(load.waits_ms), time.perf_counter() - begun, load.waits_ms, time.process_time() - cpu)


def deliver(load: Load) -> Delivered:
    """`drive` in a process of its own, so that it does not share an interpreter with what it measures."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(time.process_time).result()
        return pool.submit(drive, load).result()
