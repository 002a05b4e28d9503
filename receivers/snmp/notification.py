"""The notification in a PDU: v1 traps, v2 traps and informs take one form (RFC 3584 section 3.1), as tolerant as docs/snmp.md
says. What stands around the PDU is the caller's business."""

import re

from collector.domain.disclosure import hide_communities
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import SNMP_TRAP_OID, SYS_UPTIME, NotDecoded, Pdu, Secured, SnmpVersion, Trap, Varbind
from receivers.snmp import ber
from receivers.snmp.ber import BerError, content
from receivers.snmp.fields import ADDRESSES, INTEGERS, NO_ERROR, OIDS, field, varbind_list
from receivers.snmp.frame import Frame
from receivers.snmp.pdu_types import INFORM, NO_NOTIFICATIONS, TRAP_V1, TRAP_V2
from receivers.snmp.repeated import Repeated, after_uptime

_NOTIFICATIONS = {INFORM: Pdu.INFORM, TRAP_V2: Pdu.TRAP_V2}
_V3_FRAME = (SnmpVersion.V3, b"")
_STANDARD_TRAPS = "1.3.6.1.6.3.1.1.5"
_ENTERPRISE_SPECIFIC = 6
_TRAP_OID_WITHOUT_INSTANCE = SNMP_TRAP_OID.removesuffix(".0")
_UPTIME_WITHOUT_INSTANCE = SYS_UPTIME.removesuffix(".0")
_UPTIME_DIGITS = 10
_OID_AS_TEXT = re.compile(rb"\.?([0-2](?:\.\d{1,10}){1,127})\x00?")
_REQUEST_ID_OCTETS = 4
_repeated = Repeated()


def notification_in(data: bytes, at: int, end: int, *, frame: Frame) -> Trap | NotDecoded:
    """That of the PDU whose tag stands at `at`, in a message with this frame. Raise BerError or IndexError."""
    tag = data[at]
    at, end = content(data, at + 1, end)
    if tag in _NOTIFICATIONS:
        return _notification(data, at, end=end, frame=frame, pdu=_NOTIFICATIONS[tag])
    if tag == TRAP_V1:
        return _v1_trap(data, at, end=end, frame=frame)
    if tag in NO_NOTIFICATIONS:
        return NotDecoded(Outcome.NOT_A_NOTIFICATION, Reason.NOT_A_TRAP_PDU, f"PDU type {tag:#04x}")
    raise BerError(Reason.BAD_PDU, f"unknown PDU type {tag:#04x}")


def scoped_notification(data: bytes, pdu: int, end: int, *, secured: Secured) -> Trap | NotDecoded:
    """That of a v3 message, from what `v3.scoped_parts` found. Raise BerError or IndexError."""
    result = notification_in(data, pdu, end, frame=_V3_FRAME)
    if isinstance(result, Trap):
        result.secured = secured
    return result


def _bindings(data: bytes, at: int, end: int) -> tuple[list[Varbind], int]:
    """The varbind list at the end of a PDU; a sender that leaves it out has no varbinds. Nobody gets to see a community."""
    if at >= end:
        return [], 0
    at, end = varbind_list(data, at, end)
    found, truncated = ber.varbinds(data, at, end)
    return hide_communities(found, data), truncated


def _notification(data: bytes, at: int, *, end: int, frame: Frame, pdu: Pdu) -> Trap:
    """SNMPv2-Trap-PDU and InformRequest-PDU (RFC 3416 sections 4.2.6 and 4.2.7)."""
    request_id, at = _request_id(data, at, end)
    if data[at : at + 6] == NO_ERROR:
        at += 6
    else:
        # error-status and error-index mean nothing here, so any number will do
        at = field(data, at, end, tags=INTEGERS)[1]
        at = field(data, at, end, tags=INTEGERS)[1]
    uptime, trap_oid, found, truncated = _said(data, at, end)
    version, community = frame
    return Trap(version, community, pdu, request_id, trap_oid, uptime, found, truncated=truncated)


def _said(data: bytes, at: int, end: int) -> tuple[int | None, str, list[Varbind], int]:
    """(sysUpTime.0, snmpTrapOID.0, the other varbinds, how many more there are) of the varbind list at the end of a PDU."""
    if at >= end:
        return None, "", [], 0
    at, end = varbind_list(data, at, end)
    usual = after_uptime(data, at, end)
    octets = b""
    if usual is not None:
        uptime, rest = usual
        octets = data[rest:end]
        said = _repeated.get(octets)
        if said is not None:
            return uptime, *said, 0
    decoded, truncated = ber.varbinds(data, at, end)
    found = hide_communities(decoded, data)
    names = _take_names(found)
    if usual is not None and not truncated and found is decoded:
        _repeated.remember(octets, (names[1], found))
    return *names, found, truncated


def _request_id(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The number and where it ends; in line as nearly every sender writes it."""
    stop = at + 2 + data[at + 1]
    if data[at] == ber.INTEGER and data[at + 1] <= _REQUEST_ID_OCTETS and stop <= end:
        return int.from_bytes(data[at + 2 : stop], "big", signed=True), stop
    first, at = field(data, at, end, tags=INTEGERS)
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


def _v1_trap(data: bytes, at: int, *, end: int, frame: Frame) -> Trap:
    """Trap-PDU (RFC 1157 section 4.1.6), its name made by RFC 3584 section 3.1."""
    first, at = field(data, at, end, tags=OIDS)
    enterprise = ber.oid_text(data[first:at])
    first, at = field(data, at, end, tags=ADDRESSES)
    agent_address = ber.address_text(data[first:at])
    first, at = field(data, at, end, tags=INTEGERS)
    generic = ber.signed(data[first:at])
    first, at = field(data, at, end, tags=INTEGERS)
    specific = ber.signed(data[first:at])
    if generic is None or specific is None:
        raise BerError(Reason.BAD_PDU, "a trap number is too wide")
    first, at = field(data, at, end, tags=INTEGERS)
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
