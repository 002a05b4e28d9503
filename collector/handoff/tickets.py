"""Which ticket a case has. The number that is known first stays; another one is told to people and never takes its place."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from collector.changes.change import CaseChange, Step
from collector.changes.write import record
from collector.domain.case import Case, Verdict
from collector.domain.clock import EPOCH
from collector.domain.errors import Conflict
from collector.domain.ids import CustomerId
from collector.domain.terms import Terms
from collector.domain.ticket import TicketRef
from collector.handoff.wording import ticket_conflict, ticket_known
from collector.store.case_log import LogEntry, find_request
from collector.store.engine import Connection
from collector.store.tickets import Ticket, find_ticket, save_ticket


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks for a destination. `actor` is how the history names them; `own_name` is the name under which they work in the
    destination themselves, so that what they did there is known again; `customer_id` limits what they may see."""

    destination: str
    actor: str
    own_name: str
    customer_id: CustomerId | None = None


class TicketConflict(Conflict):
    """The case has another ticket already. Both numbers stand in its history."""

    def __init__(self, known: Ticket, offered: TicketRef) -> None:
        super().__init__(f"the case has the ticket {known.number} already; {offered.number} was noted and not taken")
        self.known = known
        self.offered = offered


class TicketVerdict(StrEnum):
    SET = "set"
    COMPLETED = "completed"
    SAME = "same"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Decided:
    """`ticket` is the one that the case has now, `case` the case as it is then."""

    verdict: TicketVerdict
    ticket: Ticket
    case: Case


def decide_ticket(known: Ticket | None, offered: TicketRef) -> TicketVerdict:
    """What an offered ticket is beside the known one. An address or id that was not told keeps its place."""
    if known is None:
        return TicketVerdict.SET
    if known.number != offered.number:
        return TicketVerdict.CONFLICT
    same = offered.url in (None, known.url) and offered.id in (None, known.id)
    return TicketVerdict.SAME if same else TicketVerdict.COMPLETED


def take_ticket(connection: Connection, case: Case, offered: TicketRef, by: Speaker, *, at: datetime, terms: Terms) -> Decided:
    """Keep the ticket with a line in the case's history, in the caller's transaction. A conflict is noted once per number."""
    known = find_ticket(connection, case.id, by.destination)
    verdict = decide_ticket(known, offered)
    if known is not None and verdict is TicketVerdict.CONFLICT:
        return Decided(verdict, known, _note_conflict(connection, case, known, offered, by, at=at, terms=terms))
    if known is not None and verdict is TicketVerdict.SAME:
        return Decided(verdict, known, case)
    url, identity = offered.url, offered.id
    if known is not None:
        url, identity = url or known.url, identity or known.id
    ticket = Ticket(case.id, by.destination, offered.number, url, identity, at, by.actor)
    save_ticket(connection, ticket)
    detail = {"ticket": ticket.number, "ticket_url": ticket.url, "destination": ticket.destination}
    return Decided(verdict, ticket, _note(connection, case, ticket_known(ticket.number), detail, by, at=at, terms=terms))


def _note_conflict(
    connection: Connection, case: Case, known: Ticket, offered: TicketRef, by: Speaker, *, at: datetime, terms: Terms
) -> Case:
    mark = hashlib.sha256(f"ticket\0{by.destination}\0{offered.number}".encode()).hexdigest()[:32]
    if find_request(connection, case.id, mark, after=EPOCH) is not None:
        return case
    detail = {
        "request": mark,
        "ticket": known.number,
        "ticket_url": known.url,
        "offered_ticket": offered.number,
        "offered_url": offered.url,
        "destination": by.destination,
    }
    text = ticket_conflict(known.number, offered.number, terms.language)
    return _note(connection, case, text, detail, by, at=at, terms=terms)


def _note(
    connection: Connection, case: Case, text: str, detail: Mapping[str, str | None], by: Speaker, *, at: datetime, terms: Terms
) -> Case:
    noted = replace(case, version=case.version + 1)
    entry = LogEntry(case.id, at, Verdict.NOTED, by.actor, text=text, detail=detail)
    change = CaseChange(noted, [Step(entry, noted)], told_by=by.destination)
    record(connection, [change], terms)
    return change.case
