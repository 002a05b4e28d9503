"""SNMP messages: from a datagram to a notification in v2 form, a look at what a datagram is, and the answer to an inform.
Pure: no sockets, no clock, no configuration; used by the receiver and by the pipeline alike."""

import re
from enum import Enum
from typing import NamedTuple, TypeAlias

from collector.domain.disclosure import hide_communities
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import SNMP_TRAP_OID, SYS_UPTIME, NotDecoded, Pdu, Secured, SnmpVersion, Trap, TrapResult, Varbind
from receivers.snmp import ber, v3
from receivers.snmp.ber import BerError, content
from receivers.snmp.ber_writing import element

MAX_MESSAGE_OCTETS = 65_507
"""The largest UDP payload over IPv4."""

RESPONSE = 0xA2
TRAP_V1 = 0xA4
INFORM = 0xA6
TRAP_V2 = 0xA7
_OTHER_PDUS = frozenset({0xA0, 0xA1, RESPONSE, 0xA3, 0xA5, 0xA8})
"""Get, GetNext, Response, Set, GetBulk, Report (RFC 3416 section 3)."""

_STANDARD_TRAPS = "1.3.6.1.6.3.1.1.5"
_ENTERPRISE_SPECIFIC = 6
_TRAP_OID_WITHOUT_INSTANCE = SNMP_TRAP_OID.removesuffix(".0")
_UPTIME_WITHOUT_INSTANCE = SYS_UPTIME.removesuffix(".0")
_UPTIME_DIGITS = 10
_OID_AS_TEXT = re.compile(rb"\.?([0-2](?:\.\d{1,10}){1,127})\x00?")
_INTEGERS = frozenset(ber.MASKS)
_OIDS = frozenset({ber.OBJECT_IDENTIFIER})
_ADDRESSES = frozenset({ber.IP_ADDRESS, ber.OCTET_STRING})
_OCTET_STRINGS = frozenset({ber.OCTET_STRING})
_SEQUENCES = frozenset({ber.SEQUENCE})

_INFORM_OCTET = bytes((INFORM,))
_NOTIFICATIONS = {INFORM: Pdu.INFORM, TRAP_V2: Pdu.TRAP_V2}
_VERSIONS = (SnmpVersion.V1, SnmpVersion.V2C)
_VERSION_3 = 3
_V3_FRAME = (SnmpVersion.V3, b"")
_REQUEST_ID_OCTETS = 4
_NO_ERROR = b"\x02\x01\x00\x02\x01\x00"
"""error-status and error-index as nearly every sender writes them."""

_Frame: TypeAlias = tuple[SnmpVersion, bytes]
"""Version and community."""


def decode(datagram: bytes) -> TrapResult:
    """The notification in a datagram, in v2 form (RFC 3584 section 3.1), the header of a v3 message, or why there is neither.
    Never raises.

    Octets after the message, or left over in a container, are ignored. At most 256 varbinds are decoded, `truncated` counts the
    others.
    """
    try:
        return _message(datagram)
    except Exception as error:  # noqa: BLE001 - the edge: a fault of ours must not stop the line that hostile octets come in on
        return undecodable(error)


def undecodable(error: Exception) -> NotDecoded:
    """What an edge tells instead of raising `error`."""
    if isinstance(error, BerError):
        return NotDecoded(Outcome.UNDECODABLE, error.reason, str(error))
    if isinstance(error, IndexError):
        return NotDecoded(Outcome.UNDECODABLE, Reason.TRUNCATED, "the datagram ends inside an element")
    return NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, type(error).__name__)


class Shape(Enum):
    """What a datagram is, as far as a glance tells."""

    INFORM = "inform"
    V3 = "v3"
    OTHER = "other"


class Peek(NamedTuple):
    """`pdu` is where the PDU's tag stands in the datagram, 0 when that is not known."""

    shape: Shape
    pdu: int


_OTHER = Peek(Shape.OTHER, 0)
_V3 = Peek(Shape.V3, 0)


