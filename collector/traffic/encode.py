"""The octets of a notification, by pysnmp: an encoder that shares nothing with our own decoder. No sockets here; v3 around the
PDU is in `v3`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v1, v2c

from collector.domain.errors import Rejected
from collector.domain.trap import SNMP_TRAP_ADDRESS, SNMP_TRAP_OID, SYS_UPTIME, Pdu, SnmpVersion, Trap, Varbind

INTEGER, OCTETS, NULL, OID = 0x02, 0x04, 0x05, 0x06
ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
NO_ADDRESS = "0.0.0.0"

_V1_TYPES = {
    INTEGER: v1.Integer,
    OCTETS: v1.OctetString,
    NULL: v1.Null,
    OID: v1.ObjectIdentifier,
    ADDRESS: v1.IpAddress,
    COUNTER32: v1.Counter,
    GAUGE32: v1.Gauge,
    TIME_TICKS: v1.TimeTicks,
}
_V2_TYPES = {
    INTEGER: v2c.Integer32,
    OCTETS: v2c.OctetString,
    NULL: v2c.Null,
    OID: v2c.ObjectIdentifier,
    ADDRESS: v2c.IpAddress,
    COUNTER32: v2c.Counter32,
    GAUGE32: v2c.Gauge32,
    TIME_TICKS: v2c.TimeTicks,
    COUNTER64: v2c.Counter64,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for an inform. `refusal`: what it was answered with, when it was not taken; `again`: it may be taken when
    it is made anew."""

    request_id: int
    refusal: str = ""
    again: bool = False


def encode(trap: Trap) -> bytes:
    """The message that decodes to `trap`. Of a v1 trap `trap_oid` is not read: it follows from enterprise, generic and specific.

    A v2 notification names its `agent_address`, when it has one, as snmpTrapAddress.0 (RFC 3584 section 3.1). Raise Rejected when
    a value does not fit its type or the version.
    """
    with _refusal():
        return _v1_message(trap) if trap.pdu is Pdu.TRAP_V1 else _wrapped(v2c, _v2_pdu(trap), trap)


def encode_pdu(trap: Trap) -> bytes:
    """The PDU of a v2 notification alone. Raise Rejected as `encode` does."""
    with _refusal():
        return bytes(encoder.encode(_v2_pdu(trap)))


@contextmanager
def _refusal() -> Iterator[None]:
    try:
        yield
    except PyAsn1Error as error:
        raise Rejected(f"this notification cannot be encoded: {str(error).splitlines()[0]}") from error


def answered(datagram: bytes) -> Answer | None:
    """What a Response-PDU says, or None when the datagram is something else."""
    try:
        message, _ = decoder.decode(datagram, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        if not pdu.isSameTypeWith(v2c.ResponsePDU()):
            return None
        return answer_of(int(v2c.apiPDU.get_request_id(pdu)), pdu)
    except (PyAsn1Error, ValueError):
        return None


def answer_of(request_id: int, response: object) -> Answer:
    """What a Response-PDU of pysnmp says. Raise ValueError or PyAsn1Error when it lacks something."""
    status = int(v2c.apiPDU.get_error_status(response))
    return Answer(request_id, f"error-status {status}" if status else "")


def _v1_message(trap: Trap) -> bytes:
    """Trap-PDU of RFC 1157 section 4.1.6. Its parts are set one by one: pysnmp's defaults would ask the DNS for our own name."""
    pdu = v1.TrapPDU()
    v1.apiTrapPDU.set_enterprise(pdu, trap.enterprise)
    pdu.setComponentByPosition(1, v1.NetworkAddress().setComponentByPosition(0, v1.IpAddress(trap.agent_address or NO_ADDRESS)))
    v1.apiTrapPDU.set_generic_trap(pdu, trap.generic)
    v1.apiTrapPDU.set_specific_trap(pdu, trap.specific)
    v1.apiTrapPDU.set_timestamp(pdu, trap.uptime or 0)
    v1.apiTrapPDU.set_varbinds(pdu, _bindings(trap.varbinds, _V1_TYPES))
    return _wrapped(v1, pdu, trap)


def _v2_pdu(trap: Trap) -> object:
    """SNMPv2-Trap-PDU and InformRequest-PDU, sysUpTime.0 and snmpTrapOID.0 first (RFC 3416 section 4.2.6)."""
    first: list[Varbind] = [(SYS_UPTIME, TIME_TICKS, trap.uptime or 0), (SNMP_TRAP_OID, OID, trap.trap_oid)]
    agent: list[Varbind] = [(SNMP_TRAP_ADDRESS, ADDRESS, trap.agent_address)] if trap.agent_address else []
    pdu = v2c.InformRequestPDU() if trap.pdu is Pdu.INFORM else v2c.TrapPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, trap.request_id)
    v2c.apiPDU.set_varbinds(pdu, _bindings([*first, *trap.varbinds, *agent], _V2_TYPES))
    return pdu


def _bindings(varbinds: Sequence[Varbind], types: dict[int, type]) -> list[tuple[object, object]]:
    return [(v2c.ObjectIdentifier(oid), _value(tag, value, types)) for oid, tag, value in varbinds]


def _value(tag: int, value: object, types: dict[int, type]) -> object:
    made = types.get(tag)
    if made is None:
        raise Rejected("SNMPv1 has no 64-bit counters" if tag == COUNTER64 else f"type {tag:#04x} is not sent")
    return made("" if value is None else value)


def _wrapped(api: object, pdu: object, trap: Trap) -> bytes:
    message = api.Message()  # type: ignore[attr-defined]
    v1.apiMessage.set_version(message, int(SnmpVersion.V1 if api is v1 else SnmpVersion.V2C))
    v1.apiMessage.set_community(message, trap.community)
    v1.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))
