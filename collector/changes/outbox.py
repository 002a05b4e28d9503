"""Which messages a change causes: planned before the case is written, because the case counts them; written after everything that
they tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collector.changes.change import CaseChange, Step
from collector.domain.case import COLLECTOR, Case, Verdict, changed
from collector.domain.clock import rfc3339
from collector.domain.deadline import Deadline
from collector.domain.ids import CaseId, CustomerId, ExternalKey
from collector.domain.message import PULL, TOLD, MessageType, Told, message_id
from collector.domain.registry import SELF_CODE, Customer
from collector.domain.terms import Terms
from collector.handoff.body import EVIDENCE_SHOWN, Fresh, message_body
from collector.store.deadlines import read_deadlines
from collector.store.engine import Connection
from collector.store.messages import Message, append_messages
from collector.store.notifications import Notification, newest_of_cases
from collector.store.registry import load_customers
from collector.store.tickets import Ticket, find_tickets


def is_handed_off(case: Case) -> bool:
    """Whether ticketing is to know of the case: not of the collector's own, and not of a contained threat until it grows."""
    return case.handed_seq > 0 or (case.customer_code != SELF_CODE and not case.contained)


def plan_messages(change: CaseChange) -> None:
    """Decide what to tell, and count it in the case. The first message of a case is always `case.opened`. Every message carries
    the whole case: how often it happened so far is told with it."""
    case = change.case
    if change.told_by == PULL and not case.is_active:
        # whoever ended the case wants no word afterwards on what came before; the whole count comes with whatever is told next
        change.case = replace(case, note_due_at=None)
    if not is_handed_off(case) or change.told_by == PULL:
        return
    seq = case.handed_seq
    for step in change.steps:
        kind = _type_of(step)
        if kind is not None:
            seq, entry = seq + 1, step.entry
            kind = kind if seq > 1 else MessageType.OPENED
            change.told.append(Told(kind, seq, entry.at, entry.verdict, entry.actor, entry.text, entry.detail))
    if change.told:
        change.case = changed(case, handed_seq=seq, note_due_at=None, noted_occurrences=case.occurrences)


def _type_of(step: Step) -> MessageType | None:
    if step.entry.verdict is Verdict.CONFIRMED and "severity" in step.entry.detail:
        # confirming with another severity is one change in the history; for ticketing it is the severity that changed
        return MessageType.SEVERITY_CHANGED
    if step.entry.verdict in TOLD:
        return TOLD[step.entry.verdict]
    return MessageType.RELAPSED if step.entry.detail.get("relapsed") else None


def plan_repeats(change: CaseChange, *, at: datetime) -> None:
    """Tell how often it happened since the last message."""
    case = change.case
    count = case.occurrences - case.noted_occurrences
    text = f"+{count}"
    detail: dict[str, str | int | bool | None] = {
        "count": count,
        "occurrences": case.occurrences,
        "last_seen_at": rfc3339(case.last_seen_at),
    }
    told = Told(MessageType.NOTED, case.handed_seq + 1, at, Verdict.JOINED, COLLECTOR, text, detail)
    change.told.append(told)
    change.case = replace(
        case, handed_seq=told.seq, note_due_at=None, noted_occurrences=case.occurrences, version=case.version + 1
    )


def remember_repeats(case: Case, *, every: timedelta) -> Case:
    """A case that only repeated: ticketing is told some time from now, once."""
    if case.handed_seq == 0 or case.note_due_at is not None:
        return case
    return changed(case, note_due_at=case.last_seen_at + every)


def post(
    connection: Connection,
    changes: Sequence[CaseChange],
    terms: Terms,
    *,
    fresh: Mapping[ExternalKey, Sequence[Fresh]] | None = None,
) -> None:
    """Write the planned messages, each with the whole case as it is now. `fresh`: by case, what this transaction writes about it,
    newest first, its octets at hand; of other evidence only what the store keeps is shown. A new case has no other."""
    telling = [change for change in changes if change.told]
    if not telling:
        return
    around = _read_around(connection, telling)
    messages: list[Message] = []
    for change in telling:
        case, at_hand = change.case, (fresh or {}).get(change.case.external_key, ())
        body = message_body(
            case,
            customer=around.customers[case.customer_id],
            evidence=at_hand if change.is_new else around.evidence.get(case.id, []),
            originals={one.id: one.original for one in at_hand},
            deadlines=change.deadlines or around.deadlines.get(case.id, []),
            ticket=around.tickets.get(case.id),
            terms=terms,
        )
        messages += [_message(case, told, body.of(told)) for told in change.told]
    append_messages(connection, messages)


@dataclass(frozen=True, slots=True)
class _Around:
    """What the store knows around cases and the changes do not say themselves."""

    customers: Mapping[CustomerId, Customer]
    evidence: Mapping[int, list[Notification]]
    deadlines: Mapping[CaseId, list[Deadline]]
    tickets: Mapping[CaseId, Ticket]


def _read_around(connection: Connection, changes: Sequence[CaseChange]) -> _Around:
    known = [change.case.id for change in changes if not change.is_new]
    unread = [change.case.id for change in changes if not change.is_new and not change.deadlines]
    return _Around(
        customers=load_customers(connection, [change.case.customer_id for change in changes]),
        evidence=newest_of_cases(connection, known, each=EVIDENCE_SHOWN) if known else {},
        deadlines=read_deadlines(connection, unread) if unread else {},
        tickets=find_tickets(connection, known) if known else {},
    )


def _message(case: Case, told: Told, body: str) -> Message:
    return Message(
        id=message_id(case.external_key, told.seq),
        case_id=case.id,
        customer_id=case.customer_id,
        seq=told.seq,
        type=told.type,
        severity=case.severity,
        rank=case.rank,
        at=told.at,
        body=body,
    )
