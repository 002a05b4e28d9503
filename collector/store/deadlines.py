"""Deadlines as rows. What happens to them is decided in collector.domain."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.engine import Row

from collector.domain.calendar import Pause
from collector.domain.case import Verdict
from collector.domain.deadline import Deadline, DeadlineName, DeadlineState
from collector.domain.ids import CaseId
from collector.store.dialect import insert_rows, table_of, update_rows
from collector.store.tables import DeadlineRow
from collector.store.types import from_micros, to_micros

_DEADLINES = table_of(DeadlineRow)
_CHUNK = 500
_FIXED = ("name", "severity", "target_seconds", "since_at", "start_at", "provisional")
_CHANGING = ("risk_at", "due_at", "calendar", "state", "pauses", "ended_at", "ended_by", "told", "next_at")


def read_deadlines(connection: Connection, case_ids: Iterable[CaseId]) -> dict[CaseId, list[Deadline]]:
    """All deadlines of these cases, in the order in which they began; cases without any are left out."""
    wanted = sorted(set(case_ids))
    found: dict[CaseId, list[Deadline]] = {}
    for start in range(0, len(wanted), _CHUNK):
        mine = _DEADLINES.c.case_id.in_(wanted[start : start + _CHUNK])
        for row in connection.execute(select(_DEADLINES).where(mine).order_by(_DEADLINES.c.id)):
            found.setdefault(CaseId(row.case_id), []).append(_deadline(row))
    return found


def insert_deadlines(connection: Connection, deadlines: Iterable[tuple[CaseId, Deadline]]) -> None:
    """New ones with the cases that they belong to, which had no number when they began."""
    rows = [(case_id, *_fixed(one), *_changing(one)) for case_id, one in deadlines]
    insert_rows(connection, _DEADLINES, ("case_id", *_FIXED, *_CHANGING), rows)


def update_deadlines(connection: Connection, deadlines: Sequence[Deadline]) -> None:
    """Write everything that can change."""
    if deadlines:
        update_rows(connection, _DEADLINES, _CHANGING, [(*_changing(one), one.id) for one in deadlines], key="id")


def find_cases_in_time(connection: Connection, *, now: datetime, limit: int = _CHUNK) -> list[CaseId]:
    """Cases with a deadline that time alone changes by `now`, the longest overdue first."""
    due = select(_DEADLINES.c.case_id).where(_DEADLINES.c.next_at <= now).order_by(_DEADLINES.c.next_at).limit(limit)
    return list(dict.fromkeys(CaseId(row.case_id) for row in connection.execute(due)))


def count_deadlines(connection: Connection) -> list[tuple[str, str, int]]:
    """(name, state, number) of those that are owed, for gauges."""
    columns = (_DEADLINES.c.name, _DEADLINES.c.state)
    statement = select(*columns, func.count()).where(_DEADLINES.c.ended_at.is_(None)).group_by(*columns)
    return [(row[0], row[1], row[2]) for row in connection.execute(statement)]


def _fixed(deadline: Deadline) -> tuple[Any, ...]:
    """Values of `_FIXED` in their stored form."""
    return (
        deadline.name.value,
        deadline.severity,
        int(deadline.target.total_seconds()),
        to_micros(deadline.since_at),
        to_micros(deadline.start_at),
        deadline.provisional,
    )


def _changing(deadline: Deadline) -> tuple[Any, ...]:
    """Values of `_CHANGING` in their stored form."""
    return (
        to_micros(deadline.risk_at),
        to_micros(deadline.due_at),
        deadline.calendar,
        deadline.state.value,
        json.dumps([[_micros(pause.start_at), _micros(pause.end_at)] for pause in deadline.pauses]) if deadline.pauses else "[]",
        _micros(deadline.ended_at),
        deadline.ended_by,
        None if deadline.told is None else deadline.told.value,
        _micros(deadline.next_at),
    )


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _deadline(row: Row[tuple[Any, ...]]) -> Deadline:
    pauses = tuple(Pause(from_micros(start), None if end is None else from_micros(end)) for start, end in json.loads(row.pauses))
    return Deadline(
        case_id=CaseId(row.case_id),
        name=DeadlineName(row.name),
        severity=row.severity,
        target=timedelta(seconds=row.target_seconds),
        since_at=row.since_at,
        start_at=row.start_at,
        risk_at=row.risk_at,
        due_at=row.due_at,
        provisional=bool(row.provisional),
        calendar=row.calendar,
        state=DeadlineState(row.state),
        pauses=pauses,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        told=None if row.told is None else Verdict(row.told),
        id=row.id,
    )
