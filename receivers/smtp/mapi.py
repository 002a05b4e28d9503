"""MAPI properties as TNEF stores them (MS-OXTNEF section 2.1.3.4): a bounded reader that gives views and copies nothing. What the
properties mean is `tnef`'s business."""

import struct
from collections.abc import Iterator
from typing import Final

STRING8: Final = 0x001E
UNICODE: Final = 0x001F
_OBJECT, _BINARY = 0x000D, 0x0102
_VARIABLE = frozenset({STRING8, UNICODE, _OBJECT, _BINARY})
_FIXED = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
"""Type → octets of a value (MS-OXCDATA section 2.11.1)."""
_MULTIPLE = 0x1000
_FIRST_NAMED = 0x8000
_MOST = 2_000
_PREFIX = struct.Struct("<HH")
_NUMBER = struct.Struct("<I")


def properties(octets: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """(id, type, value) of each property, of several values the first. Ends at whatever cannot be right."""
    try:
        (count,) = _NUMBER.unpack_from(octets, 0)
        at = 4
        for _ in range(min(count, _MOST)):
            kind, name = _PREFIX.unpack_from(octets, at)
            at = _behind_name(octets, at + 4) if name >= _FIRST_NAMED else at + 4
            value, at = _value(octets, at, kind)
            yield name, kind & ~_MULTIPLE, value
    except struct.error:
        return


def number(value: memoryview) -> int:
    """A 32-bit value; 0 when it is shorter."""
    return int(_NUMBER.unpack_from(value)[0]) if len(value) >= _NUMBER.size else 0


def _behind_name(octets: memoryview, at: int) -> int:
    """A named property has a GUID, and a number or a name in UTF-16."""
    (by_name,) = _NUMBER.unpack_from(octets, at + 16)
    (length,) = _NUMBER.unpack_from(octets, at + 20)
    return at + 24 + (_padded(length) if by_name else 0)


def _value(octets: memoryview, at: int, kind: int) -> tuple[memoryview, int]:
    """The first value and the index behind the last. Raise struct.error where there is none."""
    multiple, single = bool(kind & _MULTIPLE), kind & ~_MULTIPLE
    if single in _VARIABLE:
        return _variable(octets, at)
    size = _FIXED.get(single)
    if size is None:
        raise struct.error("a type that nobody knows")
    count = 1
    if multiple:
        (count,) = _NUMBER.unpack_from(octets, at)
        at += 4
    value = octets[at : at + size] if count else octets[:0]
    at += _padded(size * count)
    return value, _within(octets, at)


def _variable(octets: memoryview, at: int) -> tuple[memoryview, int]:
    """Values with a length each; their number stands before them also when there is only one."""
    (count,) = _NUMBER.unpack_from(octets, at)
    if count > _MOST:
        raise struct.error("more values than anybody has")
    at += 4
    first = octets[:0]
    for index in range(count):
        (length,) = _NUMBER.unpack_from(octets, at)
        if index == 0:
            first = octets[at + 4 : at + 4 + length]
        at = _within(octets, at + 4 + _padded(length))
    return first, at


def _within(octets: memoryview, at: int) -> int:
    """The last value may lack its padding."""
    if at > len(octets) + 3:
        raise struct.error("longer than what it stands in")
    return at


def _padded(length: int) -> int:
    return (length + 3) & ~3
