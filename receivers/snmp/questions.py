"""Finds, among all that arrives, what may want an answer: informs, and v3 messages that are for our engine or look for it. Pure;
whether there is an answer is decided in `informs`."""

from typing import NamedTuple

from collector.domain.trap import Secured
from receivers.snmp import v3
from receivers.snmp.message import INFORM, Shape, decode, peek

V3_MARK = b"\x02\x01\x03\x30"
"""The version of a v3 message and the tag of its global data, as every sender writes them."""
_V3_MARK_WITHIN = 12
_USM_SHORT = b"\x02\x01\x03"
_FLAGS_SHORT = b"\x04\x01"
_HEADER_OCTETS = 80
"""Where an engine id of 32 octets has ended, after the longest global data that `_is_trap` takes."""


class Question(NamedTuple):
    """A datagram that may want an answer. `pdu`: where the PDU of an inform of v1 or v2c stands; `secured`: the header of a v3
    message. `repeated`: who sent it sends it again when no answer comes."""

    datagram: bytes
    pdu: int = 0
    secured: Secured | None = None
    repeated: bool = True


def question_in(datagram: bytes, own_engine_id: bytes) -> Question | None:
    """None for what is never answered, which is nearly everything, and is found out in well under a microsecond. Never raises."""
    if V3_MARK in datagram[:_V3_MARK_WITHIN]:
        return None if _is_trap(datagram, own_engine_id) else _secured_question(datagram, own_engine_id)
    if INFORM in datagram:  # one octet, and most traps have it nowhere
        shape, pdu = peek(datagram)
        if shape is Shape.INFORM:
            return Question(datagram, pdu)
    return None


def _is_trap(datagram: bytes, own_engine_id: bytes) -> bool:
    """Whether a v3 message is neither reportable nor for our engine, when its global data are written as every sender writes
    them; False when only a closer look can tell."""
    at = datagram.find(V3_MARK) + len(V3_MARK)
    if len(datagram) <= at or datagram[at] >= 0x80:
        return False
    end = at + 1 + datagram[at]
    if datagram[end - 6 : end - 4] != _FLAGS_SHORT or datagram[end - 3 : end] != _USM_SHORT:
        return False
    return not datagram[end - 4] & v3.REPORTABLE and own_engine_id not in datagram[end : end + _HEADER_OCTETS]


def _secured_question(datagram: bytes, own_engine_id: bytes) -> Question | None:
    secured = decode(datagram)
    if not isinstance(secured, Secured):
        return None
    if secured.engine_id == own_engine_id:
        return Question(datagram, secured=secured)
    if not secured.flags & v3.REPORTABLE:
        return None
    # With the id of another engine it may also be a trap whose sender sets the flag, and does not repeat.
    return Question(datagram, secured=secured, repeated=not secured.engine_id)
