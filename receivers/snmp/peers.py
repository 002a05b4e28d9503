"""Who sent a datagram: the peer as the socket module gives it, and the address under which everybody knows it."""

import socket
from functools import lru_cache
from typing import TypeAlias

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
"""Host and port, for IPv6 also flow and scope."""
_MAPPED_IPV4 = "::ffff:"


def peer_of(address: Address) -> str:
    """The sender's address as everybody names it: IPv4 as such also when it came to a socket for both families (RFC 4291 section
    2.5.5.2), a link-local one with its interface (RFC 4007 section 11), as there may be the same one on every link."""
    host = address[0]
    if len(address) == 2:
        return host
    if host.startswith(_MAPPED_IPV4) and "." in host:
        return host.removeprefix(_MAPPED_IPV4)
    return f"{host}%{_interface(address[3])}" if address[3] else host


@lru_cache(maxsize=64)
def _interface(number: int) -> str:
    """Its name, or its number when it has gone meanwhile."""
    try:
        return socket.if_indextoname(number)
    except OSError:
        return str(number)
