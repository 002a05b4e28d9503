"""Cases as rows: insert, change, find by key, list. What a change means is decided in collector.domain."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.engine import Row

from collector.domain.case import QUIET_BEFORE_CLOSE, QUIET_BEFORE_RESOLVE, Case, CaseStatus
from collector.domain.ids import CaseId, CustomerId, ExternalKey, SourceId
from collector.domain.registry import SELF_CODE
from collector.domain.signal import CaseKind, MatchedCondition, Urgency, Words
from collector.domain.trust import Trust
from collector.store.dialect import table_of, update_rows
from collector.store.tables import NEVER, CaseRow, CustomerRow, SourceRow
from collector.store.types import from_micros, to_micros

_CASES, _CUSTOMERS, _SOURCES = table_of(CaseRow), table_of(CustomerRow), table_of(SourceRow)
_CHUNK = 500
NOTHING_DUE = from_micros(int(NEVER))
"""In the database: behind every real due time, on both of them."""


class CaseVersion(NamedTuple):
    """Which case, and which version of it."""

    id: CaseId
    version: int


def joined() -> Select[tuple[Any, ...]]:
    """Cases with what `case_of_row` needs beside them."""
    return select(_CASES, _CUSTOMERS.c.code.label("customer_code"), _SOURCES.c.name.label("source_name")).select_from(
        _CASES.join(_CUSTOMERS, _CUSTOMERS.c.id == _CASES.c.customer_id).outerjoin(_SOURCES, _SOURCES.c.id == _CASES.c.source_id)
    )


def _words(row: Row[tuple[Any, ...]], name: str) -> Words:
    return Words(getattr(row, f"{name}_es"), getattr(row, f"{name}_en"))


def case_of_row(row: Row[tuple[Any, ...]]) -> Case:
    return Case(
        id=CaseId(row.id),
        external_key=ExternalKey(row.external_key),
        customer_id=CustomerId(row.customer_id),
        customer_code=row.customer_code,
        key=row.correlation_key,
        kind=CaseKind(row.kind),
        severity=row.severity,
        urgency=Urgency(row.urgency),
        contained=bool(row.contained),
        status=CaseStatus(row.status),
        level=row.level,
        trust=Trust(row.trust),
        needs_triage=bool(row.needs_triage),
        review_for_severity_1=bool(row.review_for_severity_1),
        title=_words(row, "title"),
        summary=_words(row, "summary"),
        steps=_words(row, "steps"),
        product=row.product,
        pack=row.pack,
        rule=row.rule,
        rule_version=row.rule_version,
        source_id=None if row.source_id is None else SourceId(row.source_id),
        source_name=row.source_name or "",
        channel=row.channel,
        host=row.host,
        source_severity=row.source_severity,
        fields=json.loads(row.fields),
        matched=tuple(MatchedCondition(**condition) for condition in json.loads(row.matched)),
        opened_at=row.opened_at,
        last_seen_at=row.last_seen_at,
        occurrences=row.occurrences,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        close_reason=row.close_reason,
        quiet_close=None if row.quiet_close_seconds is None else timedelta(seconds=row.quiet_close_seconds),
        previous_case=None if row.previous_case is None else ExternalKey(row.previous_case),
        merged_into=None if row.merged_into is None else ExternalKey(row.merged_into),
        status_by=row.status_by,
        pended_at=row.pended_at,
        assignee=row.assignee,
        confirmed_at=row.confirmed_at,
        contacted_at=row.contacted_at,
        responded_at=row.responded_at,
        due_at=None if row.due_at == NOTHING_DUE else row.due_at,
        handed_seq=row.handed_seq,
        note_due_at=row.note_due_at,
        noted_occurrences=row.noted_occurrences,
        version=row.version,
    )


def _identity_values(case: Case) -> dict[str, Any]:
    """What is fixed when the case opens."""
    return {
        "external_key": case.external_key,
        "customer_id": case.customer_id,
        "correlation_key": case.key,
        "kind": case.kind.value,
        "product": case.product,
        "pack": case.pack,
        "rule": case.rule,
        "rule_version": case.rule_version,
        "source_id": case.source_id,
        "channel": case.channel,
        "host": case.host,
        "fields": json.dumps(case.fields, ensure_ascii=False),
        "matched": json.dumps([asdict(condition) for condition in case.matched], ensure_ascii=False),
        "opened_at": case.opened_at,
        "previous_case": case.previous_case,
    }


def _changing_values(case: Case) -> dict[str, Any]:
    return {
        "severity": case.severity,
        "urgency": case.urgency.value,
        "contained": case.contained,
        "rank": case.rank,
        "status": case.status.value,
        "status_by": case.status_by,
        "level": case.level,
        "trust": int(case.trust),
        "needs_triage": case.needs_triage,
        "review_for_severity_1": case.review_for_severity_1,
        "title_es": case.title.es,
        "title_en": case.title.en,
        "summary_es": case.summary.es,
        "summary_en": case.summary.en,
        "steps_es": case.steps.es,
        "steps_en": case.steps.en,
        "source_severity": case.source_severity,
        "last_seen_at": case.last_seen_at,
        "occurrences": case.occurrences,
        "cleared_at": case.cleared_at,
        "acknowledged_at": case.acknowledged_at,
        "acknowledged_by": case.acknowledged_by,
        "resolved_at": case.resolved_at,
        "closed_at": case.closed_at,
        "close_reason": case.close_reason,
        "quiet_close_seconds": None if case.quiet_close is None else int(case.quiet_close.total_seconds()),
        "merged_into": case.merged_into,
        "search_text": searchable("\n".join((case.external_key, case.title.es, case.title.en, case.host or ""))),
        "pended_at": case.pended_at,
        "assignee": case.assignee,
        "confirmed_at": case.confirmed_at,
        "contacted_at": case.contacted_at,
        "responded_at": case.responded_at,
        "due_at": case.due_at or NOTHING_DUE,
        "handed_seq": case.handed_seq,
        "note_due_at": case.note_due_at,
        "noted_occurrences": case.noted_occurrences,
        "version": case.version,
    }


def searchable(text: str) -> str:
    """Without case and accents. The databases' own LIKE knows letters beyond ASCII on PostgreSQL only."""
    if text.isascii():
        return text.lower()
    return "".join(letter for letter in normalize("NFKD", text).casefold() if not combining(letter))


