"""What of a datagram people may see: all of it but communities, which stand in it in clear. The journal keeps it untouched."""

import re
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
_Span: TypeAlias = tuple[int, int]


def shown_octets(datagram: bytes, communities: Iterable[bytes] = ()) -> bytes:
    """The datagram with an asterisk for every octet of a community; as long as it was, so that what errors say of places holds.
    `communities`: known ones, for a datagram that cannot be decoded, where one may stand at any place. Never raises."""
    spans = list(_spans(datagram))
    for community in communities:
        if len(community) >= _SHORTEST_KNOWN:
            spans += [(found.start(), found.end()) for found in re.finditer(re.escape(community), datagram)]
    if not spans:
        return datagram
    shown = bytearray(datagram)
    for start, end in spans:
        shown[start:end] = _MARK * (end - start)
    return bytes(shown)


def hide_communities(varbinds: list[Varbind], octets: bytes) -> list[Varbind]:
    """The variables with `***` for a community; `octets` are what they were decoded from, and looking there first costs nearly
    nothing."""
    return [_hidden(varbind) for varbind in varbinds] if _NAME in octets else varbinds


def _hidden(varbind: Varbind) -> Varbind:
    name, _, _ = varbind
    if name == SNMP_TRAP_COMMUNITY or name.startswith(f"{SNMP_TRAP_COMMUNITY}."):
        return (name, _OCTET_STRING, HIDDEN)
    return varbind


def _spans(datagram: bytes) -> Iterator[_Span]:
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


def _content(datagram: bytes, tag: int) -> _Span:
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
