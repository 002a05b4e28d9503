"""Reading BER (X.690) as SNMP uses it (RFC 3417 section 8): headers, integers, OIDs, varbind lists. Tolerant where devices are
sloppy, strict where octets contradict each other. Nothing here knows messages or PDUs."""

from collector.domain.errors import Rejected
from collector.domain.outcome import Reason
from collector.domain.trap import Varbind, VarbindValue

INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
IP_ADDRESS = 0x40
COUNTER32 = 0x41
GAUGE32 = 0x42
TIME_TICKS = 0x43
COUNTER64 = 0x46
UINTEGER32 = 0x47
NO_SUCH_OBJECT = 0x80
NO_SUCH_INSTANCE = 0x81
END_OF_MIB_VIEW = 0x82

MASK_32 = 0xFFFFFFFF
MASKS = {
    INTEGER: -1,
    COUNTER32: MASK_32,
    GAUGE32: MASK_32,
    TIME_TICKS: MASK_32,
    UINTEGER32: MASK_32,
    COUNTER64: 0xFFFFFFFFFFFFFFFF,
}
"""The types that are numbers (RFC 2578 section 7.1), and the part of one that counts: unsigned types are taken modulo their
width."""

MAX_VARBINDS = 256
"""How many varbinds of one message are decoded; the rest is only counted."""
MAX_ARCS = 128
"""RFC 2578 section 3.5: at most 128 sub-identifiers of at most 2^32-1 each."""
MAX_OID_OCTETS = MAX_ARCS * 5

_OID_CACHE_ENTRIES = 32_768
_OID_CACHE_OCTETS = 64
_oid_texts: dict[bytes, str] = {}
"""Texts of OIDs already seen: the same few hundred come all day. Bounded in entries and in the size of one: 10 MB at worst."""


class BerError(Rejected):
    """The octets are not the BER of an SNMP message; `reason` says in what way. Never leaves `receivers.snmp`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def content(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of the element begins and ends whose length octets stand at `at`, inside a container that ends at `end`.

    Short and long form, minimal or not (X.690 section 8.1.3). Raise BerError on the indefinite form, which RFC 3417 section 8
    forbids, and on a content that reaches beyond the container; IndexError where the data end inside the length.
    """
    size = data[at]
    at += 1
    if size >= 0x80:
        octets = size & 0x7F
        if octets == 0:
            raise BerError(Reason.INDEFINITE_LENGTH, "indefinite length")
        if octets == 0x7F:
            raise BerError(Reason.BAD_LENGTH, "reserved length form")
        size = int.from_bytes(data[at : at + octets], "big")
        at += octets
    stop = at + size
    if stop > end:
        raise BerError(Reason.BAD_LENGTH, "an element reaches beyond its container")
    return at, stop


def signed(raw: bytes) -> int | None:
    """A signed integer from its content octets, padded or not; no octets at all are 0. None when 64 bits do not hold it."""
    if len(raw) <= 8:
        return int.from_bytes(raw, "big", signed=True)
    padding = b"\xff" if raw[0] & 0x80 else b"\x00"
    stripped = raw.lstrip(padding)
    # One octet of padding goes back in front, so that the sign survives; 2^63 to 2^64-1 are taken as well.
    return int.from_bytes(padding + stripped, "big", signed=True) if len(stripped) <= 8 else None


def unsigned(raw: bytes, mask: int) -> int:
    """An unsigned integer modulo `mask` + 1: senders write them negative, too wide, or without the leading zero octet."""
    return int.from_bytes(raw if len(raw) <= 8 else raw[-8:], "big", signed=True) & mask


def oid_text(raw: bytes) -> str:
    """The dotted form of an OID's content octets. No octets are read as 0.0, as net-snmp does.

    Raise BerError when an arc is over 2^32-1 or padded, the last one is unfinished, or there are more than 128.
    """
    text = _oid_texts.get(raw)
    if text is None:
        text = _dotted(raw)
        if len(raw) <= _OID_CACHE_OCTETS:
            if len(_oid_texts) >= _OID_CACHE_ENTRIES:
                _oid_texts.clear()
            _oid_texts[raw] = text
    return text