def peek(datagram: bytes) -> Peek:
    """What a datagram is, from its first headers alone. An inform may still prove undecodable. Never raises."""
    try:
        version, at, end = _header(datagram)
        if version == _VERSION_3:
            return _V3
        if version > 1 or datagram[at] != ber.OCTET_STRING:
            return _OTHER
        at = content(datagram, at + 1, end)[1]
        return Peek(Shape.INFORM, at) if at < end and datagram[at] == INFORM else _OTHER
    except (BerError, IndexError):
        return _OTHER


def response_to(datagram: bytes) -> bytes | None:
    """The Response-PDU that confirms an inform (RFC 3416 section 4.2.7), or None when the datagram is no well-formed inform.

    Version, community, request-id and varbinds are the sender's own octets; error-status and error-index are 0; left-over octets
    are cut. A few octets longer than the request at most, and only where that left something out. Never raises.
    """
    shape, pdu = peek(datagram)
    if shape is not Shape.INFORM:
        return None
    try:
        return _response(datagram, pdu)
    except (BerError, IndexError):
        return None


def frame_of(datagram: bytes, pdu: int) -> tuple[SnmpVersion, bytes]:
    """Version and community of a datagram in which `peek` found an inform at `pdu`."""
    version, at, end = _header(datagram)
    return _VERSIONS[version], datagram[content(datagram, at + 1, end)[0] : pdu]


def is_inform(data: bytes, pdu: int) -> bool:
    """Whether the PDU at `pdu` of a scoped PDU is one."""
    return data[pdu : pdu + 1] == _INFORM_OCTET


def scoped_response(data: bytes, begin: int, pdu: int, end: int) -> bytes | None:
    """The scoped PDU that confirms the inform in that of a v3 message, as `response_to` does a whole message: in `data` from
    `begin` to `end`, its PDU at `pdu`. None when that is no well-formed inform. Never raises."""
    try:
        if data[pdu] != INFORM:
            return None
        scope = content(data, begin + 1, end)[0]
        return element(ber.SEQUENCE, data[scope:pdu], _response_pdu(data, pdu, end))
    except (BerError, IndexError):
        return None


def _response(data: bytes, pdu: int) -> bytes:
    header, end = content(data, 1, len(data))
    return element(ber.SEQUENCE, data[header:pdu], _response_pdu(data, pdu, end))


def _response_pdu(data: bytes, pdu: int, end: int) -> bytes:
    at, end = content(data, pdu + 1, end)
    request_id = data[at : _element(data, at, end, tags=_INTEGERS)[1]]
    at += len(request_id)
    for _ in range(2):
        at = _element(data, at, end, tags=_INTEGERS)[1]
    bindings = b"0\x00"
    if at < end:
        bindings = data[at : _varbind_list(data, at, end)[1]]
    return element(RESPONSE, request_id, _NO_ERROR, bindings)


def _header(data: bytes) -> tuple[int, int, int]:
    """(version, where the version's element ends, where the message ends)."""
    size = len(data)
    if size > MAX_MESSAGE_OCTETS:
        raise BerError(Reason.TOO_LARGE, f"{size} octets")
    if data[0] != ber.SEQUENCE:
        raise BerError(Reason.NOT_BER, "the message is not a SEQUENCE")
    try:
        at, end = content(data, 1, size)
    except BerError as error:
        if error.reason is Reason.BAD_LENGTH:
            raise BerError(Reason.TRUNCATED, "the message is longer than the datagram") from error
        raise
    if data[at] != ber.INTEGER:
        raise BerError(Reason.BAD_VERSION, "the version is not an INTEGER")
    at, after = content(data, at + 1, end)
    version = data[at] if after == at + 1 else ber.signed(data[at:after])
    if version is None or version < 0:
        raise BerError(Reason.BAD_VERSION, "the version is no small number")
    return version, after, end


def _message(data: bytes) -> TrapResult:
    version, at, end = _header(data)
    if version == _VERSION_3:
        return v3.header(data, at, end)
    if version > 1:
        raise BerError(Reason.BAD_VERSION, f"version {version}")
    if data[at] != ber.OCTET_STRING:
        raise BerError(Reason.BAD_COMMUNITY, "the community is not an OCTET STRING")
    at, after = content(data, at + 1, end)
    frame = _VERSIONS[version], data[at:after]
    return _pdu(data, after, end, frame=frame)


