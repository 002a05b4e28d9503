"""What the API works with: made by the composition root, the same for every request. Nothing is opened or started here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from prometheus_client import CollectorRegistry

from api.bell import Bell
from collector.actions import Actions
from collector.domain.clock import Clock
from collector.domain.clocks import Promise
from collector.domain.terms import Terms
from collector.handoff.counters import HandoffCounters
from collector.handoff.inbound import Inbound
from collector.journal.interface import JournalReader
from collector.names.book import Names
from collector.names.catalogue import catalogue_book
from collector.pipeline.approval import Approval
from collector.pipeline.inspection import Inspector
from collector.store.engine import Store


@dataclass(frozen=True, slots=True)
class ApiTools:
    """`terms`: how the service speaks and what it promised. `bell` rings when something changed.

    `readiness` says whether the whole can durably accept and the store is there, and in constant words what is missing.
    `role_addresses` maps every other role that should run to the `host:port` of its metrics listener, empty while unknown.
    `readiness` and `role_addresses` are called from worker threads. `trusted_proxies`: whose word on the visitor's
    address is believed. `names` gives the present names of OIDs.
    """

    store: Store
    actions: Actions
    inbound: Inbound
    inspector: Inspector
    approval: Approval
    reader: JournalReader
    clock: Clock
    terms: Terms
    bell: Bell
    readiness: Callable[[], tuple[bool, list[str]]]
    role_addresses: Callable[[], dict[str, str]]
    registry: CollectorRegistry
    handoff: HandoffCounters = field(default_factory=HandoffCounters)
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    names: Names = catalogue_book

    @property
    def language(self) -> str:
        """The installation's, `es` or `en`."""
        return self.terms.language

    @property
    def public_url(self) -> str:
        """Where people reach the collector, without a slash at its end."""
        return self.terms.public_url

    @property
    def promise(self) -> Promise:
        """The calendar and the targets that deadlines are counted with."""
        return self.terms.promise
