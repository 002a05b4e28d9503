"""A datagram's shape at a glance, and the Response that confirms an inform, octet by octet."""

import pytest

from collector.domain.outcome import Outcome
from collector.domain.trap import NotDecoded
from receivers.snmp.frame import Peek, Shape, peek
from receivers.snmp.message import decode
from receivers.snmp.responses import response_to
from tests import snmp_wire as wire

NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
BINDINGS = (wire.uptime(), wire.trap_oid(), wire.varbind(NAME, wire.string("disk 3 failed")))


@pytest.mark.parametrize(
    ("datagram", "shape"),
    [
        pytest.param(wire.inform(), Shape.INFORM, id="inform"),
        pytest.param(wire.v2_message(tag=wire.INFORM, version=0), Shape.INFORM, id="inform-in-a-v1-message"),
        pytest.param(wire.inform() + b"\x00", Shape.INFORM, id="inform-with-octets-after-it"),
        pytest.param(wire.v3_message(), Shape.V3, id="v3"),
        pytest.param(wire.v2_message(), Shape.OTHER, id="v2c-trap"),
        pytest.param(wire.v1_message(), Shape.OTHER, id="v1-trap"),
        pytest.param(wire.v2_message(tag=wire.GET), Shape.OTHER, id="get"),
        pytest.param(wire.v2_message(tag=wire.INFORM, version=2), Shape.OTHER, id="unknown-version"),
        pytest.param(wire.tlv(0x30, wire.integer(1), b"\x05\x00", b"\xa6\x00"), Shape.OTHER, id="no-community"),
        pytest.param(wire.tlv(0x30, wire.integer(1), b"\x04\x00") + b"\xa6\x00", Shape.OTHER, id="pdu-outside-the-message"),
        pytest.param(b"", Shape.OTHER, id="empty"),
        pytest.param(b"\x30\x80\x02\x01\x01", Shape.OTHER, id="indefinite-length"),
    ],
)
def test_a_glance_tells_what_a_datagram_is(datagram: bytes, shape: Shape) -> None:
    assert peek(datagram).shape is shape


def test_a_glance_finds_where_the_inform_begins() -> None:
    datagram = wire.inform()

    assert peek(datagram) == Peek(Shape.INFORM, datagram.index(b"\xa6"))


def expected(*, version: int = 1, request_id: int = 77, bindings: tuple[bytes, ...] = BINDINGS) -> bytes:
    return wire.message(wire.v2_pdu(*bindings, tag=wire.RESPONSE, request_id=request_id), version=version)


def pdu_with(errors: bytes, *, after: bytes = b"") -> bytes:
    return wire.tlv(wire.INFORM, wire.integer(77), errors, wire.tlv(0x30, *BINDINGS), after)


@pytest.mark.parametrize(
    ("datagram", "response"),
    [
        pytest.param(wire.message(wire.v2_pdu(*BINDINGS, tag=wire.INFORM)), expected(), id="plain"),
        pytest.param(wire.message(wire.v2_pdu(*BINDINGS, tag=wire.INFORM), version=0), expected(version=0), id="in-a-v1-message"),
        pytest.param(
            wire.message(wire.v2_pdu(*BINDINGS, tag=wire.INFORM, request_id=-(2**31))),
            expected(request_id=-(2**31)),
            id="negative-request-id",
        ),
        pytest.param(wire.message(pdu_with(wire.integer(5) + wire.integer(3))), expected(), id="error-fields-are-cleared"),
        pytest.param(wire.message(pdu_with(b"\x02\x00\x02\x00")), expected(), id="error-fields-without-octets"),
        pytest.param(
            wire.message(pdu_with(wire.integer(0) * 2, after=b"\x05\x00")) + b"junk", expected(), id="left-over-octets-are-cut"
        ),
        pytest.param(
            wire.message(wire.tlv(wire.INFORM, wire.integer(77), wire.integer(0) * 2)),
            expected(bindings=()),
            id="without-a-varbind-list",
        ),
    ],
)
def test_the_response_carries_the_inform_s_own_id_and_varbinds(datagram: bytes, response: bytes) -> None:
    assert response_to(datagram) == response


def test_a_large_inform_gets_a_response_of_the_same_size() -> None:
    datagram = wire.inform(wire.varbind(NAME, wire.string("x" * 40_000)))

    response = response_to(datagram)

    assert response is not None
    assert len(response) == len(datagram)
    result = decode(response)
    assert isinstance(result, NotDecoded)
    assert result.outcome is Outcome.NOT_A_NOTIFICATION


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(wire.v2_message(), id="v2c-trap"),
        pytest.param(wire.v1_message(), id="v1-trap"),
        pytest.param(wire.v3_message(), id="v3"),
        pytest.param(wire.v2_message(tag=wire.RESPONSE), id="a-response-is-never-answered"),
        pytest.param(b"", id="empty"),
        pytest.param(wire.message(wire.tlv(wire.INFORM)), id="inform-without-fields"),
        pytest.param(wire.message(wire.tlv(wire.INFORM, wire.integer(1))), id="inform-without-error-fields"),
        pytest.param(wire.message(wire.tlv(wire.INFORM, wire.string("7"))), id="request-id-as-text"),
        pytest.param(
            wire.message(wire.tlv(wire.INFORM, wire.integer(1), wire.integer(0) * 2, b"\x30\x7f")), id="list-beyond-the-pdu"
        ),
        pytest.param(wire.message(wire.tlv(wire.INFORM, wire.integer(1), wire.integer(0) * 2, b"\x05\x00")), id="no-list"),
    ],
)
def test_nothing_but_a_well_formed_inform_is_answered(datagram: bytes) -> None:
    assert response_to(datagram) is None
