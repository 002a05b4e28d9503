"""`host:port` as a value. Parsing only: nothing is resolved and nothing is bound here."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Self

_LOCALHOST = "127.0.0.1"
_INTERFACE = re.compile(r"[A-Za-z0-9_.@+-]{1,15}")
"""Linux, IFNAMSIZ; what else it would allow in a name is left out."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """An address to listen on. `host` is an IP address in canonical form, a link-local one with its interface (`fe80::1%eth0`,
    RFC 4007 section 11); port 0 asks the kernel for a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`127.0.0.1:1162`, `[::1]:1162` or `localhost:1162`. Raise ValueError with the reason."""
        host, colon, port = text.rpartition(":")
        if not colon or not (port.isascii() and port.isdigit()):
            raise ValueError(f"must be host:port, such as 127.0.0.1:1162 or [::1]:1162, not {text!r}")
        if int(port) > 0xFFFF:
            raise ValueError(f"the port must be 0 to 65535, not {port}")
        return cls(_host(host), int(port))

    @property
    def family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.host else socket.AF_INET

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _host(text: str) -> str:
    if text == "localhost":
        return _LOCALHOST
    if not text:
        raise ValueError("the host is missing; to listen everywhere say 0.0.0.0 or [::]")
    bracketed = text.startswith("[") and text.endswith("]")
    try:
        address = ipaddress.ip_address(text[1:-1] if bracketed else text)
    except ValueError:
        raise ValueError(f"the host must be an IP address or localhost (names are not looked up), not {text!r}") from None
    if (address.version == 6) is not bracketed:
        raise ValueError(f"an IPv6 address, and only that, stands in brackets, such as [::1]:1162, not {text!r}")
    if isinstance(address, ipaddress.IPv6Address):
        _check_ipv6(address)
    return str(address)


def _check_ipv6(address: ipaddress.IPv6Address) -> None:
    if address.ipv4_mapped is not None:
        raise ValueError(f"an IPv4 address is written as such, {address.ipv4_mapped}, not in the form of IPv6")
    if address.is_link_local and not address.scope_id:
        raise ValueError(f"a link-local address needs its interface, such as [{address}%eth0]:1162")
    if address.scope_id and not _INTERFACE.fullmatch(address.scope_id):
        raise ValueError(f"not the name of an interface: {address.scope_id!r}")
    if address.scope_id and not address.is_link_local:
        raise ValueError(f"only a link-local address has an interface, not {address}")
