"""The receiver on real UDP sockets, with a journal in memory that waits and refuses: what is stored where, who is answered."""

import socket
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import pytest

from collector.domain.errors import JournalError, JournalFull
from collector.domain.item import ItemKind, Tally, TallyReason
from collector.domain.limits import Limit
from receivers.snmp.arrivals import Arrivals
from receivers.snmp.limiter import Account, PeerLimiter
from receivers.snmp.server import SnmpReceiver
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import CLOCK, Bench, Console, until


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield Bench(tmp_path, udp)


@pytest.fixture
def console(bench: Bench) -> Iterator[Console]:
    with bench.console() as console:
        yield console


def traps(count: int, *, first: int = 1) -> list[bytes]:
    return [wire.v2_message(request_id=number) for number in range(first, first + count)]


def response(request_id: int) -> bytes:
    return wire.v2_message(tag=wire.RESPONSE, request_id=request_id)


def test_a_datagram_is_stored_untouched_with_its_peer_listener_and_times(bench: Bench, console: Console) -> None:
    before_ns, before_monotonic_ns = CLOCK.now_ns(), CLOCK.monotonic_ns()
    with bench.running():
        console.send(b"anything at all")
        until(lambda: len(bench.main.records) == 1)

    [record] = bench.main.records
    assert (record.kind, record.payload, record.envelope) == (ItemKind.DATAGRAM, b"anything at all", b"")
    assert (record.listener, record.peer_address, record.peer_port) == (bench.listener, "127.0.0.1", console.port)
    assert before_ns <= record.received_at_ns <= CLOCK.now_ns()
    assert before_monotonic_ns <= record.monotonic_ns <= CLOCK.monotonic_ns()


def test_an_inform_is_answered_only_after_the_append_returned(bench: Bench, console: Console) -> None:
    bench.main.open.clear()
    with bench.running():
        console.send(wire.inform(request_id=9))
        until(lambda: bench.main.appends == 1)
        assert not console.has_answer()

        bench.main.open.set()

        assert console.answer() == response(9)
        assert bench.main.payloads() == [wire.inform(request_id=9)]


def test_an_inform_is_answered_from_the_port_it_was_sent_to(bench: Bench) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as console, bench.running():
        console.settimeout(10)
        console.sendto(wire.inform(request_id=3), bench.udp.getsockname())

        assert console.recvfrom(65_535) == (response(3), bench.udp.getsockname())


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(wire.v2_message(), id="trap"),
        pytest.param(wire.v3_message(), id="v3"),
        pytest.param(wire.v2_message(tag=wire.GET), id="get"),
        pytest.param(b"\xa6\xa6\xa6", id="noise"),
        pytest.param(wire.message(wire.tlv(wire.INFORM)), id="malformed-inform"),
    ],
)
def test_everything_is_stored_and_nothing_but_informs_is_answered(bench: Bench, console: Console, datagram: bytes) -> None:
    with bench.running():
        console.send(datagram, wire.inform(request_id=4))

        # the answer to the inform behind it shows that the first was dealt with
        assert console.answer() == response(4)
        assert not console.has_answer()
    assert bench.main.payloads() == [datagram, wire.inform(request_id=4)]


def test_nothing_is_answered_when_the_journal_is_full_and_the_repeated_inform_is(bench: Bench, console: Console) -> None:
    bench.main.refusal = JournalFull("snmp-0: no room")
    with bench.running() as receiver:
        console.send(wire.inform(request_id=5))
        until(lambda: receiver.counters.refused_disk_short == 1)
        assert not console.has_answer()

        bench.main.refusal = None
        console.send(wire.inform(request_id=5))

        assert console.answer() == response(5)
        until(lambda: bool(bench.main.tallies()))
    assert bench.main.payloads() == [wire.inform(request_id=5)]
    assert bench.main.tallies() == [(bench.listener, "127.0.0.1", Tally(TallyReason.DISK_SHORT, 1))]


def test_traps_wait_for_a_journal_that_refuses_and_none_is_lost_or_out_of_order(bench: Bench, console: Console) -> None:
    bench.main.refusal = JournalError("snmp-0: input/output error")
    with bench.running() as receiver:
        console.send(*traps(30))
        until(lambda: receiver.counters.stalled)
        console.send(*traps(30, first=31))
        until(lambda: receiver.counters.commit_failures > 1)

        bench.main.refusal = None

        until(lambda: len(bench.main.records) == 60)
        assert not receiver.counters.stalled
    assert bench.main.payloads() == traps(60)


def test_traps_of_a_group_wait_while_its_informs_are_refused(bench: Bench, console: Console) -> None:
    # sent before the receiver starts, so that they make one group
    console.send(*traps(1), wire.inform(), *traps(1, first=2))
    bench.main.refusal = JournalFull("snmp-0: no room")
    with bench.running() as receiver:
        until(lambda: receiver.counters.refused_disk_short == 1)
        bench.main.refusal = None
        until(lambda: len(bench.main.payloads()) == 2)
        assert not console.has_answer()
    assert bench.main.payloads() == traps(2)


