"""What the kernel drops on a real socket is told to the journal once, also when a receiver is killed in between."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.errors import JournalFull
from collector.domain.item import Tally, TallyReason
from receivers.snmp.drops import DropLedger, note_path
from receivers.snmp.udp import Listener, grow_buffer, kernel_drops
from tests.snmp_receiver_kit import Bench, MemoryJournal, until


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel makes it its smallest
        udp.bind(("127.0.0.1", 0))
        yield udp


def overflow(udp: socket.socket) -> int:
    """Send more than fits; return how many the kernel has dropped in all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(50):
            sender.sendto(bytes(1_000), udp.getsockname())
    return kernel_drops(udp)


def ledger(path: Path, udp: socket.socket, *, journal: MemoryJournal) -> DropLedger:
    return DropLedger(path, [Listener("a:162", udp)], stream=journal.stream, next_seq=journal.next_seq)


def test_drops_are_counted_shown_and_written_as_a_tally_of_their_listener(tmp_path: Path, udp: socket.socket) -> None:
    bench = Bench(tmp_path, udp)
    dropped = overflow(udp)
    assert dropped > 0
    with bench.running() as receiver:
        until(lambda: bool(bench.main.tallies()))
        assert receiver.counters.listeners[bench.listener].kernel_drops == dropped
    assert bench.main.tallies() == [(bench.listener, "", Tally(TallyReason.KERNEL_DROP, dropped))]


def test_the_next_receiver_on_the_same_socket_tells_only_of_new_drops(tmp_path: Path, udp: socket.socket) -> None:
    first = Bench(tmp_path, udp)
    before = overflow(udp)
    with first.running():
        until(lambda: bool(first.main.tallies()))

    second = Bench(tmp_path, udp, main=first.main)
    after = overflow(udp)
    with second.running():
        until(lambda: len(second.main.tallies()) == 2)

    assert [tally.count for _, _, tally in second.main.tallies()] == [before, after - before]


def test_each_of_several_receivers_of_a_listener_tells_of_its_own_drops(tmp_path: Path, udp: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        other.bind(("127.0.0.1", 0))
        benches = [Bench(tmp_path, udp), Bench(tmp_path, other, main=MemoryJournal("snmp-1"))]
        names = ("snmp", "snmp-1")
        first = [overflow(bench.udp) for bench in benches]
        for bench, name in zip(benches, names, strict=True):
            with bench.running(name=name):
                until(lambda bench=bench: bool(bench.main.tallies()))  # type: ignore[misc]
        assert all(note_path(tmp_path, name).exists() for name in names)

        second = [overflow(bench.udp) for bench in benches]
        for bench, name in zip(benches, names, strict=True):
            with bench.running(name=name):
                until(lambda bench=bench: len(bench.main.tallies()) == 2)  # type: ignore[misc]
    for bench, before, after in zip(benches, first, second, strict=True):
        assert [tally.count for _, _, tally in bench.main.tallies()] == [before, after - before]


def test_drops_that_the_journal_refused_are_told_later(tmp_path: Path, udp: socket.socket) -> None:
    bench = Bench(tmp_path, udp)
    dropped = overflow(udp)
    while True:
        try:
            udp.recv(2_000, socket.MSG_DONTWAIT)
        except BlockingIOError:
            break
    bench.main.refusal = JournalFull("snmp-0: no room")
    with bench.running():
        until(lambda: bench.main.appends >= 1)
        bench.main.refusal = None
        until(lambda: bool(bench.main.tallies()))
    assert bench.main.tallies() == [(bench.listener, "", Tally(TallyReason.KERNEL_DROP, dropped))]


@pytest.mark.parametrize("appended", [True, False], ids=["killed-after-the-append", "killed-before-the-append"])
def test_a_kill_between_note_and_tally_counts_nothing_twice_and_loses_nothing(
    tmp_path: Path, udp: socket.socket, appended: bool
) -> None:
    journal, note = MemoryJournal(), note_path(tmp_path, "snmp")
    dropped = overflow(udp)
    killed = ledger(note, udp, journal=journal)
    assert killed.untold() == {"a:162": dropped}
    killed.begin(killed.untold(), journal.next_seq)
    if appended:
        journal.records.append(None)  # type: ignore[arg-type]

    assert ledger(note, udp, journal=journal).untold() == ({} if appended else {"a:162": dropped})


def test_a_refused_tally_is_not_taken_for_an_appended_one(tmp_path: Path, udp: socket.socket) -> None:
    journal, note = MemoryJournal(), note_path(tmp_path, "snmp")
    dropped = overflow(udp)
    killed = ledger(note, udp, journal=journal)
    killed.begin(killed.untold(), journal.next_seq)
    killed.withdraw(journal.next_seq)
    journal.records.append(None)  # type: ignore[arg-type]

    assert ledger(note, udp, journal=journal).untold() == {"a:162": dropped}


def test_a_note_about_another_socket_or_a_lost_journal_does_not_count(tmp_path: Path, udp: socket.socket) -> None:
    journal, note = MemoryJournal(), note_path(tmp_path, "snmp")
    dropped = overflow(udp)
    earlier = ledger(note, udp, journal=journal)
    earlier.begin(earlier.untold(), journal.next_seq)
    journal.records.append(None)  # type: ignore[arg-type]

    begun_again = MemoryJournal(epoch="zzzzzz")
    begun_again.records.append(None)  # type: ignore[arg-type]
    assert ledger(note, udp, journal=begun_again).untold() == {"a:162": dropped}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        other.bind(("127.0.0.1", 0))
        assert ledger(note, other, journal=journal).untold() == {}
        assert ledger(note, other, journal=journal).total("a:162") == 0
        assert overflow(other) > 0
        assert ledger(note, other, journal=journal).untold() == {"a:162": kernel_drops(other)}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"[1]", id="a-list"),
        pytest.param(b'{"stream":"s","seq":"x","sockets":{}}', id="seq-as-text"),
        pytest.param(b'{"stream":"s","seq":1,"sockets":{"a:162":[]}}', id="entry-as-a-list"),
        pytest.param(b"\xff\xfe", id="no-text"),
    ],
)
def test_a_damaged_note_is_ignored(tmp_path: Path, udp: socket.socket, content: bytes) -> None:
    note_path(tmp_path, "snmp").write_bytes(content)
    dropped = overflow(udp)

    assert ledger(note_path(tmp_path, "snmp"), udp, journal=MemoryJournal()).untold() == {"a:162": dropped}


def test_a_note_that_cannot_be_written_does_not_stop_the_tally(tmp_path: Path, udp: socket.socket) -> None:
    bench = Bench(tmp_path / "missing", udp)
    dropped = overflow(udp)
    with bench.running():
        until(lambda: bool(bench.main.tallies()))
    assert bench.main.tallies() == [(bench.listener, "", Tally(TallyReason.KERNEL_DROP, dropped))]


def test_the_receive_buffer_grows_and_never_shrinks(udp: socket.socket) -> None:
    granted = grow_buffer(udp, 100_000)

    assert granted == udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
    assert grow_buffer(udp, 10_000) == granted
