"""The Reports of our engine (RFC 3414 sections 3.2 and 4): where it is, and what time it has. Whether one is sent is decided
elsewhere."""

from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import Secured
from receivers.snmp import ber
from receivers.snmp.ber import BerError, content
from receivers.snmp.pdu_types import CONFIRMED
from receivers.snmp.usm import LocalKeys
from receivers.snmp.v3 import scoped_parts
from receivers.snmp.v3_building import Envelope, UsmStatistic, build, report, scoped_pdu

_LONGEST_REQUEST_ID = 5


def may_be_confirmed(datagram: bytes, secured: Secured) -> bool:
    """Whether the PDU may be one that waits for an answer: it is, or nobody can see it (RFC 3412 section 7.1 step 3). Reports and
    Responses do not, so two collectors never talk to each other."""
    return secured.encrypted or _tag(datagram, secured) in CONFIRMED


def _tag(datagram: bytes, secured: Secured) -> int | None:
    try:
        return datagram[scoped_parts(datagram, *secured.body)[1]]
    except (BerError, IndexError):
        return None


def told(
    statistic: UsmStatistic,
    counter: int,
    engine: OwnEngine,
    *,
    datagram: bytes,
    secured: Secured,
    keys: LocalKeys | None,
    now_ns: int,
) -> bytes:
    """The Report to the message that `secured` is the header of: our id, boots and time at `now_ns`, and the statistic with its
    value. With the user's `keys` it is signed, so that its time is believed (RFC 3414 section 3.2 step 7b); without, it is in the
    open."""
    pdu = report(statistic, counter, request_id=_request_id(datagram, secured))
    level = SecurityLevel.AUTH_NO_PRIV if keys is not None else SecurityLevel.NO_AUTH_NO_PRIV
    envelope = Envelope(engine.id, engine.boots, engine.time(now_ns), secured.user, secured.message_id, level)
    return build(envelope, scoped_pdu(engine.id, pdu), keys)


def _request_id(datagram: bytes, secured: Secured) -> int:
    """That of the refused PDU, 0 where it cannot be read."""
    if secured.encrypted:
        return 0
    try:
        _, pdu, end = scoped_parts(datagram, *secured.body)
        at, end = content(datagram, pdu + 1, end)
        start, stop = content(datagram, at + 1, end)
    except (BerError, IndexError):
        return 0
    if datagram[at] != ber.INTEGER or stop - start > _LONGEST_REQUEST_ID:
        return 0
    return int.from_bytes(datagram[start:stop], "big", signed=True)
