"""The bounds of what the receiver keeps in memory: waiting datagrams and counts not yet reported."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.errors import JournalFull
from collector.domain.item import Tally, TallyReason
from receivers.snmp.arrivals import Arrivals, Chunk
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.drops import DropLedger
from receivers.snmp.tallies import MAX_KEYS, Tallies, TallyReport
from receivers.snmp.udp import Listener
from tests.snmp_receiver_kit import CLOCK, MemoryJournal


@pytest.fixture
def listener() -> Iterator[Listener]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        yield Listener("127.0.0.1:1162", udp)


def chunk(listener: Listener, *datagrams: bytes) -> Chunk:
    address = ("192.0.2.1", 162)
    return Chunk(listener, 1, 1, [(datagram, address) for datagram in datagrams], sum(map(len, datagrams)))


def take(arrivals: Arrivals, *, datagrams: int = 1_000, octets: int = 1_000) -> list[list[bytes]]:
    taken = arrivals.take(max_datagrams=datagrams, max_octets=octets, timeout_seconds=0)
    return [[datagram for datagram, _ in chunk.datagrams] for chunk in taken]


def test_chunks_come_out_in_the_order_they_went_in(listener: Listener) -> None:
    arrivals = Arrivals()
    arrivals.put(chunk(listener, b"a", b"b"))
    arrivals.put(chunk(listener, b"c"))

    assert take(arrivals) == [[b"a", b"b"], [b"c"]]
    assert (arrivals.datagrams, arrivals.octets) == (0, 0)


@pytest.mark.parametrize(
    ("datagrams", "octets", "expected"),
    [
        pytest.param(2, 1_000, [[b"aa", b"bb"]], id="by-datagrams"),
        pytest.param(1_000, 5, [[b"aa", b"bb"]], id="by-octets"),
        pytest.param(1, 1, [[b"aa", b"bb"]], id="the-first-chunk-in-any-case"),
        pytest.param(3, 6, [[b"aa", b"bb"], [b"cc"]], id="just-fits"),
    ],
)
def test_a_group_keeps_within_its_bounds(listener: Listener, datagrams: int, octets: int, expected: list[list[bytes]]) -> None:
    arrivals = Arrivals()
    arrivals.put(chunk(listener, b"aa", b"bb"))
    arrivals.put(chunk(listener, b"cc"))

    assert take(arrivals, datagrams=datagrams, octets=octets) == expected


@pytest.mark.parametrize(
    "arrivals",
    [pytest.param(Arrivals(max_datagrams=2), id="datagrams"), pytest.param(Arrivals(max_octets=5), id="octets")],
)
def test_a_full_buffer_takes_nothing_until_something_was_taken(listener: Listener, arrivals: Arrivals) -> None:
    assert arrivals.put(chunk(listener, b"aa", b"bb"))
    assert not arrivals.put(chunk(listener, b"cc"))

    assert take(arrivals) == [[b"aa", b"bb"]]

    assert arrivals.put(chunk(listener, b"cc"))


def test_a_closed_buffer_is_drained_when_it_is_empty(listener: Listener) -> None:
    arrivals = Arrivals()
    arrivals.put(chunk(listener, b"a"))
    arrivals.close()

    assert not arrivals.drained()
    assert take(arrivals) == [[b"a"]]
    assert arrivals.drained()


def test_tallies_add_up_until_they_are_taken() -> None:
    tallies = Tallies()
    tallies.add(TallyReason.OVER_LIMIT, "a:162", peer="192.0.2.1")
    tallies.add(TallyReason.OVER_LIMIT, "a:162", peer="192.0.2.1", count=4)

    taken = tallies.take()

    assert taken == {(TallyReason.OVER_LIMIT, "a:162", "192.0.2.1"): Tally(TallyReason.OVER_LIMIT, 5)}
    assert tallies.take() == {}


def test_the_highest_rate_of_a_flood_is_told() -> None:
    tallies = Tallies()
    for per_second in (20_000, 30_000, 10_000):
        tallies.add(TallyReason.FLOOD, "a:162", peer="192.0.2.1", count=100, per_second=per_second)

    assert list(tallies.take().values()) == [Tally(TallyReason.FLOOD, 300, per_second=30_000)]


def test_tallies_given_back_join_the_newer_ones() -> None:
    tallies = Tallies()
    tallies.add(TallyReason.DISK_SHORT, "a:162", count=2)
    taken = tallies.take()
    tallies.add(TallyReason.DISK_SHORT, "a:162", count=3)
    tallies.give_back(taken)

    assert tallies.take() == {(TallyReason.DISK_SHORT, "a:162", ""): Tally(TallyReason.DISK_SHORT, 5)}


def test_many_strangers_are_counted_together() -> None:
    tallies = Tallies()
    for number in range(MAX_KEYS + 500):
        tallies.add(TallyReason.OVER_LIMIT, "a:162", peer=f"stranger-{number}")

    taken = tallies.take()

    assert len(taken) == MAX_KEYS + 1
    assert taken[TallyReason.OVER_LIMIT, "a:162", ""].count == 500


def test_a_report_that_the_journal_refuses_is_made_again(tmp_path: Path) -> None:
    tallies, journal = Tallies(), MemoryJournal()
    ledger = DropLedger(tmp_path / "drops.json", [], stream=journal.stream, next_seq=1)
    report = TallyReport(tallies, ledger, journal=journal, clock=CLOCK, counters=SnmpCounters(Arrivals(), {}))
    tallies.add(TallyReason.OVER_LIMIT, "a:162", peer="192.0.2.1", count=7)
    journal.refusal = JournalFull("snmp-0: no room")

    assert not report.write()
    journal.refusal = None
    assert report.write()
    assert not report.write()
    assert journal.tallies() == [("a:162", "192.0.2.1", Tally(TallyReason.OVER_LIMIT, 7))]