def scoped_pdu(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Of the scoped PDU at `at` (RFC 3412 section 6.8): where its PDU stands and where it ends. Raise BerError or IndexError."""
    return scoped_parts(data, at, end)[1:]


def scoped_parts(data: bytes, at: int, end: int) -> tuple[tuple[bytes, bytes], int, int]:
    """(contextEngineID and contextName, where the PDU stands, where the scoped PDU ends). Raise BerError or IndexError."""
    at, end = _element(data, at, end, tags=_SEQUENCES)
    engine, name = _element(data, at, end, tags=_OCTET_STRINGS)
    begin, at = _element(data, name, end, tags=_OCTET_STRINGS)
    return (data[engine:name], data[begin:at]), at, end


def scoped_notification(data: bytes, pdu: int, end: int, *, secured: Secured) -> Trap | NotDecoded:
    """The notification of a v3 message, from what `scoped_pdu` found. Raise BerError or IndexError."""
    result = _pdu(data, pdu, end, frame=_V3_FRAME)
    if isinstance(result, Trap):
        result.secured = secured
    return result


def _pdu(data: bytes, at: int, end: int, *, frame: _Frame) -> Trap | NotDecoded:
    tag = data[at]
    at, end = content(data, at + 1, end)
    if tag in _NOTIFICATIONS:
        return _notification(data, at, end=end, frame=frame, pdu=_NOTIFICATIONS[tag])
    if tag == TRAP_V1:
        return _v1_trap(data, at, end=end, frame=frame)
    if tag in _OTHER_PDUS:
        return NotDecoded(Outcome.NOT_A_NOTIFICATION, Reason.NOT_A_TRAP_PDU, f"PDU type {tag:#04x}")
    raise BerError(Reason.BAD_PDU, f"unknown PDU type {tag:#04x}")


def _element(data: bytes, at: int, end: int, *, tags: frozenset[int] | tuple[int, ...]) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends. Raise BerError when its tag is none of `tags`."""
    if data[at] not in tags:
        raise BerError(Reason.BAD_PDU, "a field is missing or of another type")
    stop = at + 2 + data[at + 1]
    if data[at + 1] < 0x80 and stop <= end:
        return at + 2, stop
    return content(data, at + 1, end)


def _varbind_list(data: bytes, at: int, end: int) -> tuple[int, int]:
    if data[at] != ber.SEQUENCE:
        raise BerError(Reason.BAD_PDU, "the varbind list is not a SEQUENCE")
    stop = at + 2 + data[at + 1]
    return (at + 2, stop) if data[at + 1] < 0x80 and stop <= end else content(data, at + 1, end)


def _bindings(data: bytes, at: int, end: int) -> tuple[list[Varbind], int]:
    """The varbind list at the end of a PDU; a sender that leaves it out has no varbinds. Nobody gets to see a community."""
    if at >= end:
        return [], 0
    at, end = _varbind_list(data, at, end)
    found, truncated = ber.varbinds(data, at, end)
    return hide_communities(found, data), truncated


def _notification(data: bytes, at: int, *, end: int, frame: _Frame, pdu: Pdu) -> Trap:
    """SNMPv2-Trap-PDU and InformRequest-PDU (RFC 3416 sections 4.2.6 and 4.2.7)."""
    request_id, at = _request_id(data, at, end)
    if data[at : at + 6] == _NO_ERROR:
        at += 6
    else:
        # error-status and error-index mean nothing here, so any number will do
        at = _element(data, at, end, tags=_INTEGERS)[1]
        at = _element(data, at, end, tags=_INTEGERS)[1]
    found, truncated = _bindings(data, at, end)
    uptime, trap_oid = _take_names(found)
    version, community = frame
    return Trap(version, community, pdu, request_id, trap_oid, uptime, found, truncated=truncated)


def _request_id(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number and where it ends; in line as nearly every sender writes it."""
    stop = at + 2 + data[at + 1]
    if data[at] == ber.INTEGER and data[at + 1] <= _REQUEST_ID_OCTETS and stop <= end:
        return int.from_bytes(data[at + 2 : stop], "big", signed=True), stop
    first, at = _element(data, at, end, tags=_INTEGERS)
    request_id = ber.signed(data[first:at])
    if request_id is None:
        raise BerError(Reason.BAD_PDU, "the request-id is too wide")
    return request_id, at


def _take_names(found: list[Varbind]) -> tuple[int | None, str]:
    """Remove sysUpTime.0 and snmpTrapOID.0 and return them. RFC 3416 section 4.2.6 has them first, in this order, and nearly all
    senders do: those are not searched."""
    if len(found) > 1:
        (first, tick, uptime), (second, kind, trap_oid) = found[0], found[1]
        right = first == SYS_UPTIME and tick == ber.TIME_TICKS and second == SNMP_TRAP_OID and kind == ber.OBJECT_IDENTIFIER
        if right and isinstance(uptime, int) and isinstance(trap_oid, str):
            del found[:2]
            return uptime, trap_oid
    return _take_uptime(found), _take_trap_oid(found)


def _take_uptime(found: list[Varbind]) -> int | None:
    """Remove sysUpTime.0 from the varbinds, wherever it stands, and return it. The first that is a number, or digits as text, is
    taken; whatever else goes by that name stays where it is. Some agents leave the instance out of the name."""
    for wanted in (SYS_UPTIME, _UPTIME_WITHOUT_INSTANCE):
        for place, (name, _, value) in enumerate(found):
            if name != wanted:
                continue
            if isinstance(value, bytes) and len(value) <= _UPTIME_DIGITS and value.isdigit():
                value = int(value)
            if isinstance(value, int):
                del found[place]
                return value & ber.MASK_32
    return None


def _take_trap_oid(found: list[Varbind]) -> str:
    """Remove snmpTrapOID.0 from the varbinds, wherever it stands, and return it, empty when there is none. Agents that send every
    value as OCTET STRING write it as text, some leave the instance out of the name; any other value stays where it is."""
    for wanted in (SNMP_TRAP_OID, _TRAP_OID_WITHOUT_INSTANCE):
        for place, (name, tag, value) in enumerate(found):
            if name != wanted:
                continue
            if isinstance(value, bytes):
                text = _OID_AS_TEXT.fullmatch(value)
                value = text[1].decode("ascii") if text else None
            elif tag != ber.OBJECT_IDENTIFIER:
                value = None
            if isinstance(value, str):
                del found[place]
                return value
    return ""


def _v1_trap(data: bytes, at: int, *, end: int, frame: _Frame) -> Trap:
    """Trap-PDU (RFC 1157 section 4.1.6), its name made by RFC 3584 section 3.1."""
    first, at = _element(data, at, end, tags=_OIDS)
    enterprise = ber.oid_text(data[first:at])
    first, at = _element(data, at, end, tags=_ADDRESSES)
    agent_address = ber.address_text(data[first:at])
    first, at = _element(data, at, end, tags=_INTEGERS)
    generic = ber.signed(data[first:at])
    first, at = _element(data, at, end, tags=_INTEGERS)
    specific = ber.signed(data[first:at])
    if generic is None or specific is None:
        raise BerError(Reason.BAD_PDU, "a trap number is too wide")
    first, at = _element(data, at, end, tags=_INTEGERS)
    uptime = ber.unsigned(data[first:at], ber.MASK_32)
    found, truncated = _bindings(data, at, end)
    version, community = frame
    return Trap(
        version,
        community,
        Pdu.TRAP_V1,
        0,
        v2_trap_oid(enterprise, generic, specific=specific),
        uptime,
        found,
        enterprise,
        agent_address,
        generic,
        specific,
        truncated,
    )


def v2_trap_oid(enterprise: str, generic: int, *, specific: int) -> str:
    """The snmpTrapOID of a v1 trap (RFC 3584 section 3.1). A generic number outside 0-5 counts as enterprise-specific; a negative
    specific number is taken modulo 2^32, because an arc cannot be negative."""
    if 0 <= generic < _ENTERPRISE_SPECIFIC:
        return f"{_STANDARD_TRAPS}.{generic + 1}"
    return f"{enterprise}.0.{specific & ber.MASK_32}"
