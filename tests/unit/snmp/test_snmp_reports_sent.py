"""How many Reports are sent to whom: nobody uses up what others find the engine with."""

import socket
from collections.abc import Iterable, Iterator
from ipaddress import ip_network

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.snmp_access import Network
from receivers.snmp.answers import ALL_REPORTS_PER_SECOND, REPORTS_AT_ONCE, Answer, AnswerKind, Answers
from receivers.snmp.arrivals import Arrivals
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.peers import Address
from receivers.snmp.udp import Listener

NOW = 5 * NS_PER_SECOND
ACME, BETA = ip_network("192.0.2.0/24"), ip_network("198.51.100.0/24")


class Nowhere(socket.socket):
    """Sends nothing, and remembers to whom."""

    def __init__(self) -> None:
        super().__init__(socket.AF_INET, socket.SOCK_DGRAM)
        self.sent_to: list[str] = []

    def sendto(self, octets: object, address: object) -> int:  # type: ignore[override]
        assert isinstance(address, tuple)
        self.sent_to.append(address[0])
        return 104


@pytest.fixture
def line() -> Iterator[Nowhere]:
    with Nowhere() as made:
        yield made


def ask(answers: Answers, line: Nowhere, hosts: Iterable[str], network: Network | None, kind: AnswerKind) -> int:
    """How many of them are answered, each once, all at the same time."""
    listener, before = Listener("127.0.0.1:162", line), len(line.sent_to)
    for host in hosts:
        address: Address = (host, 162)
        answers.send(Answer(kind, lambda _: bytes(104), 58, network), listener, to=address, now_ns=NOW)
    return len(line.sent_to) - before


def forged(prefix: str, many: int = 2 * ALL_REPORTS_PER_SECOND) -> list[str]:
    return [f"{prefix}.{number // 250}.{number % 250}" for number in range(many)]


KINDS = pytest.mark.parametrize("kind", [AnswerKind.ENGINE_DISCOVERY, AnswerKind.TIME_SYNCHRONISATION])


@KINDS
def test_strangers_use_up_nothing_of_the_reports_to_known_networks(line: Nowhere, kind: AnswerKind) -> None:
    counters = SnmpCounters(Arrivals(), {})
    answers = Answers(counters)
    assert ask(answers, line, forged("10.1"), None, AnswerKind.ENGINE_DISCOVERY) == ALL_REPORTS_PER_SECOND
    assert counters.reports_limited == ALL_REPORTS_PER_SECOND
    assert ask(answers, line, ["203.0.113.1"], None, kind) == 0
    assert ask(answers, line, ["192.0.2.1"] * REPORTS_AT_ONCE, ACME, kind) == REPORTS_AT_ONCE


@KINDS
def test_forged_addresses_of_one_network_use_up_nothing_of_another_one(line: Nowhere, kind: AnswerKind) -> None:
    answers = Answers(SnmpCounters(Arrivals(), {}))
    assert ask(answers, line, forged("10.1"), ACME, AnswerKind.ENGINE_DISCOVERY) == ALL_REPORTS_PER_SECOND
    assert ask(answers, line, ["198.51.100.1"], BETA, kind) == 1
    assert ask(answers, line, ["203.0.113.1"], None, kind) == 1
