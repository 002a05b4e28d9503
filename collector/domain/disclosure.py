"""What of a datagram people may see: all of it but communities, which stand in it in clear. The journal keeps it untouched."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from collector.domain.trap import Varbind

SNMP_TRAP_COMMUNITY = "1.3.6.1.6.3.18.1.4"
"""SNMP-COMMUNITY-MIB (RFC 3584 section 3.1): proxies write the community that they got into a variable of that name."""
HIDDEN = b"***"
_MARK = b"*"
_SEQUENCE, _INTEGER, _OCTET_STRING = 0x30, 0x02, 0x04
_SHORTEST_KNOWN = 4
"""Octets of a community that is looked for wherever it may stand; shorter ones would be found in everything."""
_HEADER = re.compile(rb"\x02(?:\x01|\x02\x00|\x03\x00\x00|\x04\x00\x00\x00)[\x00\x01]\x04")
"""Version of v1 and v2c, then the tag of the community: where a message begins, also behind or inside another one."""
_NAME = b"\x2b\x06\x01\x06\x03\x12\x01\x04"
"""`SNMP_TRAP_COMMUNITY` as it is encoded."""
_VARIABLE = re.compile(rb"\x06\x81?([\x08-\x7f])" + re.escape(_NAME))
"""A name that begins so, with its length."""
Span: TypeAlias = tuple[int, int]


class KnownCommunities:
    """Finds communities that are known wherever they stand in what cannot be decoded, with the work of a few comparisons for each
    octet, however many are known."""

    def __init__(self, communities: Iterable[bytes] = ()) -> None:
        self._sorted = sorted({community for community in communities if len(community) >= _SHORTEST_KNOWN})
        self._beginnings = {community[:_SHORTEST_KNOWN] for community in self._sorted}
        self._longest = max(map(len, self._sorted), default=0)
        self._beginning_of: dict[bytes, bytes] = {}
        """Of those that begin with another one, the longest that they begin with."""
        within: list[bytes] = []
        for community in self._sorted:
            while within and not community.startswith(within[-1]):
                within.pop()
            if within:
                self._beginning_of[community] = within[-1]
            within.append(community)

    def spans(self, datagram: bytes) -> Iterator[Span]:
        """Where they stand, in order, at each place the longest."""
        for place in range(len(datagram) - _SHORTEST_KNOWN + 1 if self._sorted else 0):
            if datagram[place : place + _SHORTEST_KNOWN] in self._beginnings:
                found = self._beginning_with(datagram[place : place + self._longest])
                if found:
                    yield place, place + len(found)

    def _beginning_with(self, octets: bytes) -> bytes:
        """The longest one that the octets begin with, empty when there is none: what sorts next before them, or what that begins
        with."""
        after = bisect_right(self._sorted, octets)
        found = self._sorted[after - 1] if after else b""
        while not octets.startswith(found):
            found = self._beginning_of.get(found, b"")
        return found


_NONE_KNOWN = KnownCommunities()


def shown_octets(datagram: bytes, communities: KnownCommunities = _NONE_KNOWN) -> bytes:
    """The datagram with an asterisk for every octet of a community; as long as it was, so that what errors say of places holds.
    `communities`: those that are looked for in a datagram that cannot be decoded. Never raises."""
    spans = [*_spans(datagram), *communities.spans(datagram)]
    if not spans:
        return datagram
    shown = bytearray(datagram)
    for start, end in disjoint(spans):
        shown[start:end] = _MARK * (end - start)
    return bytes(shown)


def disjoint(spans: Iterable[Span]) -> Iterator[Span]:
    """The same octets, none of them twice: a sender can have ten thousand communities begin that all reach to the end."""
    reached = 0
    for start, end in sorted(spans):
        if end > reached:
            yield max(start, reached), end
            reached = end


def hide_communities(varbinds: list[Varbind], octets: bytes) -> list[Varbind]:
    """The variables with `***` for a community; `octets` are what they were decoded from, and looking there first costs nearly
    nothing."""
    return [_hidden(varbind) for varbind in varbinds] if _NAME in octets else varbinds


def _hidden(varbind: Varbind) -> Varbind:
    name, _, _ = varbind
    if name == SNMP_TRAP_COMMUNITY or name.startswith(f"{SNMP_TRAP_COMMUNITY}."):
        return (name, _OCTET_STRING, HIDDEN)
    return varbind


def _spans(datagram: bytes) -> Iterator[Span]:
    """Where communities stand; none in a message of v3."""
    if (tag := _after_version(datagram)) is not None and datagram[tag] != _SEQUENCE:
        yield _content(datagram, tag)
    yield from (_content(datagram, found.end() - 1) for found in _HEADER.finditer(datagram))
    yield from (_content(datagram, found.end(1) + found[1][0]) for found in _VARIABLE.finditer(datagram))


def _after_version(datagram: bytes) -> int | None:
    """Where the element after the version begins, whatever lengths say of what lies around it."""
    if len(datagram) < 2 or datagram[0] != _SEQUENCE:
        return None
    first = datagram[1]
    at = 2 + (first & 0x7F if first > 0x80 else 0)
    if at >= len(datagram) or datagram[at] != _INTEGER:
        return None
    after = _content(datagram, at)[1]
    return after if after < len(datagram) else None


def _content(datagram: bytes, tag: int) -> Span:
    """Of the element whose tag stands there; to the end of the datagram where its length is a lie or cut off."""
    size = len(datagram)
    if tag + 1 >= size:
        return size, size
    first, start = datagram[tag + 1], tag + 2
    if first < 0x80:
        return min(start, size), min(start + first, size)
    if first == 0x80:
        return min(start, size), size
    octets = first & 0x7F
    length = int.from_bytes(datagram[start : start + octets], "big")
    return min(start + octets, size), min(start + octets + length, size)
