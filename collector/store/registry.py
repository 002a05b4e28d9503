"""Customers and sources as rows. What a customers file looks like is collector.customers' business."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from collector.domain.errors import ConfigurationError
from collector.domain.ids import CustomerId, SourceId
from collector.domain.registry import SELF_CODE, Customer, Source
from collector.domain.snmp_access import SnmpAccess
from collector.sealed_access import access_of, json_of
from collector.secrets import SecretBox
from collector.store.dialect import table_of, upsert
from collector.store.tables import CustomerRow, MetaRow, SourceRow

_CUSTOMERS, _SOURCES, _META = table_of(CustomerRow), table_of(SourceRow), table_of(MetaRow)
_VERSION_KEY = "registry_version"


@dataclass(frozen=True, slots=True)
class Registry:
    """Everybody we know, at one version. `sources` leaves out retired ones."""

    version: int
    customers: dict[CustomerId, Customer]
    sources: tuple[Source, ...]

    @property
    def self_customer(self) -> Customer:
        return next(customer for customer in self.customers.values() if customer.code == SELF_CODE)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source as it is written: the columns of a row without ids."""

    name: str
    products: tuple[str, ...]
    mailbox: str | None = None
    snmp: SnmpAccess | None = None


def registry_version(connection: Connection) -> int:
    value = connection.execute(select(_META.c.value).where(_META.c.key == _VERSION_KEY)).scalar_one_or_none()
    return int(value) if value is not None else 0


def raise_registry_version(connection: Connection) -> int:
    """Tell everybody that the registry changed; they compare versions."""
    version = registry_version(connection) + 1
    upsert(connection, _META, [{"key": _VERSION_KEY, "value": str(version)}], key=["key"])
    return version


def load_registry(connection: Connection, box: SecretBox) -> Registry:
    """Raise ConfigurationError when the secrets of a source cannot be opened."""
    customers = {
        CustomerId(row.id): Customer(CustomerId(row.id), row.code, row.name, row.language)
        for row in connection.execute(select(*_CUSTOMERS.c["id", "code", "name", "language"]))
    }
    rows = connection.execute(select(_SOURCES).where(_SOURCES.c.retired.is_(False)).order_by(_SOURCES.c.id))
    sources = tuple(_source(row, customers[CustomerId(row.customer_id)], box) for row in rows)
    return Registry(registry_version(connection), customers, sources)


def load_customers(connection: Connection, ids: Iterable[CustomerId]) -> dict[CustomerId, Customer]:
    """These customers; ids that nobody has are left out."""
    wanted = select(*_CUSTOMERS.c["id", "code", "name", "language"]).where(_CUSTOMERS.c.id.in_(sorted(set(ids))))
    return {CustomerId(row.id): Customer(CustomerId(row.id), *row[1:]) for row in connection.execute(wanted)}


def find_customer(connection: Connection, code: str) -> CustomerId | None:
    """The id behind a customer's code."""
    found = connection.execute(select(_CUSTOMERS.c.id).where(_CUSTOMERS.c.code == code)).scalar_one_or_none()
    return None if found is None else CustomerId(found)


def owner_of(source_id: int) -> str:
    """For whom the secrets of a source are sealed. By its id, which cases and engines mean too: names may change, ids never do,
    and a restore keeps them."""
    return f"source {source_id}"


def _source(row: Row[tuple[object, ...]], customer: Customer, box: SecretBox) -> Source:
    access = _access(row, box, f"{customer.code}/{row.name}")
    return Source(SourceId(row.id), customer, row.name, tuple(json.loads(row.products)), row.mailbox, access)


def _access(row: Row[Any], box: SecretBox, named: str) -> SnmpAccess | None:
    try:
        return None if row.snmp is None else access_of(row.snmp, box, owner_of(row.id))
    except ConfigurationError as error:
        raise ConfigurationError(f"{error} (source {named})") from error


def ensure_self(connection: Connection, *, name: str) -> None:
    """The built-in customer for the collector's own cases."""
    upsert(connection, _CUSTOMERS, [{"code": SELF_CODE, "name": name, "language": "es"}], key=["code"])


def save_customer(connection: Connection, *, code: str, name: str, language: str) -> CustomerId:
    """Insert or rename."""
    upsert(connection, _CUSTOMERS, [{"code": code, "name": name, "language": language}], key=["code"])
    return CustomerId(connection.execute(select(_CUSTOMERS.c.id).where(_CUSTOMERS.c.code == code)).scalar_one())


def load_customer_records(connection: Connection) -> dict[str, Customer]:
    """Code to customer, without the built-in one."""
    rows = connection.execute(select(*_CUSTOMERS.c["id", "code", "name", "language"]).where(_CUSTOMERS.c.code != SELF_CODE))
    return {row.code: Customer(CustomerId(row.id), row.code, row.name, row.language) for row in rows}


def load_source_records(connection: Connection, customer_id: CustomerId, box: SecretBox) -> dict[str, SourceRecord]:
    """Name to record, retired ones left out. Raise ConfigurationError when secrets cannot be opened."""
    rows = connection.execute(select(_SOURCES).where(_SOURCES.c.customer_id == customer_id, _SOURCES.c.retired.is_(False)))
    return {row.name: _record(row, box) for row in rows}


def _record(row: Row[tuple[object, ...]], box: SecretBox) -> SourceRecord:
    return SourceRecord(row.name, tuple(json.loads(row.products)), row.mailbox, _access(row, box, row.name))


def save_sources(connection: Connection, customer_id: CustomerId, records: Iterable[SourceRecord], box: SecretBox) -> None:
    """Insert or change by name; a retired source of that name comes back."""
    for record in records:
        values = {
            "customer_id": customer_id,
            "name": record.name,
            "products": json.dumps(record.products),
            "mailbox": record.mailbox,
            "snmp": None,
            "retired": False,
        }
        where = (_SOURCES.c.customer_id == customer_id) & (_SOURCES.c.name == record.name)
        number = connection.execute(update(_SOURCES).where(where).values(values).returning(_SOURCES.c.id)).scalar_one_or_none()
        if number is None:
            number = connection.execute(insert(_SOURCES).values(values).returning(_SOURCES.c.id)).scalar_one()
        if record.snmp is not None:
            sealed = json_of(record.snmp, box, owner_of(number))
            connection.execute(update(_SOURCES).where(_SOURCES.c.id == number).values(snmp=sealed))


def release_mailboxes(connection: Connection, mailboxes: Iterable[str]) -> None:
    """Take these mailboxes from whoever has them, so that they can move between sources in one import."""
    for mailbox in mailboxes:
        connection.execute(update(_SOURCES).where(_SOURCES.c.mailbox == mailbox).values(mailbox=None))
