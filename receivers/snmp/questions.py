"""Finds, among all that arrives, what may want an answer: informs, and v3 messages that are for our engine or look for it. Pure;
whether there is an answer is decided in `informs`."""

from typing import NamedTuple

from collector.domain.message_flags import FLAGS, REPORTABLE
from collector.domain.trap import Secured
from receivers.snmp.frame import Shape, peek
from receivers.snmp.message import decode
from receivers.snmp.pdu_types import INFORM

_V3_MARK = b"\x02\x01\x03\x30"
"""The version of a v3 message and the tag of its global data, as every sender writes them."""
_V3_MARK_WITHIN = 12
_NOT_REPORTABLE = tuple(b"\x04\x01%c\x02\x01\x03" % flags for flags in FLAGS.values())
"""How the global data of a trap end: flags of each level without the reportable one, and USM."""
_NOT_REPORTABLE_OCTETS = 6
_HEADER_OCTETS = 64
"""Behind the global data, an engine id has ended after so many at most."""


class Question(NamedTuple):
    """A datagram that may want an answer. `pdu`: where the PDU of an inform of v1 or v2c stands; `secured`: the header of a v3
    message. `repeated`: who sent it sends it again when no answer comes."""

    datagram: bytes
    pdu: int = 0
    secured: Secured | None = None
    repeated: bool = True


def question_in(datagram: bytes, own_engine_id: bytes) -> Question | None:
    """None for what is never answered, which is nearly everything, and is found out in well under a microsecond. Never raises."""
    if _V3_MARK in datagram[:_V3_MARK_WITHIN]:
        return None if _is_trap(datagram, own_engine_id) else _secured_question(datagram, own_engine_id)
    if INFORM in datagram:  # one octet, and most traps have it nowhere
        shape, pdu = peek(datagram)
        if shape is Shape.INFORM:
            return Question(datagram, pdu)
    return None


def _is_trap(datagram: bytes, own_engine_id: bytes) -> bool:
    """Whether a v3 message is neither reportable nor for our engine, when its global data are written as every sender writes
    them; False when only a closer look can tell."""
    at = datagram.find(_V3_MARK) + len(_V3_MARK)
    if at >= len(datagram):
        return False
    end = at + 1 + datagram[at]
    if not datagram.startswith(_NOT_REPORTABLE, end - _NOT_REPORTABLE_OCTETS):
        return False
    return datagram.find(own_engine_id, end, end + _HEADER_OCTETS) < 0


def _secured_question(datagram: bytes, own_engine_id: bytes) -> Question | None:
    secured = decode(datagram)
    if not isinstance(secured, Secured):
        return None
    if secured.engine_id == own_engine_id:
        return Question(datagram, secured=secured)
    if not secured.flags & REPORTABLE:
        return None
    # With the id of another engine it may also be a trap whose sender sets the flag, and does not repeat.
    return Question(datagram, secured=secured, repeated=not secured.engine_id)
