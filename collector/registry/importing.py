"""Bringing the store to what a customers file says: a readable difference first, then all of it or nothing."""

from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from collector.domain.errors import FileErrors, Located
from collector.domain.registry import Customer
from collector.registry.clashes import MOST_TOLD, Claim, clashes
from collector.registry.difference import source_difference
from collector.registry.file import CustomerEntry
from collector.registry.weaknesses import Owned
from collector.secrets import SecretBox
from collector.store.engine import Connection, Store, Turn
from collector.store.registry import (
    SourceRecord,
    load_customer_records,
    load_source_records,
    raise_registry_version,
    release_mailboxes,
    save_customer,
    save_sources,
)

_Stored: TypeAlias = dict[str, dict[str, SourceRecord]]
"""Customer's code → source's name → source."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`lines` tell the difference, `+` new, `~` changed; empty when the store says the same already. `kept` are the sources that
    the file does not name."""

    lines: tuple[str, ...]
    kept: tuple[Owned, ...] = ()


def import_customers(
    store: Store, customers: tuple[CustomerEntry, ...], *, file: str, dry_run: bool, turn: Turn, box: SecretBox
) -> ImportResult:
    """Import or only say what an import would change. What the file does not name stays as it is.

    Raise FileErrors when a source of the file and one that is only in the store could both be meant.
    """
    with store.read() if dry_run else store.write(turn) as connection:
        present = load_customer_records(connection)
        stored = {code: load_source_records(connection, record.id, box) for code, record in present.items()}
        kept = _kept(stored, customers)
        _check_against(kept, customers, file)
        lines = _difference(present, stored, customers)
        if lines and not dry_run:
            _save(connection, customers, box)
    return ImportResult(tuple(lines), tuple((owner, record.snmp) for owner, record in kept.items() if record.snmp is not None))


def _kept(stored: _Stored, customers: tuple[CustomerEntry, ...]) -> dict[str, SourceRecord]:
    """What the file does not touch, by CUSTOMER/name."""
    named = {(customer.code, source.record.name) for customer in customers for source in customer.sources}
    return {
        f"{code}/{name}": record
        for code, sources in stored.items()
        for name, record in sources.items()
        if (code, name) not in named
    }


def _difference(present: dict[str, Customer], stored: _Stored, customers: tuple[CustomerEntry, ...]) -> list[str]:
    lines: list[str] = []
    for customer in customers:
        before = present.get(customer.code)
        if before is None:
            lines.append(f"+ customer {customer.code}: {customer.name}")
        elif (before.name, before.language) != (customer.name, customer.language):
            lines.append(f"~ customer {customer.code}: {before.name} ({before.language}) → {customer.name} ({customer.language})")
        for source in customer.sources:
            lines += source_difference(customer.code, stored.get(customer.code, {}).get(source.record.name), source.record)
    return lines


def _check_against(kept: dict[str, SourceRecord], customers: tuple[CustomerEntry, ...], file: str) -> None:
    """Sources that the file does not touch stay, so the file's must not clash with them."""
    staying = [Claim(f"{owner} (in the store)", record, 0) for owner, record in kept.items()]
    coming = [Claim(f"{c.code}/{s.record.name}", s.record, s.line) for c in customers for s in c.sources]
    told = islice(((line, message) for line, message in clashes([*staying, *coming]) if line), MOST_TOLD)
    errors = [Located(file, line, message) for line, message in told]
    if errors:
        raise FileErrors(errors)


def _save(connection: Connection, customers: tuple[CustomerEntry, ...], box: SecretBox) -> None:
    release_mailboxes(connection, [s.record.mailbox for c in customers for s in c.sources if s.record.mailbox])
    for customer in customers:
        customer_id = save_customer(connection, code=customer.code, name=customer.name, language=customer.language)
        save_sources(connection, customer_id, [source.record for source in customer.sources], box)
    raise_registry_version(connection)
