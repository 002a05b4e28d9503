"""What real agents send that no RFC allows, each once as a whole datagram: a notification is made of it, and the same one as of
its regular form wherever there is one."""

from dataclasses import replace

import pytest

from collector.domain.trap import Pdu, SnmpVersion, Trap
from receivers.snmp.message import decode
from receivers.snmp.responses import response_to
from tests import snmp_wire as wire

NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
SAYS = wire.varbind(NAME, wire.string("disk 3 failed"))
TRAP = Trap(
    version=SnmpVersion.V2C,
    community=b"public",
    pdu=Pdu.TRAP_V2,
    request_id=77,
    trap_oid=wire.HEALTH,
    uptime=4711,
    varbinds=[(NAME, 0x04, b"disk 3 failed")],
)
TRAP_V1 = Trap(
    version=SnmpVersion.V1,
    community=b"public",
    pdu=Pdu.TRAP_V1,
    request_id=0,
    trap_oid=f"{wire.ENTERPRISE}.0.3",
    uptime=4711,
    varbinds=[(NAME, 0x04, b"disk 3 failed")],
    enterprise=wire.ENTERPRISE,
    agent_address="10.1.2.3",
    generic=6,
    specific=3,
)
HEAD = wire.integer(77) + wire.integer(0) * 2
BINDINGS = wire.uptime() + wire.trap_oid() + SAYS


def v2(*varbinds: bytes) -> bytes:
    return wire.message(wire.v2_pdu(*varbinds))


def long(element: bytes, *, octets: int = 4) -> bytes:
    """The same element with its length in more octets than it needs."""
    start = 2 if element[1] < 0x80 else 2 + (element[1] & 0x7F)
    return wire.padded_tlv(element[0], element[start:], octets=octets)


def wide(element: bytes, *, octets: int = 12) -> bytes:
    """The same integer in more octets than it needs."""
    filling = b"\xff" if element[2] & 0x80 else b"\x00"
    return wire.tlv(element[0], filling * (octets - len(element[2:])) + element[2:])


LENGTHS = wire.tlv(
    0x30,
    long(wire.integer(1), octets=1),
    long(wire.string("public"), octets=2),
    long(
        wire.tlv(
            wire.TRAP_V2,
            *(long(wire.integer(number), octets=3) for number in (77, 0, 0)),
            long(
                wire.tlv(
                    0x30,
                    long(wire.tlv(0x30, long(wire.oid(wire.SYS_UPTIME)), long(wire.integer(4711, tag=0x43)))),
                    long(wire.tlv(0x30, long(wire.oid(wire.TRAP_OID)), long(wire.oid(wire.HEALTH)))),
                    long(wire.tlv(0x30, long(wire.oid(NAME)), long(wire.string("disk 3 failed")))),
                )
            ),
        )
    ),
)
INTEGERS = wire.tlv(
    0x30,
    wide(wire.integer(1), octets=4),
    wire.string("public"),
    wire.tlv(
        wire.TRAP_V2,
        wide(wire.integer(77)),
        wide(wire.integer(0)),
        wide(wire.integer(0)),
        wire.tlv(0x30, wire.varbind(wire.SYS_UPTIME, wide(wire.integer(4711, tag=0x43))), wire.trap_oid(), SAYS),
    ),
)
MEANT_THE_SAME = [
    pytest.param(long(v2(BINDINGS), octets=126), id="a length in 126 octets"),
    pytest.param(LENGTHS, id="every length in more octets than it needs"),
    pytest.param(INTEGERS, id="every integer in more octets than it needs"),
    pytest.param(v2(BINDINGS) + b"\x00" * 700, id="zeros after the message"),
    pytest.param(v2(BINDINGS) + v2(BINDINGS), id="another message after the message"),
    pytest.param(
        wire.tlv(0x30, wire.integer(1), wire.string("public"), wire.v2_pdu(BINDINGS), b"\x05\x00"),
        id="octets after the PDU, in the message",
    ),
    pytest.param(
        wire.message(wire.tlv(wire.TRAP_V2, HEAD, wire.tlv(0x30, BINDINGS), wire.integer(9), b"xyz")),
        id="octets after the varbind list, in the PDU",
    ),
    pytest.param(v2(BINDINGS, bytes(9)), id="zeros after the last varbind, in the list"),
    pytest.param(
        v2(wire.uptime(), wire.trap_oid(), wire.tlv(0x30, wire.oid(NAME), wire.string("disk 3 failed"), b"\x00\x00\x07")),
        id="octets after the value, in the varbind",
    ),
    pytest.param(v2(SAYS, wire.trap_oid(), wire.uptime()), id="sysUpTime and snmpTrapOID at the end"),
    pytest.param(
        v2(wire.varbind("1.3.6.1.2.1.1.3", wire.integer(4711, tag=0x43)), wire.trap_oid(), SAYS), id="sysUpTime without its .0"
    ),
    pytest.param(
        v2(wire.uptime(), wire.varbind("1.3.6.1.6.3.1.1.4.1", wire.oid(wire.HEALTH)), SAYS), id="snmpTrapOID without its .0"
    ),
    pytest.param(v2(wire.uptime(), wire.varbind(wire.TRAP_OID, wire.string(wire.HEALTH)), SAYS), id="snmpTrapOID as text"),
    pytest.param(
        v2(wire.uptime(), wire.varbind(wire.TRAP_OID, wire.string(f".{wire.HEALTH}\0")), SAYS),
        id="snmpTrapOID as text with a leading dot and NUL",
    ),
    pytest.param(v2(wire.varbind(wire.SYS_UPTIME, wire.string("4711")), wire.trap_oid(), SAYS), id="sysUpTime as text"),
    pytest.param(v2(wire.varbind(wire.SYS_UPTIME, wire.integer(4711)), wire.trap_oid(), SAYS), id="sysUpTime as INTEGER"),
    pytest.param(
        v2(wire.varbind(wire.SYS_UPTIME, wire.integer(4711, tag=0x46)), wire.trap_oid(), SAYS), id="sysUpTime as Counter64"
    ),
]


