"""Consoles with link-local addresses, with real packets from this machine to itself: stored, answered and limited like others."""

import socket
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_network
from pathlib import Path

import pytest

from collector.config import Role
from collector.domain.clock import SystemClock
from collector.domain.snmp_access import SnmpAccess
from collector.sockets import bind_all, close_all
from receivers.snmp.limiter import PeerLimiter
from tests import snmp_wire as wire
from tests.integration.processes.test_steering import settings
from tests.snmp_receiver_kit import Bench, Console, a_view, until


def link_local() -> str | None:
    """An address of this machine, with its interface."""
    for line in Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines():
        digits, _, _, scope, _, interface = line.split()
        if scope == "20":
            return f"{IPv6Address(int(digits, 16))}%{interface}"
    return None


OWN = link_local()
pytestmark = pytest.mark.skipif(OWN is None, reason="no interface has a link-local address")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bound = bind_all(settings(1, f"[{OWN}]:0"), SystemClock(), roles=[Role.SNMP])
    yield Bench(tmp_path, bound[0].socket, view=a_view(SnmpAccess.with_community("v2c", b"public", ["fe80::/10"])))
    close_all(bound)


def test_a_link_local_peer_is_stored_with_its_interface_and_answered(bench: Bench) -> None:
    with bench.console() as console, bench.running():
        console.send(wire.v2_message(request_id=1), wire.inform(request_id=8))
        assert console.answer() == wire.v2_message(tag=wire.RESPONSE, request_id=8)
    assert [record.peer_address for record in bench.main.records] == [OWN, OWN]


def test_limits_and_networks_hold_for_link_local_peers(bench: Bench) -> None:
    exempt = PeerLimiter(1, 1, exempt=[ip_network("fe80::/10")])
    with bench.console() as console, bench.running(limiter=exempt):
        console.send(*(wire.v2_message(request_id=number) for number in range(5)))
        until(lambda: len(bench.main.records) == 5)
    limited = Bench(bench.run_directory, bench.udp)
    with Console(limited.udp.getsockname(), family=socket.AF_INET6) as console, limited.running(limiter=PeerLimiter(1, 1)):
        console.send(*(wire.v2_message(request_id=number) for number in range(5)))
        until(lambda: len(limited.main.records) + len(limited.bulk.records) == 5)
    assert len(limited.main.records) == 1
