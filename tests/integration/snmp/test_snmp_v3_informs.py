"""Informs of v3 and those who look for our engine, on real sockets: what is answered, when, how often, and what is stored."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.errors import JournalFull
from collector.domain.item import InformVerdict, ItemKind, TallyReason
from collector.snapshot import Snapshot
from receivers.snmp.answers import REPORTS_AT_ONCE, REPORTS_PER_SECOND, Answers
from receivers.snmp.limiter import PeerLimiter
from receivers.snmp.server import SnmpReceiver
from tests import snmp_inform_kit as kit
from tests import snmp_wire as wire
from tests.snmp_inform_kit import Informer
from tests.snmp_receiver_kit import CLOCK, PUBLIC, Bench, Console, a_view, own_engine, until
from tests.snmp_v3_kit import USER

IN_TIME, NOT_IN_TIME = (verdict.value.encode() for verdict in (InformVerdict.IN_TIME, InformVerdict.NOT_IN_TIME))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield Bench(tmp_path, udp, view=a_view(PUBLIC, kit.access_of()))


@pytest.fixture
def console(bench: Bench) -> Iterator[Console]:
    with bench.console() as console:
        yield console


def answered(bench: Bench, console: Console) -> None:
    """Wait until the keys of the users are made."""
    Informer(console).inform(kit.pdu())
    bench.main.records.clear()


def stored(bench: Bench) -> list[tuple[bytes, bytes]]:
    """(verdict, payload)"""
    return [(record.envelope, record.payload) for record in bench.main.records if record.kind is ItemKind.DATAGRAM]


def test_a_console_that_knows_nothing_finds_our_engine_and_gets_its_inform_through(bench: Bench, console: Console) -> None:
    with bench.running() as receiver:
        informer = Informer(console)
        response = informer.inform(kit.pdu(request_id=41))
    assert response.pdu == kit.pdu(wire.RESPONSE, request_id=41)
    assert len(informer.reports) == 1
    assert informer.engine.id == bench.engine.id
    assert [verdict for verdict, _ in stored(bench)] == [b"", IN_TIME]
    counters = receiver.counters
    assert (counters.discoveries_answered, counters.time_reports_sent, counters.informs_answered) == (1, 0, 1)


def test_after_a_start_of_ours_the_console_learns_the_new_boots_and_its_inform_gets_through(
    bench: Bench, console: Console
) -> None:
    informer = Informer(console)
    with bench.running():
        informer.inform(kit.pdu(request_id=1))
    bench.engine = replace(bench.engine, boots=bench.engine.boots + 1, begun_ns=CLOCK.monotonic_ns())
    with bench.running() as receiver:
        informer.inform(kit.pdu(request_id=2))
    assert len(informer.reports) == 2
    assert informer.engine.boots == bench.engine.boots
    assert receiver.counters.time_reports_sent == 1
    assert [verdict for verdict, _ in stored(bench)] == [b"", IN_TIME, NOT_IN_TIME, IN_TIME]


def test_a_receiver_that_is_started_again_is_the_same_engine_to_everybody(bench: Bench, console: Console) -> None:
    informer = Informer(console)
    with bench.running():
        informer.inform(kit.pdu(request_id=1))
    with bench.running():
        informer.inform(kit.pdu(request_id=2))
    assert len(informer.reports) == 1


def test_the_response_waits_for_the_commit(bench: Bench, console: Console) -> None:
    with bench.running():
        answered(bench, console)
        bench.main.open.clear()
        before = bench.main.appends
        console.send(kit.message_to(bench.engine, kit.pdu(request_id=7)))
        until(lambda: bench.main.appends == before + 1)
        assert not console.has_answer()
        bench.main.open.set()
        assert kit.told(console.answer()).pdu == kit.pdu(wire.RESPONSE, request_id=7)


def test_an_inform_whose_receiver_died_between_commit_and_answer_is_answered_when_it_is_repeated(
    bench: Bench, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    inform = kit.message_to(bench.engine, kit.pdu(request_id=8), message_id=1)
    with bench.running():
        answered(bench, console)
        with monkeypatch.context() as patch:
            patch.setattr(Answers, "send", lambda self, answer, listener, *, to, now_ns: None)
            console.send(inform)
            until(lambda: stored(bench) == [(IN_TIME, inform)])
    assert not console.has_answer()
    again = kit.message_to(bench.engine, kit.pdu(request_id=8), message_id=2)
    with bench.running():
        console.send(again)
        while not console.has_answer():
            console.send(again)
        assert kit.told(console.answer()).pdu == kit.pdu(wire.RESPONSE, request_id=8)
    assert stored(bench)[:2] == [(IN_TIME, inform), (IN_TIME, again)]


def test_a_repeated_inform_is_stored_and_answered_again(bench: Bench, console: Console) -> None:
    again = [kit.message_to(bench.engine, kit.pdu(request_id=9), message_id=number) for number in (1, 1, 2)]
    with bench.running():
        answered(bench, console)
        for datagram in again:
            console.send(datagram)
            assert kit.told(console.answer()).pdu == kit.pdu(wire.RESPONSE, request_id=9)
    assert stored(bench) == [(IN_TIME, datagram) for datagram in again]


def test_an_inform_with_a_wrong_key_is_stored_without_a_verdict_and_not_answered(bench: Bench, console: Console) -> None:
    wrong = kit.message_to(bench.engine, kit.pdu(), user=replace(USER, auth=b"a wrong pass phrase"))
    with bench.running():
        answered(bench, console)
        console.send(wrong, wire.inform(request_id=4))
        # the answer to the inform behind it shows that the first was dealt with
        assert console.answer() == wire.v2_message(tag=wire.RESPONSE, request_id=4)
        assert not console.has_answer()
    assert stored(bench) == [(b"", wrong), (b"", wire.inform(request_id=4))]


def test_changed_keys_take_effect_without_a_restart(bench: Bench, console: Console) -> None:
    changed = replace(USER, auth=b"changed since then")
    with bench.running() as receiver:
        answered(bench, console)
        bench.view.confirm(Snapshot(2, frozenset(), frozenset(), (kit.access_of(changed),)))
        kit.told(answer_to(console, lambda: kit.message_to(bench.engine, kit.pdu(), user=changed)), changed)
        console.send(kit.message_to(bench.engine, kit.pdu()), wire.inform())
        until(lambda: sum(receiver.counters.not_believed.values()) == 2)  # the old key, and a community that is gone
        assert not console.has_answer()


def answer_to(console: Console, made: object) -> bytes:
    for _ in range(200):
        console.send(made())  # type: ignore[operator]
        if console.has_answer(within_seconds=0.2):
            return console.answer()
    raise AssertionError("no answer")


def test_informs_of_strangers_are_stored_and_not_answered(bench: Bench, console: Console) -> None:
    strange = wire.message(kit.pdu(request_id=3), community=b"guessed")
    with bench.running() as receiver:
        console.send(strange, wire.inform(request_id=4))
        assert console.answer() == wire.v2_message(tag=wire.RESPONSE, request_id=4)
        assert not console.has_answer()
    assert bench.main.payloads() == [strange, wire.inform(request_id=4)]
    assert [number for number in receiver.counters.not_believed.values() if number] == [1]


def test_without_a_snapshot_informs_of_a_community_are_stored_and_nobody_is_answered(bench: Bench, console: Console) -> None:
    bench.view = type(bench.view)(CLOCK)
    with bench.running() as receiver:
        console.send(wire.inform(), kit.message_to(bench.engine, kit.pdu()))
        until(lambda: bool(bench.main.tallies()))
        assert not console.has_answer()
        assert receiver.counters.refused_not_ready == 1
        bench.view.confirm(Snapshot(1, frozenset(), frozenset(), (PUBLIC,)))
        console.send(wire.inform(request_id=5))
        assert console.answer() == wire.v2_message(tag=wire.RESPONSE, request_id=5)
    assert bench.main.payloads() == [wire.inform(), wire.inform(request_id=5)]
    [(listener, peer, tally)] = bench.main.tallies()
    assert (listener, peer, tally.reason, tally.count) == (bench.listener, "127.0.0.1", TallyReason.NOT_READY, 1)


@pytest.mark.parametrize("short", ["journal", "room", "rate"])
def test_what_cannot_be_taken_gets_no_answer_so_that_it_is_repeated(bench: Bench, console: Console, short: str) -> None:
    with bench.running() as receiver:
        answered(bench, console)
        if short == "journal":
            bench.main.refusal = JournalFull("snmp-0: no room")
        bench.room = short != "room"
        if short == "rate":
            limit(receiver)
            console.send(wire.v2_message())
        console.send(kit.message_to(bench.engine, kit.pdu()), kit.discovery())
        counters = receiver.counters
        until(lambda: counters.refused_disk_short + counters.refused_over_limit == 2)
        assert not console.has_answer()
    refused = [tally.count for _, _, tally in bench.main.tallies() if tally.reason is not TallyReason.NOT_READY]
    assert sum(refused) in (0, 2)  # 0: the journal took those neither
    assert not any(verdict for verdict, _ in stored(bench))


def limit(receiver: SnmpReceiver) -> None:
    """One datagram a second from now on."""
    receiver._writer._limiter = PeerLimiter(1, 1)  # from the start the keys could not be waited for


def test_nothing_that_answers_is_answered_so_two_collectors_never_talk(bench: Bench, console: Console, tmp_path: Path) -> None:
    other = replace(own_engine(), id=b"another-collector")
    with bench.running():
        answered(bench, console)
        console.send(kit.discovery())
        report = console.answer()
        console.send(kit.message_to(bench.engine, kit.pdu(), boots=0, time=0))
        time_report = console.answer()
        console.send(kit.message_to(bench.engine, kit.pdu()))
        response = console.answer()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        second = Bench(tmp_path, udp, view=a_view(PUBLIC, kit.access_of()), engine=other)
        with second.console() as first, second.running():
            sent = [report, time_report, response, wire.v2_message(tag=wire.RESPONSE)]
            first.send(*sent, wire.inform(request_id=6))
            assert first.answer() == wire.v2_message(tag=wire.RESPONSE, request_id=6)
            assert not first.has_answer()
    assert second.main.payloads() == [*sent, wire.inform(request_id=6)]


def send_slowly(console: Console, bench: Bench, receiver: SnmpReceiver, datagrams: list[bytes]) -> None:
    """So that the socket's buffer never overflows."""
    counters = receiver.counters.listeners[bench.listener]
    for first in range(0, len(datagrams), 50):
        part = datagrams[first : first + 50]
        wanted = counters.datagrams + len(part)
        console.send(*part)
        until(lambda wanted=wanted: counters.datagrams >= wanted)  # type: ignore[misc]