def test_short_of_room_informs_are_refused_and_traps_go_on(bench: Bench, console: Console) -> None:
    bench.room = False
    with bench.running():
        console.send(wire.inform(), *traps(1))
        until(lambda: bool(bench.main.payloads()))
        assert not console.has_answer()
    assert bench.main.payloads() == traps(1)
    assert bench.main.tallies() == [(bench.listener, "127.0.0.1", Tally(TallyReason.DISK_SHORT, 1))]


def test_traps_over_the_limit_go_to_the_bulk_lane_in_order(bench: Bench, console: Console) -> None:
    with bench.running(limiter=PeerLimiter(1, 3)) as receiver:
        console.send(*traps(20))
        until(lambda: len(bench.main.records) + len(bench.bulk.records) == 20)
    assert bench.main.payloads() == traps(3)
    assert bench.bulk.payloads() == traps(17, first=4)
    counters = receiver.counters
    assert (counters.listeners[bench.listener].over_limit, counters.held_back, counters.stored) == (17, 17, 3)


def _has_read(receiver: SnmpReceiver, listener: str, datagrams: int) -> bool:
    return receiver.counters.listeners[listener].datagrams == datagrams


def test_of_traps_far_over_the_limit_one_in_a_hundred_is_stored_and_the_others_are_told(bench: Bench, console: Console) -> None:
    with bench.running(limiter=PeerLimiter(1, 1)) as receiver:
        listener = receiver.counters.listeners[bench.listener]
        for begin in range(1, 1_001, 50):  # so that the socket's buffer holds them
            console.send(*traps(50, first=begin))
            until(partial(_has_read, receiver, bench.listener, begin + 49))
        until(lambda: listener.left_out + len(bench.main.payloads()) + len(bench.bulk.payloads()) == 1_000)
    stored = len(bench.main.payloads()) + len(bench.bulk.payloads())
    assert 1 + 10 + 9 <= stored < 500  # more than the first, should the machine sleep
    told = [(name, peer, tally.reason) for name, peer, tally in bench.main.tallies()]
    assert set(told) == {(bench.listener, "127.0.0.1", TallyReason.FLOOD)}
    assert sum(tally.count for _, _, tally in bench.main.tallies()) == listener.left_out == 1_000 - stored
    assert all(tally.per_second > 0 for _, _, tally in bench.main.tallies())


def test_what_goes_to_the_bulk_lane_is_durable_before_what_came_with_it_on_the_main_lane(bench: Bench, console: Console) -> None:
    """Else a clear could be read while what it clears is not there to be seen."""
    bench.main.open.clear()
    bench.bulk.open.clear()
    with bench.running(limiter=PeerLimiter(1, 2)) as receiver:
        console.send(*traps(1))
        until(lambda: bench.main.appends == 1)
        console.send(*traps(2, first=2))
        until(lambda: receiver.counters.arrivals.datagrams == 2)
        bench.main.open.set()
        until(lambda: bench.bulk.appends == 1)
        assert bench.main.payloads() == traps(1)
        bench.bulk.open.set()
        until(lambda: len(bench.main.payloads()) == 2)
    assert bench.bulk.payloads() == traps(1, first=3)


def test_informs_over_the_limit_are_neither_stored_nor_answered_but_counted(bench: Bench, console: Console) -> None:
    with bench.running(limiter=PeerLimiter(1, 1)) as receiver:
        console.send(wire.inform(request_id=1))
        assert console.answer() == response(1)
        console.send(wire.inform(request_id=2), wire.inform(request_id=3))
        until(lambda: receiver.counters.refused_over_limit == 2)
        assert not console.has_answer()
    assert bench.main.payloads() == [wire.inform(request_id=1)]
    assert bench.bulk.records == []
    counts = [(listener, peer, tally.count) for listener, peer, tally in bench.main.tallies()]
    assert {(listener, peer) for listener, peer, _ in counts} == {(bench.listener, "127.0.0.1")}
    assert sum(count for _, _, count in counts) == 2


class Strangers:
    """Everybody is one."""

    def __init__(self) -> None:
        self._account = Account(Limit(1, 5), of_strangers=True)

    def refresh(self) -> bool:
        return False

    def of(self, peer: str) -> Account | None:
        return self._account


def test_informs_of_strangers_over_the_limit_are_told_together(bench: Bench) -> None:
    hosts = [f"127.0.0.{number}" for number in range(2, 12)]
    with bench.running(limiter=PeerLimiter(100, 100, shares=Strangers())) as receiver:
        for host in hosts:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind((host, 0))
                udp.sendto(wire.inform(), bench.udp.getsockname())
                udp.sendto(wire.inform(), bench.udp.getsockname())
        until(lambda: receiver.counters.refused_over_limit + len(bench.main.payloads()) == 2 * len(hosts))
    assert receiver.counters.refused_over_limit > len(hosts)
    assert {(listener, peer) for listener, peer, _ in bench.main.tallies()} == {(bench.listener, "")}
    assert sum(tally.count for _, _, tally in bench.main.tallies()) == receiver.counters.refused_over_limit


