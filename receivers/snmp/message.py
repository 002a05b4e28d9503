"""From a datagram to the notification in it, or to the header of a v3 message, which is opened elsewhere (`usm`). Pure, like all
that it calls: no sockets, no clock, no configuration; used by the receiver and by the pipeline alike."""

from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded, TrapResult
from receivers.snmp import ber, v3
from receivers.snmp.ber import BerError, content
from receivers.snmp.frame import VERSION_3, VERSIONS, version_in
from receivers.snmp.notification import notification_in


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


def _message(data: bytes) -> TrapResult:
    version, at, end = version_in(data)
    if version == VERSION_3:
        return v3.header(data, at, end)
    if version > 1:
        raise BerError(Reason.BAD_VERSION, f"version {version}")
    if data[at] != ber.OCTET_STRING:
        raise BerError(Reason.BAD_COMMUNITY, "the community is not an OCTET STRING")
    at, after = content(data, at + 1, end)
    return notification_in(data, after, end, frame=(VERSIONS[version], data[at:after]))
