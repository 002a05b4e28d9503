"""The frame of a message: its version, its community, and whether it holds an inform. The receiver looks no further before a
datagram is stored, so nothing here costs more with a longer one."""

from enum import Enum
from typing import NamedTuple, TypeAlias

from collector.domain.outcome import Reason
from collector.domain.trap import SnmpVersion
from receivers.snmp import ber
from receivers.snmp.ber import BerError, content
from receivers.snmp.pdu_types import INFORM

MAX_MESSAGE_OCTETS = 65_507
"""The largest UDP payload over IPv4."""
VERSIONS = (SnmpVersion.V1, SnmpVersion.V2C)
"""Those with a community, by their number on the wire."""
VERSION_3 = 3

Frame: TypeAlias = tuple[SnmpVersion, bytes]
"""Version and community."""


def version_in(data: bytes) -> tuple[int, int, int]:
    """(version, where the version's element ends, where the message ends). Raise BerError or IndexError."""
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
        version, at, end = version_in(datagram)
        if version == VERSION_3:
            return _V3
        if version > 1 or datagram[at] != ber.OCTET_STRING:
            return _OTHER
        at = content(datagram, at + 1, end)[1]
        return Peek(Shape.INFORM, at) if at < end and datagram[at] == INFORM else _OTHER
    except (BerError, IndexError):
        return _OTHER


def frame_of(datagram: bytes, pdu: int) -> Frame:
    """That of a datagram in which `peek` found an inform at `pdu`."""
    version, at, end = version_in(datagram)
    return VERSIONS[version], datagram[content(datagram, at + 1, end)[0] : pdu]
