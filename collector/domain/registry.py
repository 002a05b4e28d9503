"""Customers and their sources, as the pipeline and the receivers need them."""

from dataclasses import dataclass

from collector.domain.ids import CustomerId, SourceId
from collector.domain.snmp_access import SnmpAccess


@dataclass(frozen=True, slots=True)
class Customer:
    id: CustomerId
    code: str
    name: str
    language: str = "es"


PEOPLE = "people"
"""The one product of a support mailbox."""


@dataclass(frozen=True, slots=True)
class Source:
    """A console: one that notifies us, by traps, by mails, or both. `products` is a hint for ties, not a filter; PEOPLE
    says that it is no console but a mailbox to which people write."""

    id: SourceId
    customer: Customer
    name: str
    products: tuple[str, ...]
    mailbox: str | None = None
    snmp: SnmpAccess | None = None

    @property
    def is_support_mailbox(self) -> bool:
        return PEOPLE in self.products


def mailbox_of(recipient: str) -> str:
    """`Acme-SEPM+anything@host` and `"acme-sepm"@host` → `acme-sepm`; the part after `+` is the console's own business."""
    local = recipient.rpartition("@")[0]
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = local[1:-1]
    return local.partition("+")[0].casefold()


SELF_CODE = "SELF"
"""The built-in customer that owns the cases which the collector raises about itself."""
