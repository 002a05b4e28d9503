"""The receiver on the real journal: what was sent stands there, in order, or is counted there."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind, TallyReason
from collector.journal.envelope import decode_tally
from collector.journal.interface import JournalReader
from collector.journal.streams import Journal
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.server import SnmpReceiver
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import CLOCK, PUBLIC, Console, a_view, own_engine


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield udp


def listener(udp: socket.socket) -> str:
    return f"127.0.0.1:{udp.getsockname()[1]}"


def received(udp: socket.socket, directory: Path, *datagrams: bytes, limiter: PeerLimiter) -> dict[str, list[Item]]:
    """Send while a receiver runs, stop it, and read every lane."""
    journal = Journal(directory / "journal", clock=CLOCK, allow_volatile=True)
    with journal.open_writer("snmp-0") as main, journal.open_writer("snmp-0-bulk") as bulk:
        receiver = SnmpReceiver(
            [(listener(udp), udp)],
            main=main,
            bulk=bulk,
            limiter=limiter,
            engine=own_engine(),
            view=a_view(PUBLIC),
            clock=CLOCK,
            wake=lambda: None,
            room=lambda: True,
            run_directory=directory,
        )
        receiver.start()
        with Console(udp.getsockname()) as console:
            console.send(*datagrams)
        receiver.stop()
        assert receiver.failure is None
    reader = journal.reader()
    lanes = {state.stream.lane: _read_all(reader, state.stream) for state in reader.streams()}
    reader.close()
    return lanes


def _read_all(reader: JournalReader, stream: StreamName) -> list[Item]:
    items: list[Item] = []
    while more := reader.read(stream, after=len(items), limit=1_000):
        items.extend(more)
    return items


def test_items_stand_in_the_journal_in_order_by_lane(udp: socket.socket, tmp_path: Path) -> None:
    traps = [wire.v2_message(request_id=number) for number in range(60)]

    lanes = received(udp, tmp_path, *traps, limiter=PeerLimiter(1, 10))

    assert [item.payload for item in lanes["snmp-0"]] == traps[:10]
    assert [item.payload for item in lanes["snmp-0-bulk"]] == traps[10:]
    assert {item.listener for item in lanes["snmp-0"]} == {listener(udp)}
    times = [item.monotonic_ns for item in lanes["snmp-0-bulk"]]
    assert times == sorted(times)


def test_every_datagram_of_a_flood_is_stored_or_counted(udp: socket.socket, tmp_path: Path) -> None:
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
    flood = [wire.v2_message(request_id=number) for number in range(10_000)]

    [items] = [lane for name, lane in received(udp, tmp_path, *flood, limiter=PeerLimiter(0, 0)).items() if name == "snmp-0"]

    stored = [item.payload for item in items if item.kind is ItemKind.DATAGRAM]
    tallies = [decode_tally(item.envelope) for item in items if item.kind is ItemKind.TALLY]
    assert len(stored) + sum(tally.count for tally in tallies) == len(flood)
    assert {tally.reason for tally in tallies} <= {TallyReason.KERNEL_DROP}
    kept = set(stored)
    assert stored == [trap for trap in flood if trap in kept]
