"""The list from which engineers work: cases that are not closed, in the order of service. Single cases are in `cases`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, literal, literal_column, or_, tuple_

from collector.domain.case import Case, CaseStatus
from collector.domain.signal import CaseKind
from collector.store.cases import NOTHING_DUE, case_of_row, joined, searchable
from collector.store.dialect import table_of
from collector.store.registry import find_customer
from collector.store.tables import CaseRow
from collector.store.types import UtcTime

_CASES = table_of(CaseRow)


class ServicePlace(NamedTuple):
    """A place in the order of service: rank, earliest due time, age."""

    rank: int
    due_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class ServiceFilter:
    """What to list. Empty tuples and None mean "any". `text` as in `cases.CaseFilter`; `of_user` is a user's name: what they took
    or what is assigned to them; `untaken`: nobody has acknowledged it."""

    statuses: tuple[CaseStatus, ...] = ()
    kinds: tuple[CaseKind, ...] = ()
    severities: tuple[int, ...] = ()
    customer_code: str | None = None
    text: str | None = None
    of_user: str | None = None
    untaken: bool = False

    @property
    def is_rare(self) -> bool:
        """Whether few cases may fit, wherever in the order they stand."""
        return self.text is not None or self.of_user is not None


def place_of(case: Case) -> ServicePlace:
    return ServicePlace(case.rank, case.due_at or NOTHING_DUE, case.id)


def list_by_service(
    connection: Connection, wanted: ServiceFilter, *, after: ServicePlace | None = None, limit: int
) -> list[Case]:
    """A page of cases that are not closed: by rank, then earliest due time, then age. `after` is the place of the last one
    seen."""
    statement = _filtered(_not_closed(joined(), wanted), wanted)
    if wanted.customer_code is not None:
        customer_id = find_customer(connection, wanted.customer_code)
        if customer_id is None:
            return []
        statement = statement.where(_CASES.c.customer_id == customer_id)
    order = (_CASES.c.rank, _CASES.c.due_at, _CASES.c.id)
    if after is not None:
        seen = tuple_(literal(after.rank), literal(after.due_at, UtcTime), literal(after.id))
        statement = statement.where(tuple_(*order) > seen)
    first = _CASES.c.rank + 0 if wanted.is_rare else _CASES.c.rank
    return [case_of_row(row) for row in connection.execute(statement.order_by(first, *order[1:]).limit(limit))]


def _not_closed(statement: Select[tuple[Any, ...]], wanted: ServiceFilter) -> Select[tuple[Any, ...]]:
    """The index on the order of service holds exactly what is not closed. What is rare is found faster by reading all of it once,
    in the order of the table, than by following that index to its end: each is said so that both databases see it."""
    statuses = [status for status in wanted.statuses or CaseStatus if status is not CaseStatus.CLOSED]
    if wanted.is_rare:
        return statement.where(_CASES.c.status.in_([status.value for status in statuses]))
    others = [_CASES.c.status != status.value for status in CaseStatus if status not in statuses]
    return statement.where(_CASES.c.status != literal_column("'closed'"), *others)


def _filtered(statement: Select[tuple[Any, ...]], wanted: ServiceFilter) -> Select[tuple[Any, ...]]:
    if wanted.kinds:
        statement = statement.where(_CASES.c.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.severities:
        # a severity is its own rank: where to begin and to end in the index
        bounds = _CASES.c.rank.between(min(wanted.severities), max(wanted.severities))
        statement = statement.where(_CASES.c.severity.in_(wanted.severities), bounds)
    if wanted.text:
        statement = statement.where(_CASES.c.search_text.contains(searchable(wanted.text), autoescape=True))
    if wanted.of_user is not None:
        mine_too = or_(_CASES.c.assignee == wanted.of_user, _CASES.c.acknowledged_by == f"user:{wanted.of_user}")
        statement = statement.where(mine_too)
    if wanted.untaken:
        statement = statement.where(_CASES.c.acknowledged_at.is_(None))
    return statement