def insert_cases(connection: Connection, cases: Sequence[Case]) -> dict[ExternalKey, CaseId]:
    """Write new cases and return the ids they got. The database refuses a second open case with the same customer and key."""
    if not cases:
        return {}
    statement = insert(_CASES).returning(_CASES.c.id, _CASES.c.external_key)
    rows = connection.execute(statement, [{**_identity_values(case), **_changing_values(case)} for case in cases])
    return {ExternalKey(row.external_key): CaseId(row.id) for row in rows}


def update_cases(connection: Connection, cases: Sequence[Case]) -> None:
    """Write everything that can change, many cases in one statement."""
    if cases:
        names = _changing_values(cases[0])
        statement = update(_CASES).where(_CASES.c.id == bindparam("row_id")).values({name: bindparam(name) for name in names})
        connection.execute(statement, [{"row_id": case.id, **_changing_values(case)} for case in cases])


def count_repeats(connection: Connection, cases: Sequence[Case]) -> None:
    """Write what a plain repeat changes. The storm's statement: five columns, not forty."""
    if cases:
        names = ("occurrences", "last_seen_at", "trust", "note_due_at", "version")
        values = [
            (
                case.occurrences,
                to_micros(case.last_seen_at),
                int(case.trust),
                None if case.note_due_at is None else to_micros(case.note_due_at),
                case.version,
                case.id,
            )
            for case in cases
        ]
        update_rows(connection, _CASES, names, values, key="id")


def find_open_versions(
    connection: Connection, keys: Iterable[tuple[CustomerId, str]]
) -> dict[tuple[CustomerId, str], CaseVersion]:
    """Which cases hold these keys now (not closed), by customer and key, without their contents."""
    found: dict[tuple[CustomerId, str], CaseVersion] = {}
    columns = _CASES.c["correlation_key", "id", "version"]
    for customer_id, wanted in _by_customer(keys):
        held = _CASES.c.correlation_key.in_(wanted) & (_CASES.c.status != literal_column("'closed'"))
        for key, case_id, version in connection.execute(select(*columns).where(_CASES.c.customer_id == customer_id, held)):
            found[customer_id, key] = CaseVersion(CaseId(case_id), version)
    return found


def _by_customer(keys: Iterable[tuple[CustomerId, str]]) -> Iterator[tuple[CustomerId, list[str]]]:
    """The keys of each customer, in parts that fit into one statement."""
    grouped: dict[CustomerId, list[str]] = {}
    for customer_id, key in keys:
        grouped.setdefault(customer_id, []).append(key)
    for customer_id, wanted in grouped.items():
        for start in range(0, len(wanted), _CHUNK):
            yield customer_id, wanted[start : start + _CHUNK]


def read_cases(connection: Connection, ids: Sequence[CaseId]) -> dict[CaseId, Case]:
    """Whole cases by id."""
    found: dict[CaseId, Case] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in connection.execute(joined().where(_CASES.c.id.in_(ids[start : start + _CHUNK]))):
            found[CaseId(row.id)] = case_of_row(row)
    return found


def find_open(connection: Connection, keys: Iterable[tuple[CustomerId, str]]) -> dict[tuple[CustomerId, str], Case]:
    """The cases that hold these keys now (not closed), by customer and key."""
    versions = find_open_versions(connection, keys)
    cases = read_cases(connection, [held.id for held in versions.values()])
    return {key: cases[held.id] for key, held in versions.items()}


def find_last_closed(connection: Connection, keys: Iterable[tuple[CustomerId, str]]) -> dict[tuple[CustomerId, str], ExternalKey]:
    """The newest closed case of each key, for `previous_case`."""
    found: dict[tuple[CustomerId, str], ExternalKey] = {}
    for customer_id, wanted in _by_customer(keys):
        mine = (_CASES.c.customer_id == customer_id) & _CASES.c.correlation_key.in_(wanted)
        newest = select(func.max(_CASES.c.id)).where(mine, _CASES.c.status == CaseStatus.CLOSED.value)
        statement = select(*_CASES.c["correlation_key", "external_key"])
        for row in connection.execute(statement.where(_CASES.c.id.in_(newest.group_by(_CASES.c.correlation_key)))):
            found[customer_id, row.correlation_key] = ExternalKey(row.external_key)
    return found


