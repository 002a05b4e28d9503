"""From which address a visitor comes, also behind a reverse proxy. What is done with it is decided elsewhere."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from fastapi import Request

from api.tools import ApiTools


def peer_of(request: Request) -> str:
    """Who opened the connection: the visitor, or a proxy."""
    return request.client.host if request.client else ""


def address_of(request: Request, tools: ApiTools) -> str | None:
    return visitor_address(peer_of(request), request.headers.getlist("x-forwarded-for"), tools.trusted_proxies)


def visitor_address(peer: str, forwarded: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]) -> str | None:
    """The peer, or for a trusted proxy the rightmost address in its X-Forwarded-For that is not a trusted proxy; None when a
    proxy does not tell it. Each proxy adds its peer at the right: what stands further left may be the visitor's invention."""
    connected = _parsed(peer)
    if connected is None or not _is_among(connected, trusted):
        return peer or None
    for text in reversed(",".join(forwarded).split(",")):
        address = _parsed(text.strip(" \t"))
        if address is None:
            return None
        if not _is_among(address, trusted):
            return str(address)
    return None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """A zone behind an IPv6 address may be any text: such an address is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    return None if address.scope_id is not None else address.ipv4_mapped or address


def _is_among(address: IPv4Address | IPv6Address, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
