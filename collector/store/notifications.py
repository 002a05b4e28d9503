"""Notifications as rows: the pipeline's bulk insert, and lists and look-ups for people."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, literal_column, or_, select
from sqlalchemy.engine import Row

from collector.domain.case import Verdict
from collector.domain.ids import CustomerId, NotificationId
from collector.domain.item import Transport
from collector.domain.outcome import Outcome, Reason
from collector.domain.trust import Trust
from collector.store.dialect import insert_rows, table_of
from collector.store.tables import CaseRow, CustomerRow, NotificationRow, SourceRow, StreamRow

_ROWS, _STREAMS = table_of(NotificationRow), table_of(StreamRow)
_CUSTOMERS, _SOURCES, _CASES = table_of(CustomerRow), table_of(SourceRow), table_of(CaseRow)

TEXT_KEPT = 200
"""Characters of a notification's text that the store keeps; the rest is in the journal."""
_CASES_AT_ONCE = 100
COLUMNS = (
    "stream_id",
    "seq",
    "row",
    "received_at",
    "transport",
    "peer",
    "customer_id",
    "source_id",
    "product",
    "state",
    "reason",
    "trust",
    "kind",
    "trap_oid",
    "subject",
    "text",
    "fields",
    "rule",
    "rule_version",
    "verdict",
    "case_id",
    "detail",
)
"""The order of a tuple given to `insert_notifications`; `received_at` in microseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One stored notification. `text` is the first 200 characters; the rest is in the journal."""

    cursor: int
    id: NotificationId
    received_at: datetime
    transport: Transport
    peer: str
    customer_id: CustomerId | None
    customer: str | None
    source_id: int | None
    source: str | None
    product: str
    state: Outcome
    reason: Reason
    trust: Trust
    kind: str
    trap_oid: str
    subject: str
    text: str
    fields: dict[str, str]
    rule: str
    rule_version: str
    verdict: Verdict | None
    case_id: int | None
    case: str | None
    detail: str


def insert_notifications(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Tuples in the order of COLUMNS."""
    insert_rows(connection, _ROWS, COLUMNS, rows)


def _joined() -> Select[tuple[Any, ...]]:
    joined = (
        _ROWS.join(_STREAMS, _STREAMS.c.id == _ROWS.c.stream_id)
        .outerjoin(_CUSTOMERS, _CUSTOMERS.c.id == _ROWS.c.customer_id)
        .outerjoin(_SOURCES, _SOURCES.c.id == _ROWS.c.source_id)
        .outerjoin(_CASES, _CASES.c.id == _ROWS.c.case_id)
    )
    named = (
        _STREAMS.c.name.label("stream"),
        _CUSTOMERS.c.code.label("customer"),
        _SOURCES.c.name.label("source"),
        _CASES.c.external_key.label("case_key"),
    )
    return select(_ROWS, *named).select_from(joined)


def _notification(row: Row[tuple[Any, ...]]) -> Notification:
    return Notification(
        cursor=row.id,
        id=NotificationId(row.stream, row.seq, row.row),
        received_at=row.received_at,
        transport=Transport(row.transport),
        peer=row.peer,
        customer_id=None if row.customer_id is None else CustomerId(row.customer_id),
        customer=row.customer,
        source_id=row.source_id,
        source=row.source,
        product=row.product,
        state=Outcome(row.state),
        reason=Reason(row.reason),
        trust=Trust(row.trust),
        kind=row.kind,
        trap_oid=row.trap_oid,
        subject=row.subject,
        text=row.text,
        fields=json.loads(row.fields) if row.fields else {},
        rule=row.rule,
        rule_version=row.rule_version,
        verdict=Verdict(row.verdict) if row.verdict else None,
        case_id=row.case_id,
        case=row.case_key,
        detail=row.detail,
    )


@dataclass(frozen=True, slots=True)
class NotificationFilter:
    """What to list; empty means "any"."""

    states: tuple[Outcome, ...] = ()
    customer_id: CustomerId | None = None
    customer_code: str | None = None
    case_id: int | None = None


def list_notifications(
    connection: Connection, wanted: NotificationFilter, *, after: int | None, limit: int, newest_first: bool = False
) -> list[Notification]:
    """A page in the order of processing."""
    statement = _joined()
    if wanted.states:
        statement = statement.where(_ROWS.c.state.in_([state.value for state in wanted.states]))
        if Outcome.CASE not in wanted.states:
            # Said in so many words, so that SQLite sees that the partial index holds everything asked for.
            statement = statement.where(_ROWS.c.state != literal_column("'case'"))
    if wanted.customer_id is not None:
        statement = statement.where(_ROWS.c.customer_id == wanted.customer_id)
    if wanted.customer_code is not None:
        statement = statement.where(_CUSTOMERS.c.code == wanted.customer_code)
    if wanted.case_id is not None:
        statement = statement.where(_ROWS.c.case_id == wanted.case_id)
    if after is not None:
        statement = statement.where(_ROWS.c.id < after if newest_first else _ROWS.c.id > after)
    order = _ROWS.c.id.desc() if newest_first else _ROWS.c.id
    return [_notification(row) for row in connection.execute(statement.order_by(order).limit(limit))]


def newest_of_cases(connection: Connection, case_ids: Iterable[int], *, each: int) -> dict[int, list[Notification]]:
    """Of every case its newest notifications, at most `each`, newest first. The cost does not grow with what a case holds: where
    they begin is asked for first, because PostgreSQL would ask it anew for every notification of the case."""
    wanted = sorted(set(case_ids))
    found: dict[int, list[Notification]] = {}
    for start in range(0, len(wanted), _CASES_AT_ONCE):
        begins = _beginnings(connection, wanted[start : start + _CASES_AT_ONCE], each)
        if not begins:
            continue
        newest = or_(*((_ROWS.c.case_id == case_id) & (_ROWS.c.id >= first) for case_id, first in begins))
        for row in connection.execute(_joined().where(newest).order_by(_ROWS.c.id.desc())):
            found.setdefault(row.case_id, []).append(_notification(row))
    return found


def _beginnings(connection: Connection, case_ids: list[int], each: int) -> list[tuple[int, int]]:
    """(case, id of the oldest notification to show), 0 where the case has fewer."""
    oldest_shown = (
        select(_ROWS.c.id).where(_ROWS.c.case_id == _CASES.c.id).order_by(_ROWS.c.id.desc()).limit(1).offset(each - 1)
    ).scalar_subquery()
    statement = select(_CASES.c.id, func.coalesce(oldest_shown, 0)).where(_CASES.c.id.in_(case_ids))
    return [(row[0], row[1]) for row in connection.execute(statement)]


def find_notifications(connection: Connection, wanted: NotificationId) -> list[Notification]:
    """All rows of the item; only the named row when the id names one."""
    statement = _joined().where(_STREAMS.c.name == wanted.stream, _ROWS.c.seq == wanted.seq)
    if wanted.row:
        statement = statement.where(_ROWS.c.row == wanted.row)
    return [_notification(row) for row in connection.execute(statement.order_by(_ROWS.c.row))]


def delete_item(connection: Connection, *, stream_id: int, seq: int) -> None:
    """Take an item's rows away before they are written anew (reprocess)."""
    connection.execute(delete(_ROWS).where(_ROWS.c.stream_id == stream_id, _ROWS.c.seq == seq))
