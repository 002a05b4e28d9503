"""What the API works with: made by the composition root, the same for every request. Nothing is opened or started here."""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from collector.actions import Actions
from collector.domain.clock import Clock
from collector.journal.interface import JournalReader
from collector.pipeline.inspection import Inspector
from collector.store.engine import Store


@dataclass(frozen=True, slots=True)
class ApiTools:
    """`language` is the installation's (`es` or `en`), `public_url` has no slash at its end.

    `readiness` says whether the whole can durably accept and the store is there, and in constant words what is missing.
    `role_addresses` maps every other role that should run to the `host:port` of its metrics listener, empty while unknown.
    `readiness` and `role_addresses` are called from worker threads.
    """

    store: Store
    actions: Actions
    inspector: Inspector
    reader: JournalReader
    clock: Clock
    language: str
    public_url: str
    readiness: Callable[[], tuple[bool, list[str]]]
    role_addresses: Callable[[], dict[str, str]]
    registry: CollectorRegistry
