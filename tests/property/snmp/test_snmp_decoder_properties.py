"""The decoder, the glance and the response never raise, whatever comes; and what was written well is read back."""

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.trap import NotDecoded, Secured, Trap
from receivers.snmp.frame import Shape, peek
from receivers.snmp.message import decode
from receivers.snmp.responses import response_to
from tests import snmp_wire as wire

OIDS = st.builds(
    lambda first, second, rest: ".".join(map(str, (first, second, *rest))),
    st.integers(0, 2),
    st.integers(0, 39),
    st.lists(st.integers(0, 2**32 - 1), max_size=20),
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
VALUES = st.one_of(
    st.binary(max_size=200).map(lambda octets: (wire.tlv(0x04, octets), octets)),
    INTEGERS.map(lambda number: (wire.integer(number), number)),
    st.integers(0, 2**32 - 1).map(lambda number: (wire.integer(number, tag=0x43), number)),
    st.integers(0, 2**64 - 1).map(lambda number: (wire.integer(number, tag=0x46), number)),
    OIDS.map(lambda dotted: (wire.oid(dotted), dotted)),
    st.just((b"\x05\x00", None)),
)
BINDINGS = st.lists(st.tuples(OIDS, VALUES), max_size=12)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A well-formed message of any kind."""
    varbinds = [wire.varbind(name, element) for name, (element, _) in draw(BINDINGS)]
    kind = draw(st.sampled_from((wire.TRAP_V1, wire.TRAP_V2, wire.INFORM, wire.GET, wire.RESPONSE)))
    if draw(st.booleans()):
        return wire.v3_message(wire.scoped(wire.v2_pdu(*varbinds, tag=kind, request_id=draw(INTEGERS))))
    if kind == wire.TRAP_V1:
        return wire.v1_message(*varbinds, generic=draw(st.integers(-1, 7)), specific=draw(INTEGERS))
    return wire.v2_message(*varbinds, tag=kind, request_id=draw(INTEGERS), version=draw(st.integers(0, 3)))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A well-formed message with some octets changed, cut out or put in."""
    octets = bytearray(draw(messages()))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(octets)))
        match draw(st.sampled_from(("change", "cut", "insert"))):
            case "change" if place < len(octets):
                octets[place] = draw(st.integers(0, 255))
            case "cut":
                del octets[place : place + draw(st.integers(1, 5))]
            case _:
                octets[place:place] = draw(st.binary(max_size=5))
    return bytes(octets)


HOSTILE = st.one_of(st.binary(max_size=300), mutated(), st.binary(max_size=100).map(lambda body: b"\x30\x82" + body))


@given(HOSTILE)
def test_any_octets_give_a_notification_or_a_reason(datagram: bytes) -> None:
    result = decode(datagram)

    assert isinstance(result, Trap | Secured | NotDecoded)
    if isinstance(result, NotDecoded):
        assert result.reason
        assert result.reason != "decoder_failed"


@given(HOSTILE)
def test_any_octets_have_a_shape_and_an_answer_only_when_they_are_an_inform(datagram: bytes) -> None:
    shape, pdu = peek(datagram)
    response = response_to(datagram)

    if shape is Shape.INFORM:
        assert datagram[pdu] == wire.INFORM
    else:
        assert response is None
    if response is not None:
        assert len(response) <= len(datagram) + 6
        # Its own shape is never one that we would answer: no loop between two collectors.
        assert peek(response).shape is Shape.OTHER


@given(HOSTILE)
def test_every_decoded_inform_has_an_answer(datagram: bytes) -> None:
    result = decode(datagram)

    if isinstance(result, Trap) and result.pdu == "inform":
        assert peek(datagram).shape is Shape.INFORM
        assert response_to(datagram) is not None


@given(BINDINGS, INTEGERS)
def test_what_was_written_is_read_back(bindings: list[tuple[str, tuple[bytes, object]]], request_id: int) -> None:
    varbinds = [wire.varbind(name, element) for name, (element, _) in bindings]

    trap = decode(wire.v2_message(*varbinds, request_id=request_id))

    assert isinstance(trap, Trap)
    assert trap.request_id == request_id
    assert [(name, value) for name, _, value in trap.varbinds] == [(name, value) for name, (_, value) in bindings]