def _dotted(raw: bytes) -> str:
    if not raw:
        return "0.0"
    if len(raw) > MAX_OID_OCTETS:
        raise BerError(Reason.BAD_OID, "more than 128 arcs")
    if raw[-1] & 0x80:
        raise BerError(Reason.BAD_OID, "the last arc is unfinished")
    first, *rest = _subidentifiers(raw)
    # X.690 section 8.19.4: the first two arcs share one sub-identifier.
    root = min(first // 40, 2)
    arcs = [root, first - 40 * root, *rest]
    if len(arcs) > MAX_ARCS:
        raise BerError(Reason.BAD_OID, "more than 128 arcs")
    if max(arcs) > MASK_32:
        raise BerError(Reason.BAD_OID, "an arc is over 2^32-1")
    return ".".join(map(str, arcs))


def _subidentifiers(raw: bytes) -> list[int]:
    if raw.isascii():
        return list(raw)
    found: list[int] = []
    arc = 0
    for octet in raw:
        if octet == 0x80 and arc == 0:
            raise BerError(Reason.BAD_OID, "a padded arc")
        arc = (arc << 7) | (octet & 0x7F)
        if octet < 0x80:
            found.append(arc)
            arc = 0
    return found


def value_of(tag: int, raw: bytes) -> VarbindValue:
    """A varbind's value by what arrived: numbers, OIDs, addresses and nulls are converted, everything else stays octets.

    Octets that do not make sense for their tag (an address of five octets, an integer of twenty, a broken OID) stay octets too: a
    value of the wrong type is no reason to lose a notification.
    """
    if tag == OBJECT_IDENTIFIER:
        try:
            return oid_text(raw)
        except BerError:
            return raw
    if tag == IP_ADDRESS:
        return address_text(raw) or raw
    if tag == INTEGER:
        whole = signed(raw)
        return raw if whole is None else whole
    if tag in MASKS:
        return unsigned(raw, MASKS[tag])
    return None if tag in _NOTHING else raw


_NOTHING = frozenset({NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW})


def address_text(raw: bytes) -> str:
    """An IPv4 address in dotted form, empty when there are not four octets."""
    return ".".join(map(str, raw)) if len(raw) == 4 else ""


def varbinds(data: bytes, at: int, end: int) -> tuple[list[Varbind], int]:
    """The varbinds between `at` and `end` (RFC 3416 section 3), at most 256 of them, and how many more there are.

    The hottest loop of the program: short lengths and the two commonest types are read in line. Reading a header beyond its
    container is harmless: every element takes at least two octets and its end is compared. Zero octets after the last varbind are
    left alone. Raise BerError or IndexError.
    """
    found: list[Varbind] = []
    known, masks, whole = _oid_texts.get, MASKS, int.from_bytes
    for _ in range(MAX_VARBINDS):
        if at >= end:
            return found, 0
        if data[at] != SEQUENCE:
            return found, _none_left(data, at, end)
        size = data[at + 1]
        at += 2
        stop = at + size
        if size >= 0x80 or stop > end:
            at, stop = content(data, at - 1, end)
        if data[at] != OBJECT_IDENTIFIER:
            raise BerError(Reason.BAD_VARBIND, "a varbind's name is not an OID")
        size = data[at + 1]
        at += 2
        after = at + size
        if size >= 0x80 or after > stop:
            at, after = content(data, at - 1, stop)
        raw = data[at:after]
        name = known(raw) or oid_text(raw)
        tag = data[after]
        size = data[after + 1]
        at = after + 2
        after = at + size
        if size >= 0x80 or after > stop:
            at, after = content(data, at - 1, stop)
        raw = data[at:after]
        if tag == OCTET_STRING:
            found.append((name, tag, raw))
        elif size <= 8 and tag in masks:
            found.append((name, tag, whole(raw, "big", signed=True) & masks[tag]))
        else:
            found.append((name, tag, value_of(tag, raw)))
        at = stop
    return found, _count(data, at, end)


def _count(data: bytes, at: int, end: int) -> int:
    """How many varbinds stand between `at` and `end`; only their outer headers are looked at."""
    count = 0
    while at < end:
        if data[at] != SEQUENCE:
            return count + _none_left(data, at, end)
        at = content(data, at + 1, end)[1]
        count += 1
    return count


def _none_left(data: bytes, at: int, end: int) -> int:
    """0 when only zero octets are left: agents fill up a list that they made too long. Raise BerError when there is more."""
    if any(data[at:end]):
        raise BerError(Reason.BAD_VARBIND, "a varbind is not a SEQUENCE")
    return 0
