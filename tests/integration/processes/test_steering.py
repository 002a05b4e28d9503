"""Several receivers on one address: which datagram goes to whom, that nobody else gets a share, and what systemd must pass."""

import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from collector.config import Role, Settings
from collector.domain.clock import SystemClock
from collector.domain.errors import ConfigurationError
from collector.sockets import BoundSocket, bind_all, close_all
from collector.steering import steer

ROOT = Path(__file__).parents[3]
CLOCK = SystemClock()
ONCE = timedelta(0)
CONSOLES = [f"127.0.4.{number}" for number in range(1, 61)]


def settings(receivers: int, *listen: str) -> Settings:
    return Settings.model_validate({"snmp": {"listen": list(listen or ["127.0.0.1:0"]), "receivers": receivers}})


@pytest.fixture
def bound() -> Iterator[list[BoundSocket]]:
    sockets: list[BoundSocket] = []
    yield sockets
    close_all(sockets)


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    with ExitStack() as ends:
        yield ends


def send(target: tuple[str, int], consoles: Sequence[str], *, rounds: int = 3) -> None:
    """In every round each console sends its next number, from a port of its own."""
    for number in range(rounds):
        for console in consoles:
            with socket.socket(socket.AF_INET6 if ":" in console else socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.bind((console, 0))
                udp.sendto(str(number).encode(), target)


def taken(udp: socket.socket) -> dict[str, list[int]]:
    """What waits in the socket: numbers by sender."""
    found: dict[str, list[int]] = {}
    udp.setblocking(False)
    while True:
        try:
            octets, sender = udp.recvfrom(100)
        except BlockingIOError:
            return found
        found.setdefault(sender[0], []).append(int(octets))


def assert_each_console_has_one_receiver(sockets: Sequence[socket.socket], consoles: Sequence[str], *, rounds: int = 3) -> None:
    shares = [taken(udp) for udp in sockets]
    assert Counter(console for share in shares for console in share) == Counter(consoles)
    assert [numbers for share in shares for numbers in share.values()] == [[*range(rounds)]] * len(consoles)


@pytest.mark.parametrize("receivers", [2, 3, 16])
def test_all_datagrams_of_an_address_come_to_one_receiver_in_order(receivers: int, bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(receivers), CLOCK, roles=[Role.SNMP])
    send(bound[0].socket.getsockname(), CONSOLES)
    assert_each_console_has_one_receiver([one.socket for one in bound], CONSOLES)


@pytest.mark.parametrize("step", [1, 2, 4], ids=["all addresses", "even ones", "every fourth one"])
def test_every_receiver_has_its_share_whatever_pattern_the_addresses_follow(step: int, bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(2), CLOCK, roles=[Role.SNMP])
    consoles = [f"127.0.4.{number}" for number in range(step, 254, step)]
    send(bound[0].socket.getsockname(), consoles, rounds=1)
    shares = [len(taken(one.socket)) for one in bound]
    assert min(shares) > len(consoles) // 5, shares


def test_every_listener_has_a_socket_for_each_receiver_under_one_name(bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(2, "127.0.0.1:0", "[::1]:0"), CLOCK, roles=[Role.SNMP])
    first, second = bound[0].listener, bound[2].listener
    assert [(one.listener, one.receiver) for one in bound] == [(first, 0), (first, 1), (second, 0), (second, 1)]
    assert (first.startswith("127.0.0.1:"), second.startswith("[::1]:")) == (True, True)


def test_other_roles_have_one_socket_for_each_address(bound: list[BoundSocket]) -> None:
    chosen = {"snmp": {"listen": [], "receivers": 3}, "smtp": {"listen": "127.0.0.1:0"}, "api": {"listen": "127.0.0.1:0"}}
    bound += bind_all(Settings.model_validate(chosen), CLOCK)
    assert [(one.role, one.receiver) for one in bound] == [(Role.SMTP, 0), (Role.API, 0)]


@pytest.mark.parametrize(("first", "second"), [(2, 2), (2, 1), (1, 2)])
def test_a_second_collector_of_the_same_user_gets_no_share(first: int, second: int, bound: list[BoundSocket]) -> None:
    bound += bind_all(settings(first), CLOCK, roles=[Role.SNMP])
    taken_already = bound[0].listener
    with pytest.raises(ConfigurationError, match=f"cannot listen on {taken_already}: another program listens there"):
        bind_all(settings(second, taken_already), CLOCK, roles=[Role.SNMP], patience=ONCE)


def test_datagrams_to_a_socket_for_both_families_are_steered_by_the_sender_in_either(ends: ExitStack) -> None:
    sockets: list[socket.socket] = []
    for _ in range(2):
        both = ends.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
        both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        both.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        both.bind(sockets[0].getsockname() if sockets else ("::", 0))
        sockets.append(both)
    steer(sockets)
    port = sockets[0].getsockname()[1]
    send(("127.0.0.1", port), CONSOLES)
    assert_each_console_has_one_receiver(sockets, [f"::ffff:{console}" for console in CONSOLES])
    send(("::1", port), ["::1"])
    assert_each_console_has_one_receiver(sockets, ["::1"])


IN_A_NETWORK_OF_ITS_OWN = """
import socket, sys
from collector.config import Role
from collector.domain.clock import SystemClock
from collector.sockets import bind_all
from tests.integration.processes.test_steering import assert_each_console_has_one_receiver, send, settings
bound = bind_all(settings(3, "[::1]:0"), SystemClock(), roles=[Role.SNMP])
sockets = [one.socket for one in bound]
send(sockets[0].getsockname()[:2], sys.argv[1:])
for one in sockets:
    one.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
assert_each_console_has_one_receiver(sockets, sys.argv[1:])
"""
OWN_NETWORK = (
    "unshare",
    "--net",
    "sh",
    "-c",
    'ip link set lo up; for one in $ADDED; do ip addr add "$one" dev lo nodad; done; exec "$@"',
    "sh",
)


def can_have_a_network_of_its_own() -> bool:
    if not (shutil.which("unshare") and shutil.which("ip")):
        return False
    return subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_have_a_network_of_its_own(), reason="IPv6 addresses of our own need unshare, ip and root")
def test_ipv6_senders_are_spread_and_each_has_one_receiver() -> None:
    consoles = [f"fd00:{number:x}::{number * 7 % 50:x}" for number in range(1, 41)]
    subprocess.run(
        [*OWN_NETWORK, sys.executable, "-c", IN_A_NETWORK_OF_ITS_OWN, *consoles],
        env={**os.environ, "PYTHONPATH": str(ROOT), "ADDED": " ".join(f"{console}/128" for console in consoles)},
        check=True,
        timeout=60,
    )
