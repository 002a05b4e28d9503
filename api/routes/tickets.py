"""`/api/v1/cases/{external_key}/ticket` and `/ticket-events`: what destinations say about their tickets. What it does to cases is
in collector.handoff.inbound."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import handoff_examples as examples
from api.auth import Caller, CasesReader, TicketsWriter, Tools
from api.cursors import decode_cursor, encode_cursor
from api.describe import EXAMPLE, problems, responses
from api.parameters import PageQuery
from api.problems import Problem
from api.routes.cases import visible_case
from api.schemas.tickets import TicketDetail, TicketEntryPage, TicketEntryView, TicketNewsAnswer, TicketNewsBody, TicketOffer
from collector.domain.errors import NotFound
from collector.domain.ticket import TicketRef
from collector.handoff.counters import EntryResult
from collector.handoff.inbound import TicketNews, TicketNote
from collector.handoff.tickets import Speaker, TicketConflict
from collector.store.tickets import Ticket, TicketEntry, find_tickets, list_ticket_entries

router = APIRouter(prefix="/api/v1/cases", tags=["hand-off"])
_LISTED = "ticket-entries"
_NEWS = {
    202: {
        "description": "Noted; `applied` says whether anything of it is so now.",
        "model": TicketNewsAnswer,
        "content": {"application/json": {EXAMPLE: json.dumps(examples.TICKET_NEWS_ANSWER)}},
    },
    200: {
        "description": "It came before; nothing was done.",
        "model": TicketNewsAnswer,
        "content": {"application/json": {EXAMPLE: json.dumps(examples.TICKET_NEWS_REPEATED)}},
    },
    **problems(404, 409),
}


def _speaker(caller: Caller) -> Speaker:
    return Speaker(caller.destination, caller.actor(), caller.name, caller.customer_id)


@router.put(
    "/{external_key}/ticket",
    operation_id="putTicket",
    summary="The case has this ticket",
    responses=responses(examples.TICKET, 404, 409),
)
def put(external_key: str, offer: TicketOffer, caller: TicketsWriter, tools: Tools) -> TicketDetail:
    """The same again changes nothing. Another number is 409 (`ticket_conflict`): nothing is overwritten, and both stand in the
    case's history for people to decide."""
    offered = TicketRef(offer.number, offer.url, offer.id)
    try:
        decided = tools.inbound.put_ticket(external_key, offered, _speaker(caller))
    except TicketConflict as conflict:
        extra = {"ticket": conflict.known.number, "offered": conflict.offered.number}
        raise Problem(409, "ticket_conflict", str(conflict), extra=extra) from conflict
    return _detail(decided.ticket)


@router.get(
    "/{external_key}/ticket",
    operation_id="getTicket",
    summary="The ticket of a case",
    responses=responses(examples.TICKET, 404),
)
def get(external_key: str, caller: CasesReader, tools: Tools) -> TicketDetail:
    """404 as long as no destination has told one."""
    with tools.store.read() as connection:
        case = visible_case(connection, external_key, caller)
        ticket = find_tickets(connection, [case.id]).get(case.id)
    if ticket is None:
        raise NotFound("no destination has told a ticket of this case")
    return _detail(ticket)


def _detail(ticket: Ticket) -> TicketDetail:
    return TicketDetail(
        number=ticket.number,
        url=ticket.url,
        id=ticket.id,
        destination=ticket.destination,
        set_at=ticket.set_at,
        set_by=ticket.set_by,
    )


@router.post(
    "/{external_key}/ticket-events",
    operation_id="tellOfTicket",
    summary="Something happened to the ticket",
    status_code=202,
    responses=_NEWS,
)
def tell(external_key: str, body: TicketNewsBody, caller: TicketsWriter, tools: Tools, response: Response) -> TicketNewsAnswer:
    """Noted in any case; the same `event_id` again has no effect. Of status and assignee the newest word counts (by `at`, then by
    arrival). What the case's state does not allow is noted with the reason and answered 202 all the same: repeating it would not
    help."""
    answer = tools.inbound.hear(external_key, _news(body), _speaker(caller))
    if answer.result is EntryResult.DUPLICATE:
        response.status_code = 200
    applied = answer.result is EntryResult.APPLIED
    reason = None if applied else answer.result
    return TicketNewsAnswer(applied=applied, reason=reason, facts=dict(answer.facts), detail=answer.reason)


def _news(body: TicketNewsBody) -> TicketNews:
    ticket, note, assignee = body.ticket, body.note, body.assignee
    return TicketNews(
        id=body.event_id,
        at=body.at,
        body=body.model_dump(mode="json", exclude_none=True),
        status=body.status,
        assignee=(assignee.name or assignee.id) if assignee else None,
        ticket=TicketRef(ticket.number, ticket.url, ticket.id) if ticket else None,
        note=TicketNote(note.text, note.internal, note.first_public_reply) if note else None,
        reason=body.reason,
        actor=body.actor,
    )


@router.get(
    "/{external_key}/ticket-events",
    operation_id="listTicketEntries",
    summary="What destinations said about the ticket",
    responses=responses(examples.TICKET_ENTRY_PAGE, 400, 404),
)
def list_(external_key: str, query: Annotated[PageQuery, Query()], caller: CasesReader, tools: Tools) -> TicketEntryPage:
    """All of it in the order of arrival, with what became of it."""
    after = decode_cursor(query.cursor, _LISTED, "oldest")
    with tools.store.read() as connection:
        case = visible_case(connection, external_key, caller)
        page = list_ticket_entries(connection, case.id, after=after or 0, limit=query.limit + 1)
    shown = page[: query.limit]
    following = encode_cursor(_LISTED, "oldest", shown[-1][0]) if len(page) > len(shown) else None
    return TicketEntryPage(items=[_entry(entry) for _, entry in shown], next=following)


def _entry(entry: TicketEntry) -> TicketEntryView:
    return TicketEntryView(
        event_id=entry.entry_id,
        destination=entry.destination,
        at=entry.at,
        received_at=entry.received_at,
        received_from=entry.received_from,
        result=EntryResult(entry.result),
        newest=sorted(entry.taken),
        detail=entry.reason or None,
        sent=json.loads(entry.body),
    )
