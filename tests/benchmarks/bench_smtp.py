"""Mails per second: accepted durably over loopback by the receiver with the real journal, and decoded by one decoding process."""

import asyncio
import multiprocessing
import os
import resource
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from collector.domain.clock import SystemClock
from collector.journal.streams import Journal
from collector.snapshot import Snapshot, SnapshotView
from receivers.smtp.pool import MailDecoder
from receivers.smtp.server import Limits, SmtpReceiver

CLIENTS = 20
SECONDS = 5.0
_LINE = "Virus found,IP Address: 10.1.2.{n},Computer name: PC-{n},Risk name: Trojan.Gen.2,Actual action: Left alone\r\n"
_ROW = (
    "<tr><td style='border:1px solid'>PC-{n}</td><td>Trojan.Gen.2</td><td>Left alone</td><td>C:\\Users\\u\\x{n}.exe</td></tr>\r\n"
)


def main() -> None:
    """Print a small table. About half a minute."""
    print(f"{'what':58} {'mails/s':>9} {'p50 ms':>7} {'p99 ms':>7} {'server CPU us/mail':>19}")
    for size in (2_000, 20_000):
        for new_connection in (False, True):
            _accepted(size, new_connection=new_connection)
    _decoded()


def text_mail(size: int) -> bytes:
    """A plain SEPM-like mail of about `size` octets."""
    header = (
        b"From: SEPM <sepm@console.example>\r\nTo: acme-sepm@alerts.example\r\nSubject: Risk event\r\n"
        b"Message-ID: <1@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    lines: list[bytes] = []
    octets = len(header)
    while octets < size:
        lines.append(_LINE.format(n=len(lines)).encode())
        octets += len(lines[-1])
    return header + b"".join(lines)


def html_mail(size: int) -> bytes:
    """The same as a table in HTML, 8bit."""
    header = b"Subject: Risk event\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><table>\r\n"
    rows = [_ROW.format(n=n).encode() for n in range(1 + (size - len(header)) // len(_ROW))]
    return header + b"".join(rows) + b"</table></body></html>\r\n"


@dataclass
class _Load:
    port: int
    content: bytes
    new_connection: bool
    until: float
    times: list[float] = field(default_factory=list)


class _Client(asyncio.Protocol):
    """Sends mails one after the other, waiting for every reply, as a plain client does."""

    def __init__(self, load: _Load, done: Callable[[], None]) -> None:
        self._load = load
        self._done = done
        self._steps = [b"MAIL FROM:<sepm@console.example>\r\n", b"RCPT TO:<acme-sepm@alerts.example>\r\n", b"DATA\r\n"]
        self._at = -2
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if data[-2:] != b"\r\n" or data.rsplit(b"\r\n", 2)[-2][3:4] == b"-":
            return
        self._at += 1
        if self._at == -1:
            self._transport.write(b"EHLO client.example\r\n")
        elif self._at < 3:
            self._transport.write(self._steps[self._at])
        elif self._at == 3:
            self._begun = time.perf_counter()
            self._transport.write(self._load.content + b".\r\n")
        else:
            self._accepted(data)

    def _accepted(self, reply: bytes) -> None:
        if not reply.startswith(b"250"):
            raise RuntimeError(reply.decode())
        now = time.perf_counter()
        self._load.times.append(now - self._begun)
        self._at = 0
        if now > self._load.until or self._load.new_connection:
            self._transport.close()
            self._done()
        else:
            self._transport.write(self._steps[0])


async def _client(load: _Load) -> None:
    loop = asyncio.get_running_loop()
    while time.perf_counter() < load.until:
        finished = asyncio.Event()
        await loop.create_connection(lambda: _Client(load, finished.set), "127.0.0.1", load.port)  # noqa: B023
        await finished.wait()


def _drive(port: int, content: bytes, new_connection: bool, answers: "multiprocessing.Queue[tuple[float, list[float]]]") -> None:
    async def drive() -> None:
        begun = time.perf_counter()
        load = _Load(port, content, new_connection, begun + SECONDS)
        await asyncio.gather(*(_client(load) for _ in range(CLIENTS)))
        answers.put((time.perf_counter() - begun, load.times))

    uvloop.run(drive())


def _accepted(size: int, *, new_connection: bool) -> None:
    clock = SystemClock()
    view = SnapshotView(clock)
    view.confirm(Snapshot(1, frozenset({"acme-sepm"}), frozenset({"alerts.example"})))
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as directory,
        socket.create_server(("127.0.0.1", 0)) as bound,
    ):
        writer = Journal(Path(directory) / "journal", clock=clock, allow_volatile=True).open_writer("smtp-0")
        receiver = SmtpReceiver(
            [("bench", bound)],
            journal=writer,
            view=view,
            clock=clock,
            wake=lambda: None,
            room=lambda _: True,
            hostname="collector.example",
            limits=Limits(),
        )
        receiver.start()
        answers: multiprocessing.Queue[tuple[float, list[float]]] = multiprocessing.get_context("spawn").Queue()
        content = text_mail(size)
        arguments = (bound.getsockname()[1], content, new_connection, answers)
        clients = multiprocessing.get_context("spawn").Process(target=_drive, args=arguments)
        before = _cpu()
        clients.start()
        seconds, times = answers.get(timeout=120)
        cpu = _cpu() - before
        clients.join()
        receiver.stop()
        writer.close()
    manner = "a new connection each" if new_connection else "many in a connection"
    what = f"{len(content) / 1000:.0f} KB, {CLIENTS} clients, {manner}, 250 after sync"
    times.sort()
    p50, p99 = (times[int(len(times) * share)] * 1_000 for share in (0.5, 0.99))
    print(f"{what:58} {len(times) / seconds:9.0f} {p50:7.1f} {p99:7.1f} {cpu / len(times) * 1e6:19.0f}")


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _decoded() -> None:
    for name, mail in (("plain", text_mail(20_000)), ("HTML", html_mail(20_000)), ("plain", text_mail(2_000))):
        with MailDecoder(clock=SystemClock()) as decoder:
            decoder.decode_many([mail])
            begun, count = time.perf_counter(), 3_000
            decoder.decode_many([mail] * count)
            rate = count / (time.perf_counter() - begun)
        print(f"{f'{len(mail) / 1000:.0f} KB {name}, decoded by one decoding process':58} {rate:9.0f}")


if __name__ == "__main__":
    main()
