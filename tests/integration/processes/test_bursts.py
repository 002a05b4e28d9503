"""Bursts from many addresses at several receivers, into a journal on the disk: nothing is dropped, and each sender's datagrams
stand in one stream, in the order in which they were sent."""

import os
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from collector.domain.clock import SystemClock
from collector.domain.item import ItemKind
from collector.journal.interface import JournalReader
from collector.journal.streams import Journal
from receivers.snmp.udp import would_grant
from tests.acceptance.harness import free_port
from tests.snmp_wire import message, string, trap_oid, uptime, v2_pdu, varbind

Until = Callable[[Callable[[], object], str], None]
ROOT = Path(__file__).parents[3]
CONSOLES = [f"127.0.5.{number}" for number in range(1, 61)]
RECEIVERS = ("snmp", "snmp-1")
BUFFER = 256 << 20
_MARK = "%no-0000000%"


TEMPLATE = message(
    v2_pdu(uptime(), trap_oid("1.3.6.1.4.1.3417.2.12.2.0.3"), varbind("1.3.6.1.4.1.3417.2.12.1.1.1.0", string(_MARK)))
)


def trap(number: int) -> bytes:
    """A trap of usual size with its number in the text."""
    return TEMPLATE.replace(_MARK.encode(), b"%%no-%07d%%" % number)


def number_in(octets: bytes) -> int:
    return int(octets[octets.index(b"%no-") + 4 :][:7])


@contextmanager
def receiving(data_dir: Path, target: tuple[str, int], until: Until) -> Iterator[None]:
    """`collector receive` with two receivers and without a limit, until all have begun; stopped in order at the end."""
    own = {
        "PYTHONPATH": str(ROOT),
        "COLLECTOR__DATA_DIR": str(data_dir),
        "COLLECTOR__SNMP__LISTEN": f"{target[0]}:{target[1]}",
        "COLLECTOR__SNMP__RECEIVERS": str(len(RECEIVERS)),
        "COLLECTOR__SNMP__RECEIVE_BUFFER": str(BUFFER),
        "COLLECTOR__SNMP__RATE_LIMIT": "0",
        "COLLECTOR__SMTP__LISTEN": "",
        "COLLECTOR__SECRETS__KEY": "k" * 43,
    }
    line = [sys.executable, "-m", "collector", "receive", "--allow-root"]
    with (data_dir.parent / "log").open("wb") as log, subprocess.Popen(line, env={**os.environ, **own}, stderr=log) as process:
        try:
            until(lambda: process.poll() is not None or all(is_ready(data_dir, name) for name in RECEIVERS), "they are ready")
            assert process.poll() is None
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def url(data_dir: Path, name: str, path: str) -> str:
    return f"http://{(data_dir / 'run' / f'{name}.addr').read_text(encoding='ascii').strip()}{path}"


def is_ready(data_dir: Path, name: str) -> bool:
    with suppress(FileNotFoundError, httpx.TransportError):
        return httpx.get(url(data_dir, name, "/readyz")).status_code == httpx.codes.OK
    return False


def kernel_drops(data_dir: Path) -> list[float]:
    pages = [httpx.get(url(data_dir, name, "/metrics")).text for name in RECEIVERS]
    return [
        float(line.split()[-1])
        for page in pages
        for line in page.splitlines()
        if line.startswith("collector_snmp_kernel_drops_total{")
    ]


def contents(reader: JournalReader) -> dict[str, dict[str, list[int]]]:
    """Lane → sender → the numbers of its traps, in the order of the stream. Anything but traps fails."""
    found: dict[str, dict[str, list[int]]] = {}
    for state in reader.streams():
        lane = found.setdefault(state.stream.lane, defaultdict(list))
        after = 0
        while items := reader.read(state.stream, after=after, limit=10_000):
            after = items[-1].seq
            for item in items:
                assert item.kind is ItemKind.DATAGRAM, item
                lane[item.peer_address].append(number_in(item.payload))
    return found


def send(target: tuple[str, int], traps: Sequence[bytes], stored_by_now: Callable[[int], None], *, at_once: int) -> None:
    """Each console sends all traps, in turns with the others; after so many of each `stored_by_now` is told what was sent."""
    with ExitStack() as ends:
        consoles = [ends.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in CONSOLES]
        for udp, address in zip(consoles, CONSOLES, strict=True):
            udp.bind((address, 0))
            udp.connect(target)
        for first in range(0, len(traps), at_once):
            group = traps[first : first + at_once]
            for octets in group:
                for udp in consoles:
                    udp.send(octets)
            stored_by_now((first + len(group)) * len(consoles))


EACH = 200_000 // len(CONSOLES) + 1
PRIVILEGED = pytest.mark.skipif(would_grant(BUFFER) < BUFFER, reason="a large receive buffer needs CAP_NET_ADMIN")


@pytest.mark.parametrize(
    ("each", "at_once"),
    [
        pytest.param(80, 4, id="4,800 in small bursts"),
        pytest.param(EACH, EACH, id="200,000 at once", marks=[pytest.mark.full, PRIVILEGED]),
    ],
)
def test_nothing_of_a_burst_is_dropped_and_each_sender_has_one_stream_in_order(
    each: int, at_once: int, tmp_path: Path, until: Until
) -> None:
    target, data_dir = ("127.0.0.1", free_port()), tmp_path / "data"
    with receiving(data_dir, target, until), Journal(data_dir / "journal", clock=SystemClock()).reader() as reader:

        def stored_by_now(sent: int) -> None:
            until(lambda: sum(state.end for state in reader.streams()) >= sent, f"{sent} traps are stored")

        send(target, [trap(number) for number in range(each)], stored_by_now, at_once=at_once)
        assert kernel_drops(data_dir) == [0.0, 0.0]
    with Journal(data_dir / "journal", clock=SystemClock()).reader() as reader:
        lanes = contents(reader)
    first, second = lanes.pop("snmp-0"), lanes.pop("snmp-1")
    assert [lane for lane, senders in lanes.items() if senders] == []
    assert (first.keys() | second.keys(), first.keys() & second.keys()) == (set(CONSOLES), set())
    assert min(len(first), len(second)) > len(CONSOLES) // 5
    assert {tuple(numbers) for lane in (first, second) for numbers in lane.values()} == {tuple(range(each))}
