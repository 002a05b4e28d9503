"""What net-snmp's own senders put on the wire, decoded by us, and our answer as its snmpinform takes it."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.trap import Pdu, SnmpVersion, Trap, Varbind, VarbindValue
from receivers.snmp.message import decode
from tests.snmp_receiver_kit import Bench

pytestmark = pytest.mark.full

NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
VARBINDS: list[tuple[list[str], tuple[int, VarbindValue]]] = [
    (["s", "disk 3 failed"], (0x04, b"disk 3 failed")),
    (["x", "00 FF 80"], (0x04, b"\x00\xff\x80")),
    (["i", "-2147483648"], (0x02, -(2**31))),
    (["u", "4294967295"], (0x42, 2**32 - 1)),
    (["c", "4000000000"], (0x41, 4_000_000_000)),
    (["t", "123456789"], (0x43, 123456789)),
    (["a", "192.0.2.7"], (0x40, "192.0.2.7")),
    (["o", ".1.3.6.1.4.1.4294967295.0"], (0x06, "1.3.6.1.4.1.4294967295.0")),
    (["C", "18446744073709551615"], (0x46, 2**64 - 1)),
    (["n", ""], (0x05, None)),
]


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(10)
        yield udp


def arguments(count: int) -> tuple[list[str], list[Varbind]]:
    """What to tell the sender, and what we should read."""
    words: list[str] = []
    expected: list[Varbind] = []
    for place, (told, (tag, value)) in enumerate(VARBINDS[:count], start=1):
        words += [f"{NAME}.{place}", *told]
        expected.append((f"{NAME}.{place}", tag, value))
    return words, expected


def send(udp: socket.socket, program: str, *words: str) -> None:
    path = shutil.which(program)
    assert path, f"{program} is not installed"
    target = f"127.0.0.1:{udp.getsockname()[1]}"
    subprocess.run([path, *words[:2], "-c", "public", "-m", "", target, *words[2:]], check=True, timeout=20)


@pytest.mark.parametrize("generic", [0, 3, 6])
def test_a_v1_trap_of_net_snmp_is_read_in_full(udp: socket.socket, generic: int) -> None:
    words, expected = arguments(8)  # SMIv1 has no Counter64
    send(udp, "snmptrap", "-v", "1", "1.3.6.1.4.1.3417.2.12", "10.1.2.3", str(generic), "7", "4711", *words)

    assert decode(udp.recv(65_535)) == Trap(
        version=SnmpVersion.V1,
        community=b"public",
        pdu=Pdu.TRAP_V1,
        request_id=0,
        trap_oid="1.3.6.1.4.1.3417.2.12.0.7" if generic == 6 else f"1.3.6.1.6.3.1.1.5.{generic + 1}",
        uptime=4711,
        varbinds=expected,
        enterprise="1.3.6.1.4.1.3417.2.12",
        agent_address="10.1.2.3",
        generic=generic,
        specific=7,
    )


def test_a_v2c_trap_of_net_snmp_is_read_in_full(udp: socket.socket) -> None:
    words, expected = arguments(len(VARBINDS))
    send(udp, "snmptrap", "-v", "2c", "4711", "1.3.6.1.4.1.3417.2.12.2.0.3", *words)

    trap = decode(udp.recv(65_535))

    assert isinstance(trap, Trap)
    assert (trap.version, trap.pdu, trap.community) == (SnmpVersion.V2C, Pdu.TRAP_V2, b"public")
    assert (trap.trap_oid, trap.uptime) == ("1.3.6.1.4.1.3417.2.12.2.0.3", 4711)
    assert trap.varbinds == expected


def test_snmpinform_is_content_with_the_receiver_s_answer(tmp_path: Path, udp: socket.socket) -> None:
    bench = Bench(tmp_path, udp)
    words, expected = arguments(len(VARBINDS))
    with bench.running() as receiver:
        # exits with an error when no answer comes that it takes for its own
        send(udp, "snmpinform", "-v", "2c", "4711", "1.3.6.1.4.1.3417.2.12.2.0.3", *words)
        assert receiver.counters.informs_answered == 1

    [datagram] = bench.main.payloads()
    trap = decode(datagram)
    assert isinstance(trap, Trap)
    assert (trap.pdu, trap.varbinds) == (Pdu.INFORM, expected)
