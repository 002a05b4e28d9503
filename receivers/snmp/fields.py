"""The fields of PDUs: elements of which the standards say what type they have and in which order they stand."""

from collector.domain.outcome import Reason
from receivers.snmp import ber
from receivers.snmp.ber import BerError, content

INTEGERS = frozenset(ber.MASKS)
OIDS = frozenset({ber.OBJECT_IDENTIFIER})
ADDRESSES = frozenset({ber.IP_ADDRESS, ber.OCTET_STRING})
OCTET_STRINGS = frozenset({ber.OCTET_STRING})
SEQUENCES = frozenset({ber.SEQUENCE})
NO_ERROR = b"\x02\x01\x00\x02\x01\x00"
"""error-status and error-index as nearly every sender writes them."""


def field(data: bytes, at: int, end: int, *, tags: frozenset[int]) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends. Raise BerError when its tag is none of `tags`, IndexError where
    the data end."""
    if data[at] not in tags:
        raise BerError(Reason.BAD_PDU, "a field is missing or of another type")
    stop = at + 2 + data[at + 1]
    if data[at + 1] < 0x80 and stop <= end:
        return at + 2, stop
    return content(data, at + 1, end)


def varbind_list(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The same for the last field of a PDU."""
    if data[at] != ber.SEQUENCE:
        raise BerError(Reason.BAD_PDU, "the varbind list is not a SEQUENCE")
    stop = at + 2 + data[at + 1]
    return (at + 2, stop) if data[at + 1] < 0x80 and stop <= end else content(data, at + 1, end)