def test_a_flood_of_discoveries_from_one_address_gets_few_reports_and_none_is_large(bench: Bench, console: Console) -> None:
    question = kit.discovery()
    began_ns = CLOCK.monotonic_ns()
    answers: list[bytes] = []
    with bench.running() as receiver:
        for _ in range(40):
            send_slowly(console, bench, receiver, [question] * 50)
            while console.has_answer(within_seconds=0.001):
                answers.append(console.answer())
        console.send(wire.inform(request_id=1))
        while (answer := console.answer()) != wire.v2_message(tag=wire.RESPONSE, request_id=1):
            answers.append(answer)
    seconds = (CLOCK.monotonic_ns() - began_ns) / NS_PER_SECOND
    assert REPORTS_AT_ONCE <= len(answers) <= REPORTS_AT_ONCE + REPORTS_PER_SECOND * seconds + 1
    assert max(map(len, answers)) <= min(256, 3 * len(question))
    assert sum(map(len, answers)) < 2_000 * len(question) / 10
    counters = receiver.counters
    assert counters.discoveries_answered == len(answers)
    assert counters.discoveries_answered + counters.reports_limited == 2_000


def test_what_is_opened_between_two_commits_is_bounded(bench: Bench, console: Console) -> None:
    forged = kit.message_to(bench.engine, kit.pdu(), user=replace(USER, auth=b"a wrong pass phrase"))
    with bench.running() as receiver:
        answered(bench, console)
        bench.main.open.clear()
        before = bench.main.appends
        console.send(wire.v2_message())
        until(lambda: bench.main.appends == before + 1)
        send_slowly(console, bench, receiver, [forged] * 600)
        bench.main.open.set()
        until(lambda: len(stored(bench)) == 601)
        assert bench.main.appends >= before + 3  # 600 datagrams would be one group


def test_what_is_counted_reaches_the_metrics(bench: Bench, console: Console) -> None:
    with bench.running() as receiver:
        before = {(family.name, labels) for family in receiver.families() for labels, _ in family.samples}
        answered(bench, console)
        console.send(kit.message_to(bench.engine, kit.pdu(), boots=0, time=0))
        console.answer()
        console.send(kit.message_to(bench.engine, kit.pdu(), user=replace(USER, auth=b"a wrong pass phrase")), wire.inform())
        console.answer()
    values = {(family.name, labels): number for family in receiver.families() for labels, number in family.samples}
    assert set(values) == before  # label sets are closed: every one is there at zero
    assert values["collector_snmp_reports", ("engine_discovery",)] == 1
    assert values["collector_snmp_reports", ("time_synchronisation",)] == 1
    assert values["collector_snmp_reports_unsent", ("limited",)] == 0
    assert values["collector_snmp_informs_answered", ()] == 2
    assert values["collector_snmp_informs_unanswered", ("wrong_digest",)] == 1
    assert values["collector_snmp_engine_boots", ()] == bench.engine.boots
