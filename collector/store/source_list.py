"""Sources as people look at them: in pages, and without secrets."""

import json
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from collector.domain.ids import CustomerId, SourceId
from collector.domain.snmp_access import SnmpAccess
from collector.sealed_access import without_secrets
from collector.store.dialect import table_of
from collector.store.tables import CustomerRow, SourceRow

_CUSTOMERS, _SOURCES = table_of(CustomerRow), table_of(SourceRow)
_WITH_CUSTOMER = _SOURCES.join(_CUSTOMERS, _CUSTOMERS.c.id == _SOURCES.c.customer_id)


@dataclass(frozen=True, slots=True)
class ListedSource:
    """`customer` is a code. The community and pass phrases of `snmp` are empty."""

    id: SourceId
    customer: str
    name: str
    products: tuple[str, ...]
    mailbox: str | None
    snmp: SnmpAccess | None


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """None admits everything. `customer_id` is what the caller may see, `customer` what was asked for."""

    customer_id: CustomerId | None = None
    customer: str | None = None


def list_sources(connection: Connection, wanted: SourceFilter, *, after: int | None, limit: int) -> list[ListedSource]:
    """In the order in which they were imported first, retired ones left out."""
    where: list[ColumnElement[bool]] = [_SOURCES.c.retired.is_(False)]
    if wanted.customer_id is not None:
        where.append(_SOURCES.c.customer_id == wanted.customer_id)
    if wanted.customer is not None:
        where.append(_CUSTOMERS.c.code == wanted.customer)
    if after is not None:
        where.append(_SOURCES.c.id > after)
    columns = (*_SOURCES.c["id", "name", "products", "mailbox", "snmp"], _CUSTOMERS.c.code)
    found = select(*columns).select_from(_WITH_CUSTOMER).where(*where).order_by(_SOURCES.c.id).limit(limit)
    return [
        ListedSource(
            SourceId(row.id),
            row.code,
            row.name,
            tuple(json.loads(row.products)),
            row.mailbox,
            None if row.snmp is None else without_secrets(row.snmp),
        )
        for row in connection.execute(found)
    ]