def get_case(connection: Connection, external_key: str) -> Case | None:
    row = connection.execute(joined().where(_CASES.c.external_key == external_key)).first()
    return None if row is None else case_of_row(row)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What to list. Empty tuples and None mean "any". `text` is looked for in titles, host and external key, whatever its
    case and accents."""

    statuses: tuple[CaseStatus, ...] = ()
    kinds: tuple[CaseKind, ...] = ()
    severities: tuple[int, ...] = ()
    customer_id: CustomerId | None = None
    customer_code: str | None = None
    text: str | None = None
    since: datetime | None = None


def list_cases(
    connection: Connection, wanted: CaseFilter, *, after: int | None, limit: int, newest_first: bool = False
) -> list[tuple[int, Case]]:
    """A page in order of opening: (cursor, case). `after` is the cursor of the last one seen."""
    statement = joined()
    if wanted.statuses:
        statement = statement.where(_CASES.c.status.in_([status.value for status in wanted.statuses]))
    if wanted.kinds:
        statement = statement.where(_CASES.c.kind.in_([kind.value for kind in wanted.kinds]))
    if wanted.severities:
        statement = statement.where(_CASES.c.severity.in_(wanted.severities))
    if wanted.customer_id is not None:
        statement = statement.where(_CASES.c.customer_id == wanted.customer_id)
    if wanted.customer_code is not None:
        statement = statement.where(_CUSTOMERS.c.code == wanted.customer_code)
    if wanted.since is not None:
        statement = statement.where(_CASES.c.last_seen_at >= wanted.since)
    if wanted.text:
        statement = statement.where(_CASES.c.search_text.contains(searchable(wanted.text), autoescape=True))
    if after is not None:
        statement = statement.where(_CASES.c.id < after if newest_first else _CASES.c.id > after)
    order = _CASES.c.id.desc() if newest_first else _CASES.c.id
    return [(row.id, case_of_row(row)) for row in connection.execute(statement.order_by(order).limit(limit))]


def count_by_status(connection: Connection) -> list[tuple[str, str, int | None, int]]:
    """(status, kind, severity, number) of cases that are not closed, for gauges."""
    columns = (_CASES.c.status, _CASES.c.kind, _CASES.c.severity)
    statement = select(*columns, func.count()).where(_CASES.c.status != CaseStatus.CLOSED.value).group_by(*columns)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]


def find_quiet(connection: Connection, *, now: datetime) -> list[Case]:
    """Candidates for `Case.quiet_verb`, which decides: cases that were quiet for long enough."""
    cleared_before, resolved_before = now - QUIET_BEFORE_RESOLVE, now - QUIET_BEFORE_CLOSE
    active = _CASES.c.status.in_([CaseStatus.OPEN.value, CaseStatus.ACKNOWLEDGED.value, CaseStatus.PENDING.value])
    light = _CASES.c.contained | ((_CASES.c.kind == CaseKind.SEVERITY_CASE.value) & (func.coalesce(_CASES.c.severity, 4) >= 3))
    cleared = active & light & (_CASES.c.cleared_at <= cleared_before) & (_CASES.c.last_seen_at <= cleared_before)
    resolved = (
        (_CASES.c.status == CaseStatus.RESOLVED.value)
        & (_CASES.c.resolved_at <= resolved_before)
        & (_CASES.c.last_seen_at <= resolved_before)
    )
    quiet_until = type_coerce(_CASES.c.last_seen_at, BigInteger) + cast(_CASES.c.quiet_close_seconds, BigInteger) * 1_000_000
    quiet = active & (quiet_until <= to_micros(now))
    rows = connection.execute(joined().where(or_(cleared, resolved, quiet)).order_by(_CASES.c.id).limit(_CHUNK))
    return [case_of_row(row) for row in rows]


def find_notes_due(connection: Connection, *, now: datetime, limit: int = _CHUNK) -> list[Case]:
    """Cases of whose further occurrences ticketing is to be told by `now`."""
    due = joined().where(_CASES.c.note_due_at <= now).order_by(_CASES.c.note_due_at).limit(limit)
    return [case_of_row(row) for row in connection.execute(due)]


def find_untold(connection: Connection, *, limit: int) -> list[Case]:
    """Cases that ticketing should know of and was never told of, oldest first: those of a version that told nobody. The
    collector's own cases and contained threats are none of them."""
    untold = (_CASES.c.handed_seq == 0) & (_CASES.c.status != CaseStatus.CLOSED.value) & _CASES.c.contained.is_(False)
    others = _CUSTOMERS.c.code != SELF_CODE
    rows = connection.execute(joined().where(untold, others).order_by(_CASES.c.id).limit(limit))
    return [case_of_row(row) for row in rows]
