"""Customers and their sources, as the pipeline and the receivers need them."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from collector.domain.ids import CustomerId, SourceId
from collector.domain.trap import SnmpVersion

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class SnmpIdentity:
    """How a console's traps are known. `versions`: what it may speak (`version: v2c` admits v1 and v2c, `v1` only v1)."""

    versions: frozenset[SnmpVersion]
    community: bytes = field(repr=False)
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Customer:
    id: CustomerId
    code: str
    name: str
    language: str = "es"


@dataclass(frozen=True, slots=True)
class Source:
    """A console: one that notifies us, by traps, by mails, or both. `products` is a hint for ties, not a filter."""

    id: SourceId
    customer: Customer
    name: str
    products: tuple[str, ...]
    mailbox: str | None = None
    snmp: SnmpIdentity | None = None


def mailbox_of(recipient: str) -> str:
    """`Acme-SEPM+anything@host` and `"acme-sepm"@host` → `acme-sepm`; the part after `+` is the console's own business."""
    local = recipient.rpartition("@")[0]
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = local[1:-1]
    return local.partition("+")[0].casefold()


SELF_CODE = "SELF"
"""The built-in customer that owns the cases which the collector raises about itself."""
