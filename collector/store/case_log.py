"""The append-only history of cases."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.engine import Row

from collector.domain.case import Verdict
from collector.domain.ids import CaseId
from collector.store.dialect import insert_rows, table_of
from collector.store.tables import CaseLogRow
from collector.store.types import to_micros

_LOG = table_of(CaseLogRow)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of a case's history. `actor` is `rule:<name>@<version>`, `key:<API key's name>`, `user:<name>` or `collector`.

    `count` is how many notifications the entry stands for; `notification` the (first) one's id.
    """

    case_id: CaseId
    at: datetime
    verdict: Verdict
    actor: str
    count: int = 1
    notification: str | None = None
    text: str | None = None
    detail: Mapping[str, str | int | bool | None] = field(default_factory=dict)


def append_log(connection: Connection, entries: Iterable[LogEntry]) -> None:
    rows = [
        (
            entry.case_id,
            to_micros(entry.at),
            entry.verdict.value,
            entry.actor,
            entry.count,
            entry.notification,
            entry.text,
            json.dumps(dict(entry.detail), ensure_ascii=False),
        )
        for entry in entries
    ]
    insert_rows(connection, _LOG, ("case_id", "at", "verdict", "actor", "number", "notification", "text", "detail"), rows)


def read_log(connection: Connection, case_id: CaseId, *, after: int = 0, limit: int = 1000) -> list[tuple[int, LogEntry]]:
    """(cursor, entry), oldest first."""
    statement = select(_LOG).where(_LOG.c.case_id == case_id, _LOG.c.id > after).order_by(_LOG.c.id).limit(limit)
    return [(row.id, _entry(row)) for row in connection.execute(statement)]


def read_newest_log(connection: Connection, case_id: CaseId, *, limit: int) -> list[tuple[int, LogEntry]]:
    """(cursor, entry), newest first."""
    statement = select(_LOG).where(_LOG.c.case_id == case_id).order_by(_LOG.c.id.desc()).limit(limit)
    return [(row.id, _entry(row)) for row in connection.execute(statement)]


def _entry(row: Row[tuple[Any, ...]]) -> LogEntry:
    return LogEntry(
        CaseId(row.case_id),
        row.at,
        Verdict(row.verdict),
        row.actor,
        row.number,
        row.notification,
        row.text,
        json.loads(row.detail),
    )


def find_request(connection: Connection, case_id: CaseId, request: str, *, after: datetime) -> LogEntry | None:
    """The entry younger than `after` that was written for this request (`detail["request"]`, a hex digest)."""
    mentions = _LOG.c.detail.contains(request, autoescape=True)
    statement = select(_LOG).where(_LOG.c.case_id == case_id, _LOG.c.at > after, mentions).order_by(_LOG.c.id)
    entries = (_entry(row) for row in connection.execute(statement))
    return next((entry for entry in entries if entry.detail.get("request") == request), None)
