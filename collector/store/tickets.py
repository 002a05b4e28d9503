"""Tickets: the record that a destination has of a case, and what it said happened to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.engine import Row

from collector.domain.ids import CaseId
from collector.domain.message import PULL
from collector.store.dialect import table_of, upsert
from collector.store.tables import TicketEntryRow, TicketRow

_TICKETS, _ENTRIES = table_of(TicketRow), table_of(TicketEntryRow)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Ticket:
    """`number` is what people say, `id` what the backend's API wants."""

    case_id: CaseId
    destination: str
    number: str
    url: str | None
    id: str | None
    set_at: datetime
    set_by: str


def find_tickets(connection: Connection, case_ids: Iterable[CaseId]) -> dict[CaseId, Ticket]:
    """The ticket that is shown of each case: that of the feed's readers, else the one known longest. Cases without one are left
    out."""
    wanted = sorted(set(case_ids))
    found: dict[CaseId, Ticket] = {}
    for start in range(0, len(wanted), _CHUNK):
        mine = _TICKETS.c.case_id.in_(wanted[start : start + _CHUNK])
        for row in connection.execute(select(_TICKETS).where(mine).order_by(_TICKETS.c.set_at, _TICKETS.c.destination)):
            ticket = _ticket(row)
            if ticket.destination == PULL or ticket.case_id not in found:
                found[ticket.case_id] = ticket
    return found


def find_ticket(connection: Connection, case_id: CaseId, destination: str) -> Ticket | None:
    """The destination's own."""
    mine = (_TICKETS.c.case_id == case_id) & (_TICKETS.c.destination == destination)
    row = connection.execute(select(_TICKETS).where(mine)).first()
    return None if row is None else _ticket(row)


def save_ticket(connection: Connection, ticket: Ticket) -> None:
    """Insert, or replace what is known of it."""
    values = {
        "case_id": ticket.case_id,
        "destination": ticket.destination,
        "number": ticket.number,
        "url": ticket.url,
        "ticket_id": ticket.id,
        "set_at": ticket.set_at,
        "set_by": ticket.set_by,
    }
    upsert(connection, _TICKETS, [values], key=["case_id", "destination"])


def _ticket(row: Row[tuple[Any, ...]]) -> Ticket:
    return Ticket(CaseId(row.case_id), row.destination, row.number, row.url, row.ticket_id, row.set_at, row.set_by)


@dataclass(frozen=True, slots=True)
class TicketEntry:
    """What a destination said at `at`, written down at `received_at`. `taken` names the facts of which it had the newest word, be
    it that the case did not follow; `result` is one word for what became of it, `reason` why it changed nothing; `body` is what
    was said, as JSON."""

    destination: str
    entry_id: str
    case_id: CaseId
    at: datetime
    received_at: datetime
    received_from: str
    taken: frozenset[str]
    result: str
    reason: str
    body: str


def add_ticket_entry(connection: Connection, entry: TicketEntry) -> None:
    values = {
        "destination": entry.destination,
        "entry_id": entry.entry_id,
        "case_id": entry.case_id,
        "at": entry.at,
        "received_at": entry.received_at,
        "received_from": entry.received_from,
        "applied": " ".join(sorted(entry.taken)),
        "reason": f"{entry.result} {entry.reason}".rstrip(),
        "body": entry.body,
    }
    connection.execute(insert(_ENTRIES).values(values))


def find_ticket_entry(connection: Connection, destination: str, entry_id: str) -> TicketEntry | None:
    """What was made of it when it came before."""
    mine = (_ENTRIES.c.destination == destination) & (_ENTRIES.c.entry_id == entry_id)
    row = connection.execute(select(_ENTRIES).where(mine)).first()
    return None if row is None else _entry(row)


def newest_word(connection: Connection, case_id: CaseId, destination: str, fact: str) -> TicketEntry | None:
    """The entry of this destination that had the newest word on the fact."""
    mine = (_ENTRIES.c.case_id == case_id) & (_ENTRIES.c.destination == destination) & _ENTRIES.c.applied.contains(fact)
    row = connection.execute(select(_ENTRIES).where(mine).order_by(_ENTRIES.c.id.desc()).limit(1)).first()
    return None if row is None else _entry(row)


def list_ticket_entries(connection: Connection, case_id: CaseId, *, after: int, limit: int) -> list[tuple[int, TicketEntry]]:
    """(cursor, entry) of every destination, in the order of arrival."""
    mine = (_ENTRIES.c.case_id == case_id) & (_ENTRIES.c.id > after)
    rows = connection.execute(select(_ENTRIES).where(mine).order_by(_ENTRIES.c.id).limit(limit))
    return [(row.id, _entry(row)) for row in rows]


def _entry(row: Row[tuple[Any, ...]]) -> TicketEntry:
    result, _, reason = row.reason.partition(" ")
    return TicketEntry(
        destination=row.destination,
        entry_id=row.entry_id,
        case_id=CaseId(row.case_id),
        at=row.at,
        received_at=row.received_at,
        received_from=row.received_from,
        taken=frozenset(row.applied.split()),
        result=result,
        reason=reason,
        body=row.body,
    )
