"""Which of many networks an address lies in: asked of every sender that shows up, so it must not cost more with more networks."""

import socket
from collections.abc import Hashable, Iterable
from ipaddress import IPv4Network, IPv6Network
from typing import Generic, TypeVar

_T = TypeVar("_T", bound=Hashable)
_BITS = {socket.AF_INET: 32, socket.AF_INET6: 128}
_MAPPED = 0xFFFF
"""What stands before the IPv4 address in one that is mapped to IPv6 (RFC 4291 section 2.5.5.2)."""


class NetworkMap(Generic[_T]):
    """Things by the networks that they belong to. One look per different length of a prefix."""

    def __init__(self, entries: Iterable[tuple[IPv4Network | IPv6Network, _T]]) -> None:
        self._by_length: dict[int, dict[int, dict[int, dict[_T, None]]]] = {socket.AF_INET: {}, socket.AF_INET6: {}}
        for network, thing in entries:
            family = socket.AF_INET if network.version == 4 else socket.AF_INET6
            shift = _BITS[family] - network.prefixlen
            place = self._by_length[family].setdefault(shift, {}).setdefault(int(network.network_address) >> shift, {})
            place[thing] = None

    def of(self, address: str) -> list[_T]:
        """What belongs to the networks around `address`, each thing once; nothing when that is no IP address. An interface after
        a `%` does not count (RFC 4007 section 11)."""
        family, number = _number(address)
        found: dict[_T, None] = {}
        for shift, networks in self._by_length[family].items():
            things = networks.get(number >> shift)
            if things:
                found = {**found, **things} if found else things
        return list(found)


def _number(address: str) -> tuple[int, int]:
    """(family, the address as a number, -1 when it is none)"""
    try:
        if ":" not in address:
            return socket.AF_INET, int.from_bytes(socket.inet_pton(socket.AF_INET, address))
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6, address.partition("%")[0]))
    except (OSError, ValueError):
        return socket.AF_INET, -1
    if number >> 32 == _MAPPED:
        return socket.AF_INET, number & 0xFFFFFFFF
    return socket.AF_INET6, number