@pytest.mark.parametrize("datagram", MEANT_THE_SAME)
def test_what_is_meant_is_taken(datagram: bytes) -> None:
    assert decode(datagram) == TRAP


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        pytest.param(v2(wire.uptime(-1), wire.trap_oid(), SAYS), replace(TRAP, uptime=2**32 - 1), id="negative sysUpTime"),
        pytest.param(v2(wire.uptime(2**32 + 5), wire.trap_oid(), SAYS), replace(TRAP, uptime=5), id="oversized sysUpTime"),
        pytest.param(
            v2(wire.varbind(wire.SYS_UPTIME, b"\x43\x00"), wire.trap_oid(), SAYS),
            replace(TRAP, uptime=0),
            id="sysUpTime without octets",
        ),
        pytest.param(v2(wire.trap_oid(), SAYS), replace(TRAP, uptime=None), id="no sysUpTime"),
        pytest.param(
            v2(wire.uptime(), wire.uptime(9), wire.trap_oid(), SAYS),
            replace(TRAP, varbinds=[(wire.SYS_UPTIME, 0x43, 9), *TRAP.varbinds]),
            id="sysUpTime twice",
        ),
        pytest.param(v2(wire.uptime(), SAYS), replace(TRAP, trap_oid=""), id="no snmpTrapOID"),
        pytest.param(
            v2(wire.uptime(), wire.varbind(wire.TRAP_OID, wire.tlv(0x40, bytes((10, 0, 0, 1)))), SAYS),
            replace(TRAP, trap_oid="", varbinds=[(wire.TRAP_OID, 0x40, "10.0.0.1"), *TRAP.varbinds]),
            id="an address as snmpTrapOID",
        ),
        pytest.param(v2(), replace(TRAP, trap_oid="", uptime=None, varbinds=[]), id="empty varbind list"),
        pytest.param(
            wire.message(wire.tlv(wire.TRAP_V2, HEAD)), replace(TRAP, trap_oid="", uptime=None, varbinds=[]), id="no varbind list"
        ),
        pytest.param(
            wire.message(wire.v2_pdu(BINDINGS), version=0), replace(TRAP, version=SnmpVersion.V1), id="v2 trap in a v1 message"
        ),
        pytest.param(
            wire.message(wire.v2_pdu(BINDINGS, tag=wire.INFORM), version=0),
            replace(TRAP, version=SnmpVersion.V1, pdu=Pdu.INFORM),
            id="inform in a v1 message",
        ),
        pytest.param(
            wire.message(wire.v2_pdu(BINDINGS), community=b""), replace(TRAP, community=b""), id="a community without octets"
        ),
        pytest.param(
            wire.message(wire.v2_pdu(BINDINGS, request_id=-(2**31))), replace(TRAP, request_id=-(2**31)), id="negative request-id"
        ),
        pytest.param(
            wire.v1_message(SAYS, generic=99), replace(TRAP_V1, generic=99, trap_oid=f"{wire.ENTERPRISE}.0.3"), id="generic 99"
        ),
        pytest.param(
            wire.v1_message(SAYS, generic=3, specific=12),
            replace(TRAP_V1, generic=3, specific=12, trap_oid="1.3.6.1.6.3.1.1.5.4"),
            id="generic with a specific",
        ),
        pytest.param(
            wire.v1_message(SAYS, specific=0), replace(TRAP_V1, specific=0, trap_oid=f"{wire.ENTERPRISE}.0.0"), id="specific 0"
        ),
        pytest.param(
            wire.v1_message(SAYS, specific=-1073741773),
            replace(TRAP_V1, specific=-1073741773, trap_oid=f"{wire.ENTERPRISE}.0.3221225523"),
            id="negative specific",
        ),
        pytest.param(
            wire.v1_message(SAYS, ticks=wire.integer(-1, tag=0x43)), replace(TRAP_V1, uptime=2**32 - 1), id="negative time-stamp"
        ),
        pytest.param(
            wire.v1_message(SAYS, ticks=wire.integer(2**40, tag=0x43)), replace(TRAP_V1, uptime=0), id="oversized time-stamp"
        ),
        pytest.param(wire.v1_message(SAYS, ticks=wire.integer(4711)), replace(TRAP_V1, uptime=4711), id="time-stamp as INTEGER"),
        pytest.param(
            wire.v1_message(wire.varbind(NAME, wire.integer(2**63, tag=0x46))),
            replace(TRAP_V1, varbinds=[(NAME, 0x46, 2**63)]),
            id="Counter64 in a v1 trap",
        ),
        pytest.param(
            wire.v1_message(wire.varbind(NAME, b"\x82\x00")),
            replace(TRAP_V1, varbinds=[(NAME, 0x82, None)]),
            id="an exception in a v1 trap",
        ),
        pytest.param(
            wire.v1_message(SAYS, agent=wire.tlv(0x40, bytes(16))),
            replace(TRAP_V1, agent_address=""),
            id="agent-addr too long",
        ),
        pytest.param(
            wire.v1_message(SAYS, enterprise=b"\x06\x00"),
            replace(TRAP_V1, enterprise="0.0", trap_oid="0.0.0.3"),
            id="enterprise without octets",
        ),
    ],
)
def test_what_is_odd_is_taken_as_it_came(datagram: bytes, expected: Trap) -> None:
    assert decode(datagram) == expected


@pytest.mark.parametrize("name", ["1.3.6.1.4.1.3417.2.12.2.0.3", "1.3.6.1.4.1.3417.2.12.2.3"])
def test_a_trap_oid_is_kept_in_the_spelling_that_it_came_in(name: str) -> None:
    trap = decode(v2(wire.uptime(), wire.trap_oid(name)))

    assert isinstance(trap, Trap)
    assert trap.trap_oid == name


def test_an_inform_in_a_v1_message_is_answered_in_a_v1_message() -> None:
    pdu = {tag: wire.v2_pdu(BINDINGS, tag=tag) for tag in (wire.INFORM, wire.RESPONSE)}

    assert response_to(wire.message(pdu[wire.INFORM], version=0)) == wire.message(pdu[wire.RESPONSE], version=0)


def test_the_largest_inform_has_an_answer_that_fits_into_a_datagram() -> None:
    response = response_to(wire.v2_message_of(65_507, tag=wire.INFORM))

    assert response is not None
    assert len(response) == 65_507
