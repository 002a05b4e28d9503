"""The outbox: messages for ticketing in the order of commit, never altered. What they say is collector.handoff's business."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select

from collector.domain.ids import CaseId, CustomerId
from collector.domain.message import MessageType
from collector.store.dialect import insert_rows, table_of, upsert
from collector.store.tables import MessageRow, MetaRow
from collector.store.types import to_micros

_MESSAGES, _META = table_of(MessageRow), table_of(MetaRow)
_LAST = "message_position"
_WRITTEN = "messages_written"
_COLUMNS = ("position", "message_id", "case_id", "customer_id", "seq", "type", "severity", "rank", "at", "body")


DROPPED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it is kept. `seq` counts the case's messages from 1; `body` is JSON; `position` is 0 until it is written."""

    id: str
    case_id: CaseId
    customer_id: CustomerId
    seq: int
    type: MessageType
    severity: int | None
    rank: int
    at: datetime
    body: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages to read. Empty tuples and None mean "any"."""

    types: tuple[MessageType, ...] = ()
    severities: tuple[int, ...] = ()
    ranks: tuple[int, ...] = ()
    customer_id: CustomerId | None = None


def append_messages(connection: Connection, messages: Sequence[Message]) -> None:
    """Give each the next position. The caller's transaction holds the right to write, so positions have no gaps and become
    visible in their order on both databases; they are never given twice, even when old messages are gone."""
    if not messages:
        return
    last = last_position(connection)
    rows = [
        (
            position,
            message.id,
            message.case_id,
            message.customer_id,
            message.seq,
            message.type.value,
            message.severity,
            message.rank,
            to_micros(message.at),
            message.body,
        )
        for position, message in enumerate(messages, start=last + 1)
    ]
    insert_rows(connection, _MESSAGES, _COLUMNS, rows)
    written = count_written(connection) + Counter(message.type for message in messages)
    known = [
        {"key": _LAST, "value": str(last + len(messages))},
        {"key": _WRITTEN, "value": json.dumps({kind.value: number for kind, number in written.items()})},
    ]
    upsert(connection, _META, known, key=["key"])


def count_written(connection: Connection) -> Counter[MessageType]:
    """Messages of each type since the store was made, those that are gone included."""
    value = connection.execute(select(_META.c.value).where(_META.c.key == _WRITTEN)).scalar_one_or_none()
    return Counter() if value is None else Counter({MessageType(kind): number for kind, number in json.loads(value).items()})


def last_position(connection: Connection) -> int:
    """Of the newest message ever written, 0 when there was none."""
    value = connection.execute(select(_META.c.value).where(_META.c.key == _LAST)).scalar_one_or_none()
    return 0 if value is None else int(value)


def skip_positions(connection: Connection, number: int) -> None:
    """Leave so many positions out: those that a copy of this store may have given to other messages."""
    upsert(connection, _META, [{"key": _LAST, "value": str(last_position(connection) + number)}], key=["key"])


def oldest_position(connection: Connection) -> int:
    """Of the oldest message that is kept; one more than the last position when none is."""
    found = connection.execute(select(func.min(_MESSAGES.c.position))).scalar_one()
    return last_position(connection) + 1 if found is None else int(found)


def place_after(connection: Connection, place: int, *, messages: int) -> int:
    """The position of so many messages behind `place`, or the last one. Positions are left out where a store was restored."""
    behind = select(_MESSAGES.c.position).where(_MESSAGES.c.position > place).order_by(_MESSAGES.c.position)
    found = connection.execute(behind.offset(messages - 1).limit(1)).scalar_one_or_none()
    return last_position(connection) if found is None else int(found)


def read_bodies(
    connection: Connection, wanted: MessageFilter, *, after: int, until: int, limit: int
) -> Iterator[tuple[int, str]]:
    """(position, body) in order of position, those up to `until`."""
    columns = select(_MESSAGES.c.position, _MESSAGES.c.body)
    statement = _filtered(columns, wanted).where(_MESSAGES.c.position > after, _MESSAGES.c.position <= until)
    for row in connection.execute(statement.order_by(_MESSAGES.c.position).limit(limit)):
        yield row.position, row.body


def read_messages(connection: Connection, wanted: MessageFilter, *, after: int, limit: int) -> list[Message]:
    """In order of position."""
    statement = _filtered(select(_MESSAGES), wanted).where(_MESSAGES.c.position > after)
    rows = connection.execute(statement.order_by(_MESSAGES.c.position).limit(limit))
    return [
        Message(
            id=row.message_id,
            case_id=CaseId(row.case_id),
            customer_id=CustomerId(row.customer_id),
            seq=row.seq,
            type=MessageType(row.type),
            severity=row.severity,
            rank=row.rank,
            at=row.at,
            body=row.body,
            position=row.position,
        )
        for row in rows
    ]


def _filtered(statement: Select[Any], wanted: MessageFilter) -> Select[Any]:
    if wanted.types:
        statement = statement.where(_MESSAGES.c.type.in_([kind.value for kind in wanted.types]))
    if wanted.severities:
        statement = statement.where(_MESSAGES.c.severity.in_(wanted.severities))
    if wanted.ranks:
        statement = statement.where(_MESSAGES.c.rank.in_(wanted.ranks))
    if wanted.customer_id is not None:
        statement = statement.where(_MESSAGES.c.customer_id == wanted.customer_id)
    return statement


def drop_messages(connection: Connection, *, before: datetime, limit: int = DROPPED_AT_ONCE) -> int:
    """Forget the oldest messages, up to the first one that is not older than `before`, at most `limit`; return how many."""
    oldest = select(_MESSAGES.c.position, _MESSAGES.c.at).order_by(_MESSAGES.c.position).limit(limit)
    gone = 0
    for row in connection.execute(oldest):
        if row.at >= before:
            break
        gone = row.position
    if not gone:
        return 0
    return connection.execute(delete(_MESSAGES).where(_MESSAGES.c.position <= gone)).rowcount
