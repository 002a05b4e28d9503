"""The ledger: how many items of each day, customer and source ended in which outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from collector.store.dialect import table_of, upsert
from collector.store.tables import CustomerRow, LedgerRow, SourceRow

_LEDGER, _CUSTOMERS, _SOURCES = table_of(LedgerRow), table_of(CustomerRow), table_of(SourceRow)
_KEY = ("day", "customer_id", "source_id", "transport", "outcome", "reason")


class LedgerKey(NamedTuple):
    """`day` is UTC as yyyymmdd; ids are 0 where nobody is known."""

    day: int
    customer_id: int
    source_id: int
    transport: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    day: int
    customer: str | None
    source: str | None
    transport: str
    outcome: str
    reason: str
    count: int


def add_counts(connection: Connection, counts: Mapping[LedgerKey, int]) -> None:
    """Add (or take away, when negative) to the lines."""
    values = [{**key._asdict(), "number": count} for key, count in counts.items()]
    upsert(connection, _LEDGER, values, key=_KEY, add=("number",))


def read_lines(connection: Connection, *, since_day: int, until_day: int, customer_id: int | None = None) -> list[LedgerLine]:
    """Lines of the days from `since_day` to `until_day`, both included, in order."""
    joined = _LEDGER.outerjoin(_CUSTOMERS, _CUSTOMERS.c.id == _LEDGER.c.customer_id).outerjoin(
        _SOURCES, _SOURCES.c.id == _LEDGER.c.source_id
    )
    statement = (
        select(_LEDGER, _CUSTOMERS.c.code.label("code"), _SOURCES.c.name.label("source"))
        .select_from(joined)
        .where(_LEDGER.c.day.between(since_day, until_day), _LEDGER.c.number != 0)
        .order_by(*(_LEDGER.c[name] for name in _KEY))
    )
    if customer_id is not None:
        statement = statement.where(_LEDGER.c.customer_id == customer_id)
    return [
        LedgerLine(row.day, row.code, row.source, row.transport, row.outcome, row.reason, row.number)
        for row in connection.execute(statement)
    ]


def total(connection: Connection) -> dict[tuple[str, str], int]:
    """(outcome, reason) to count, over everything ever counted."""
    kinds = (_LEDGER.c.outcome, _LEDGER.c.reason)
    sums = select(*kinds, func.sum(_LEDGER.c.number)).group_by(*kinds)
    return {(outcome, reason): int(count) for outcome, reason, count in connection.execute(sums)}
