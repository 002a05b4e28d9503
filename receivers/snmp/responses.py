"""The Response that confirms an inform, made of the inform's own octets (RFC 3416 section 4.2.7). Whether one is sent is decided
in `informs`."""

from receivers.snmp import ber
from receivers.snmp.ber import BerError, content
from receivers.snmp.ber_writing import element
from receivers.snmp.fields import INTEGERS, NO_ERROR, field, varbind_list
from receivers.snmp.frame import Shape, peek
from receivers.snmp.pdu_types import INFORM, RESPONSE

_INFORM_OCTET = bytes((INFORM,))


def response_to(datagram: bytes) -> bytes | None:
    """The message that confirms the inform in a datagram of v1 or v2c, or None when that is no well-formed inform.

    Version, community, request-id and varbinds are the sender's own octets; error-status and error-index are 0; left-over octets
    are cut. A few octets longer than the request at most, and only where that left something out. Never raises.
    """
    shape, pdu = peek(datagram)
    if shape is not Shape.INFORM:
        return None
    try:
        begin, end = content(datagram, 1, len(datagram))
        return element(ber.SEQUENCE, datagram[begin:pdu], _response_pdu(datagram, pdu, end))
    except (BerError, IndexError):
        return None


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


def is_inform(data: bytes, pdu: int) -> bool:
    """Whether the PDU at `pdu` of a scoped PDU is one."""
    return data[pdu : pdu + 1] == _INFORM_OCTET


def _response_pdu(data: bytes, pdu: int, end: int) -> bytes:
    at, end = content(data, pdu + 1, end)
    request_id = data[at : field(data, at, end, tags=INTEGERS)[1]]
    at += len(request_id)
    for _ in range(2):
        at = field(data, at, end, tags=INTEGERS)[1]
    bindings = b"0\x00"
    if at < end:
        bindings = data[at : varbind_list(data, at, end)[1]]
    return element(RESPONSE, request_id, NO_ERROR, bindings)