def test_exempt_networks_are_not_limited(bench: Bench, console: Console) -> None:
    with bench.running(limiter=PeerLimiter(1, 1, exempt=[ip_network("127.0.0.0/8")])):
        console.send(*traps(20))
        until(lambda: len(bench.main.records) == 20)
    assert bench.bulk.records == []


def test_answers_to_one_address_are_limited(bench: Bench, console: Console) -> None:
    with bench.running(answers_per_second=2) as receiver:
        console.send(*(wire.inform(request_id=number) for number in range(5)))
        until(lambda: len(bench.main.records) == 5)
        until(lambda: receiver.counters.answers_limited + receiver.counters.informs_answered == 5)
    assert receiver.counters.answers_limited >= 2


def test_a_full_buffer_drops_the_newest_and_counts_them(bench: Bench, console: Console) -> None:
    bench.main.open.clear()
    with bench.running(arrivals=Arrivals(max_datagrams=50)) as receiver:
        console.send(b"first")
        until(lambda: bench.main.appends == 1)
        for number, trap in enumerate(traps(80), start=1):
            console.send(trap)
            until(lambda number=number: receiver.counters.listeners[bench.listener].datagrams == number + 1)  # type: ignore[misc]
        assert receiver.counters.buffer_full == 30
    assert bench.main.payloads() == [b"first", *traps(50)]
    assert [(peer, tally) for _, peer, tally in bench.main.tallies()] == [("", Tally(TallyReason.DISK_SHORT, 30))]


def test_stop_takes_what_already_waits_in_the_socket_and_leaves_it_open(bench: Bench, console: Console) -> None:
    console.send(*traps(250), wire.inform(request_id=6))
    receiver = bench.receiver()
    receiver.start()
    receiver.stop()

    assert bench.main.payloads() == [*traps(250), wire.inform(request_id=6)]
    assert console.answer() == response(6)
    console.send(b"for the next receiver")
    assert bench.udp.recv(100, socket.MSG_DONTWAIT) == b"for the next receiver"


def test_stop_ends_although_the_journal_refuses(bench: Bench, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receivers.snmp.server.COMMIT_AT_STOP_NS", 0)
    console.send(*traps(3))
    bench.main.refusal = JournalFull("snmp-0: no room")
    receiver = bench.receiver()
    receiver.start()
    receiver.stop()

    assert receiver.counters.abandoned == 3
    assert bench.main.records == []


def test_the_pipeline_is_woken_after_the_commit(bench: Bench, console: Console) -> None:
    bench.main.open.clear()
    with bench.running():
        console.send(*traps(1))
        until(lambda: bench.main.appends == 1)
        assert bench.wakes == 0
        bench.main.open.set()
        until(lambda: bench.wakes == 1)


def test_a_thread_that_ends_before_its_time_is_told(bench: Bench, console: Console) -> None:
    bench.main.refusal = RuntimeError("a bug in the journal")
    receiver = bench.receiver()
    receiver.start()
    console.send(*traps(1))
    until(lambda: receiver.failure is not None)
    receiver.stop()
    assert str(receiver.failure) == "a bug in the journal"


def test_ipv6_peers_are_stored_and_answered(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.bind(("::1", 0))
        bench = Bench(tmp_path, udp)
        with bench.console() as console, bench.running():
            console.send(wire.inform(request_id=8))
            assert console.answer() == response(8)
    assert [record.peer_address for record in bench.main.records] == ["::1"]


def test_ipv4_peers_of_a_dual_stack_socket_keep_their_ipv4_address(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        udp.bind(("::ffff:127.0.0.1", 0))
        bench = Bench(tmp_path, udp)
        with Console(("127.0.0.1", udp.getsockname()[1])) as console, bench.running():
            console.send(wire.inform(request_id=8))
            assert console.answer() == response(8)
    assert [record.peer_address for record in bench.main.records] == ["127.0.0.1"]


def test_the_counters_reach_the_metrics(bench: Bench, console: Console) -> None:
    with bench.running() as receiver:
        before = {(family.name, labels) for family in receiver.families() for labels, _ in family.samples}
        console.send(wire.inform(request_id=2), *traps(2))
        assert console.answer() == response(2)
        until(lambda: len(bench.main.records) == 3)
    values = {(family.name, labels): number for family in receiver.families() for labels, number in family.samples}
    assert set(values) == before  # label sets are closed: every one is there at zero
    assert values["collector_snmp_received_datagrams", (bench.listener,)] == 3
    assert values["collector_snmp_stored", ("main",)] == 3
    assert values["collector_snmp_informs_answered", ()] == 1
    assert values["collector_snmp_waiting_datagrams", ()] == 0
    assert values["collector_snmp_receive_buffer_bytes", (bench.listener,)] > 0
