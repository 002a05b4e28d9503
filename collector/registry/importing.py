"""Bringing the store to what a customers file says: a readable difference first, then all of it or nothing."""

from dataclasses import dataclass
from itertools import islice

from collector.domain.errors import FileErrors, Located
from collector.registry.clashes import MOST_TOLD, Claim, clashes
from collector.registry.difference import source_difference
from collector.registry.file import CustomerEntry
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


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`lines` tell the difference, `+` new, `~` changed; empty when the store says the same already."""

    lines: tuple[str, ...]


def import_customers(
    store: Store, customers: tuple[CustomerEntry, ...], *, file: str, dry_run: bool, turn: Turn, box: SecretBox
) -> ImportResult:
    """Import or only say what an import would change. What the file does not name stays as it is.

    Raise FileErrors when a source of the file and one that is only in the store could both be meant.
    """
    if dry_run:
        with store.read() as connection:
            return ImportResult(tuple(_difference(connection, customers, file, box)))
    with store.write(turn) as connection:
        lines = _difference(connection, customers, file, box)
        if lines:
            _save(connection, customers, box)
    return ImportResult(tuple(lines))


def _difference(connection: Connection, customers: tuple[CustomerEntry, ...], file: str, box: SecretBox) -> list[str]:
    present = load_customer_records(connection)
    stored = {code: load_source_records(connection, record.id, box) for code, record in present.items()}
    _check_against(stored, customers, file)
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


def _check_against(stored: dict[str, dict[str, SourceRecord]], customers: tuple[CustomerEntry, ...], file: str) -> None:
    """Sources that the file does not touch stay, so the file's must not clash with them."""
    named = {(customer.code, source.record.name) for customer in customers for source in customer.sources}
    kept = [
        Claim(f"{code}/{name} (in the store)", record, 0)
        for code, sources in stored.items()
        for name, record in sources.items()
        if (code, name) not in named
    ]
    coming = [Claim(f"{c.code}/{s.record.name}", s.record, s.line) for c in customers for s in c.sources]
    told = islice(((line, message) for line, message in clashes([*kept, *coming]) if line), MOST_TOLD)
    errors = [Located(file, line, message) for line, message in told]
    if errors:
        raise FileErrors(errors)


def _save(connection: Connection, customers: tuple[CustomerEntry, ...], box: SecretBox) -> None:
    release_mailboxes(connection, [s.record.mailbox for c in customers for s in c.sources if s.record.mailbox])
    for customer in customers:
        customer_id = save_customer(connection, code=customer.code, name=customer.name, language=customer.language)
        save_sources(connection, customer_id, [source.record for source in customer.sources], box)
    raise_registry_version(connection)
