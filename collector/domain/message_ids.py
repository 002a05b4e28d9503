"""Which message ids were used: a set of numbers as ranges. An honest sender counts up by one, so that a thousand messages are one
range."""

import sys
from array import array
from bisect import bisect_right
from typing import Self

_TYPE = "I"
"""Unsigned, four octets on every machine that Python runs on."""


class MessageIds:
    """Numbers of 0 to 2^32-1. Ranges never touch each other, so equal sets have one form."""

    __slots__ = ("_ends",)

    def __init__(self, ends: "array[int] | None" = None) -> None:
        self._ends = array(_TYPE) if ends is None else ends
        """First and last of every range, in order: first <= last < next first - 1."""

    def add(self, number: int) -> bool:
        """Whether it is new. Raise OverflowError when it is no number of 32 bits."""
        ends = self._ends
        if ends and number == ends[-1] + 1:
            ends[-1] = number  # the usual case
            return True
        at = bisect_right(ends, number)
        if at & 1 or (at and ends[at - 1] == number):
            return False
        touches_before = at > 0 and ends[at - 1] == number - 1
        touches_after = at < len(ends) and ends[at] == number + 1
        if touches_before and touches_after:
            del ends[at - 1 : at + 1]
        elif touches_before:
            ends[at - 1] = number
        elif touches_after:
            ends[at] = number
        else:
            ends[at:at] = array(_TYPE, (number, number))
        return True

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._ends, number)
        return bool(at & 1) or (at > 0 and self._ends[at - 1] == number)

    def __eq__(self, other: object) -> bool:
        return self._ends == other._ends if isinstance(other, MessageIds) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        ends = self._ends
        return f"MessageIds({', '.join(f'{ends[at]}-{ends[at + 1]}' for at in range(0, len(ends), 2))})"

    @property
    def ranges(self) -> int:
        """How many there are: what it costs to keep them."""
        return len(self._ends) // 2

    def copy(self) -> Self:
        return type(self)(self._ends[:])

    def encode(self) -> bytes:
        """First and last of every range as unsigned numbers of four octets, big-endian."""
        return _big_endian(self._ends[:]).tobytes()

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """What `encode` wrote. Raise ValueError when it cannot have been that."""
        ends = array(_TYPE)
        ends.frombytes(octets)
        _big_endian(ends)
        pairs = zip(ends[::2], ends[1::2], strict=True)
        before = -2
        for first, last in pairs:
            if not before + 1 < first <= last:
                raise ValueError("ranges of message ids are not in order")
            before = last
        return cls(ends)


def _big_endian(ends: "array[int]") -> "array[int]":
    """To that order of octets or back, in place."""
    if sys.byteorder == "little":
        ends.byteswap()
    return ends
