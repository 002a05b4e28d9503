"""Mails per second: accepted durably over loopback by the receiver with the real journal, and decoded by one decoding process."""

import resource
import socket
import tempfile
import time
from pathlib import Path

from collector.domain.clock import SystemClock
from collector.journal.streams import Journal
from collector.snapshot import Snapshot, SnapshotView
from receivers.smtp.pool import MailDecoder
from receivers.smtp.server import Limits, SmtpReceiver
from tests.acceptance.harness import MAILBOX
from tests.benchmarks.conditions import directory
from tests.benchmarks.figures import quantile
from tests.benchmarks.mail_sender import CLIENTS, Load, deliver

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


def _accepted(size: int, *, new_connection: bool) -> None:
    clock = SystemClock()
    view = SnapshotView(clock)
    mailbox, _, domain = MAILBOX.partition("@")
    view.confirm(Snapshot(1, frozenset({mailbox}), frozenset({domain})))
    with (
        tempfile.TemporaryDirectory(dir=directory()) as folder,
        socket.create_server(("127.0.0.1", 0)) as bound,
    ):
        writer = Journal(Path(folder) / "journal", clock=clock, allow_volatile=True).open_writer("smtp-0")
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
        content = text_mail(size)
        before = _cpu()
        delivered = deliver(Load(bound.getsockname(), [content], MAILBOX, new_connection, SECONDS))
        cpu = _cpu() - before
        receiver.stop()
        writer.close()
    manner = "a new connection each" if new_connection else "many in a connection"
    what = f"{len(content) / 1000:.0f} KB, {CLIENTS} clients, {manner}, 250 after sync"
    p50, p99 = (quantile(delivered.waits_ms, percent) for percent in (50, 99))
    rate, cost = delivered.mails / delivered.seconds, cpu / delivered.mails * 1e6
    print(f"{what:58} {rate:9.0f} {p50:7.1f} {p99:7.1f} {cost:19.0f}")


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
