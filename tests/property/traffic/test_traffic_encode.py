"""What pysnmp encodes for us is what our own decoder reads: two programs that share no code."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.errors import Rejected
from collector.domain.trap import SNMP_TRAP_ADDRESS, SNMP_TRAP_OID, SYS_UPTIME, Pdu, SnmpVersion, Trap
from collector.traffic.encode import (
    ADDRESS,
    COUNTER32,
    COUNTER64,
    GAUGE32,
    INTEGER,
    NULL,
    OCTETS,
    OID,
    TIME_TICKS,
    Answer,
    answered,
    encode,
)
from receivers.snmp.message import decode
from receivers.snmp.notification import v2_trap_oid
from receivers.snmp.responses import response_to

WORD = st.integers(0, 2**32 - 1)
ARCS = st.lists(WORD, min_size=1, max_size=12)
OIDS = ARCS.map(lambda arcs: ".".join(map(str, (1, 3, *arcs)))).filter(lambda oid: oid not in (SYS_UPTIME, SNMP_TRAP_OID))
ADDRESSES = st.ip_addresses(v=4).map(str)
V1_VALUES = st.one_of(
    st.tuples(st.just(INTEGER), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just(OCTETS), st.binary(max_size=300)),
    st.tuples(st.just(NULL), st.none()),
    st.tuples(st.just(OID), OIDS),
    st.tuples(st.just(ADDRESS), ADDRESSES),
    st.tuples(st.sampled_from((COUNTER32, GAUGE32, TIME_TICKS)), WORD),
)
V2_VALUES = st.one_of(V1_VALUES, st.tuples(st.just(COUNTER64), st.integers(0, 2**64 - 1)))
COMMUNITIES = st.binary(max_size=255)


@st.composite
def v1_traps(draw: st.DrawFn) -> Trap:
    enterprise, generic, specific = draw(OIDS), draw(st.integers(0, 6)), draw(st.integers(0, 2**31 - 1))
    return Trap(
        SnmpVersion.V1,
        draw(COMMUNITIES),
        Pdu.TRAP_V1,
        0,
        v2_trap_oid(enterprise, generic, specific=specific),
        draw(WORD),
        [(oid, *value) for oid, value in draw(st.lists(st.tuples(OIDS, V1_VALUES), max_size=6))],
        enterprise=enterprise,
        agent_address=draw(ADDRESSES),
        generic=generic,
        specific=specific,
    )


@st.composite
def v2_notifications(draw: st.DrawFn) -> Trap:
    return Trap(
        SnmpVersion.V2C,
        draw(COMMUNITIES),
        draw(st.sampled_from((Pdu.TRAP_V2, Pdu.INFORM))),
        draw(st.integers(0, 2**31 - 1)),
        draw(OIDS),
        draw(WORD),
        [(oid, *value) for oid, value in draw(st.lists(st.tuples(OIDS, V2_VALUES), max_size=6))],
    )


@given(st.one_of(v1_traps(), v2_notifications()))
def test_what_is_encoded_decodes_to_the_same(trap: Trap) -> None:
    assert decode(encode(trap)) == trap


@given(v2_notifications())
def test_only_the_response_to_an_inform_is_an_answer(trap: Trap) -> None:
    inform = encode(replace(trap, pdu=Pdu.INFORM))
    response = response_to(inform)
    assert response is not None
    assert answered(response) == Answer(trap.request_id)
    assert answered(inform) is None


@given(st.binary(max_size=60))
def test_octets_that_are_no_message_are_no_answer(octets: bytes) -> None:
    assert answered(octets) is None


def test_the_agent_of_a_v2_notification_is_a_varbind() -> None:
    trap = Trap(SnmpVersion.V2C, b"c", Pdu.TRAP_V2, 1, "1.3.6.1", 0, [], agent_address="192.0.2.7")
    decoded = decode(encode(trap))
    assert isinstance(decoded, Trap)
    assert decoded.varbinds == [(SNMP_TRAP_ADDRESS, ADDRESS, "192.0.2.7")]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param((COUNTER64, 1), "no 64-bit counters", id="wide counter in v1"),
        pytest.param((0x99, 1), "0x99 is not sent", id="unknown type"),
        pytest.param((GAUGE32, -1), "cannot be encoded", id="value outside its type"),
    ],
)
def test_what_cannot_be_encoded_is_refused(value: tuple[int, int], told: str) -> None:
    trap = Trap(SnmpVersion.V1, b"c", Pdu.TRAP_V1, 0, "", 0, [("1.3.6.1", *value)], enterprise="1.3.6.1")
    with pytest.raises(Rejected, match=told):
        encode(trap)
