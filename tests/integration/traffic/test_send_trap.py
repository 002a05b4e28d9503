"""`collector send-trap` against a real port."""

import socket

import pytest

from collector.domain.trap import Pdu, SnmpVersion
from receivers.snmp.responses import response_to
from tests.traffic_kit import closed_port, collector, listening

HEALTH, MESSAGE, ENTERPRISE = "1.3.6.1.4.1.3417.2.12.2.0.3", "1.3.6.1.4.1.3417.2.12.1.1.1.0", "1.3.6.1.4.1.3417.2.12.2"


def test_a_v2c_trap_arrives_as_told(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as port:
        words = (
            "--community",
            "demo-acme",
            "--oid",
            HEALTH,
            "--varbind",
            f"{MESSAGE}=s:CPU: CRITICAL",
            "--varbind",
            "1.3.6.1=i:-3",
        )
        assert collector("send-trap", "--to", port.address, *words) == 0
    (trap,) = port.traps
    assert (trap.version, trap.pdu, trap.community, trap.trap_oid) == (SnmpVersion.V2C, Pdu.TRAP_V2, b"demo-acme", HEALTH)
    assert trap.varbinds == [(MESSAGE, 0x04, b"CPU: CRITICAL"), ("1.3.6.1", 0x02, -3)]
    assert capsys.readouterr().out == f"1 v2c trap sent to {port.address}\n"


def test_a_v1_trap_arrives_as_told() -> None:
    with listening() as port:
        words = ("--version", "v1", "--enterprise", ENTERPRISE, "--specific", "3", "--agent", "192.0.2.9")
        assert collector("send-trap", "--to", port.address, *words) == 0
    (trap,) = port.traps
    assert (trap.version, trap.trap_oid, trap.agent_address) == (SnmpVersion.V1, HEALTH, "192.0.2.9")
    assert (trap.enterprise, trap.generic, trap.specific) == (ENTERPRISE, 6, 3)


def test_an_inform_is_a_success_only_when_it_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as port:
        assert collector("send-trap", "--to", port.address, "--inform", "--oid", HEALTH) == 0
    assert [trap.pdu for trap in port.traps] == [Pdu.INFORM]
    assert "all answered" in capsys.readouterr().out
    with listening(lambda _: None) as silent:
        words = ("--inform", "--oid", HEALTH, "--timeout", "0.05", "--retries", "2")
        assert collector("send-trap", "--to", silent.address, *words) == 1
    assert len(silent.datagrams) == 3
    assert len(set(silent.datagrams)) == 1, "a repeat must be the same datagram"
    assert "no answer from" in capsys.readouterr().err


def test_an_inform_is_repeated_until_its_own_answer_comes() -> None:
    tries: list[bytes] = []

    def answer(datagram: bytes) -> bytes | None:
        tries.append(datagram)
        if len(tries) == 1:
            return b"\x30\x00"
        other = bytearray(response_to(datagram) or b"")
        if len(tries) == 2:
            place = other.index(b"\xa2") + 5
            other[place] ^= 1
        return bytes(other)

    with listening(answer) as port:
        words = ("--inform", "--oid", HEALTH, "--timeout", "0.1", "--retries", "5")
        assert collector("send-trap", "--to", port.address, *words) == 0
    assert len(port.datagrams) == 3


def test_an_answer_with_an_error_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    def failing(datagram: bytes) -> bytes:
        return (response_to(datagram) or b"").replace(b"\x02\x01\x00\x02\x01\x00", b"\x02\x01\x05\x02\x01\x00", 1)

    with listening(failing) as port:
        assert collector("send-trap", "--to", port.address, "--inform", "--oid", HEALTH) == 1
    assert "error-status 5" in capsys.readouterr().err


def test_many_informs_have_different_request_ids() -> None:
    with listening() as port:
        assert collector("send-trap", "--to", port.address, "--inform", "--oid", HEALTH, "--count", "5", "--rate", "500") == 0
    assert len({trap.request_id for trap in port.traps}) == 5


def test_the_sending_address_can_be_chosen() -> None:
    with listening() as port:
        assert collector("send-trap", "--to", port.address, "--oid", HEALTH, "--bind", "127.0.0.9") == 0
    assert port.peers == ["127.0.0.9"]


@pytest.mark.parametrize("inform", [[], ["--inform"]], ids=["trap", "inform"])
def test_a_closed_port_is_told(inform: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    target = closed_port(socket.SOCK_DGRAM)
    assert collector("send-trap", "--to", target, "--oid", HEALTH, *inform) == 1
    assert capsys.readouterr().err == f"collector: nobody listens on {target} (UDP)\n"


def test_an_address_that_is_not_ours_cannot_be_sent_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert collector("send-trap", "--oid", HEALTH, "--bind", "192.0.2.1") == 1
    assert "cannot send to 127.0.0.1:1162 from 192.0.2.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param([], "needs --oid", id="nothing said"),
        pytest.param(["--oid", "sysName.0"], "names are not looked up", id="a name for an OID"),
        pytest.param(["--version", "v1", "--oid", HEALTH], "needs --enterprise", id="v1 with a v2 name"),
        pytest.param(["--oid", HEALTH, "--enterprise", ENTERPRISE], "belong to --version v1", id="v2c with an enterprise"),
        pytest.param(["--version", "v1", "--enterprise", ENTERPRISE, "--inform"], "no informs", id="v1 inform"),
        pytest.param(["--to", "collector.example:162", "--oid", HEALTH], "must be an IP address", id="a name for a host"),
        pytest.param(["--to", "127.0.0.1:0", "--oid", HEALTH], "1 to 65535", id="port 0"),
        pytest.param(["--oid", HEALTH, "--count", "0"], "from 1 to", id="none at all"),
        pytest.param(["--oid", HEALTH, "--agent", "::1"], "IPv4", id="IPv6 agent"),
        pytest.param(["--oid", HEALTH, "--timeout", "nan"], "must be a number", id="a time-out that is no number"),
    ],
)
def test_wrong_usage_is_told(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert collector("send-trap", *words) == 2
    assert told in capsys.readouterr().err


def test_a_wide_counter_in_a_v1_trap_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--version", "v1", "--enterprise", ENTERPRISE, "--varbind", "1.3.6.1=C:1")
    assert collector("send-trap", *words) == 1
    assert "SNMPv1 has no 64-bit counters" in capsys.readouterr().err
