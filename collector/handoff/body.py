"""The body of a message: the full current case and what changed, as JSON. Which change causes which message is collector.changes'
business; the published description is made by the API, and every body fits it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from collector.domain.case import Case
from collector.domain.clock import rfc3339
from collector.domain.deadline import Deadline, DeadlineState
from collector.domain.ids import NotificationId
from collector.domain.item import Transport
from collector.domain.message import API_VERSION, PULL, Told, message_id
from collector.domain.registry import Customer
from collector.domain.signal import CaseKind
from collector.domain.terms import Terms
from collector.handoff.wording import summary_of
from collector.store.notifications import TEXT_KEPT
from collector.store.tickets import Ticket

EVIDENCE_SHOWN = 20
EVIDENCE_OCTETS = 2048
"""How much of a text is evidence; more would make a message large and a ticket unreadable."""
MAX_OCTETS = 64 * 1024
"""Of a whole message."""
CASE_OCTETS = 44 * 1024
TEXT_OCTETS = 16 * 1024
"""Of what somebody wrote, as JSON: a note of 10,000 characters in our languages is whole."""
_LONGEST = {"title": 500, "summary": 4_000, "steps": 8_000, "field": 500}
_SHORT = 1_000
"""Characters of summary and steps of a case that is too large even without evidence."""
HIDDEN = ("request", "request_content")
"""Digests in log entries that make repeated requests known: nothing for readers."""
TELL_THE_CUSTOMER = "remote_access_only_after_telling_the_customer"
OUTSIDE_HOURS = "work_outside_hours_only_through_the_account_manager"
_MANUFACTURER = "Symantec - Broadcom"


@dataclass(frozen=True, slots=True)
class Original:
    """What arrived: its octets, and the whole text where there is one."""

    payload: bytes
    text: str | None


class Shown(Protocol):
    """A notification as far as evidence shows it."""

    @property
    def id(self) -> NotificationId: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def transport(self) -> Transport: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fresh:
    """A notification that is being written with the message that tells of it."""

    id: NotificationId
    received_at: datetime
    transport: Transport
    original: Original

    @property
    def text(self) -> str:
        return self.original.text or ""


class MessageBody:
    """One case, serialised once for all messages of one change."""

    def __init__(self, case: Case, shown: dict[str, Any]) -> None:
        self._key = case.external_key
        self._case = orjson.Fragment(_bounded(shown))

    def of(self, told: Told) -> str:
        """The JSON that every reader of this message gets, for ever."""
        text = _fitting(told.text)
        change = {
            "what": told.what.value,
            "by": told.by,
            "text": text,
            "truncated": text != told.text,
            "detail": detail_of(told.detail),
        }
        message = {
            "type": told.type.value,
            "id": message_id(self._key, told.seq),
            "timestamp": rfc3339(told.at),
            "api_version": API_VERSION,
            "destination": PULL,
            "seq": told.seq,
            "data": {"case": self._case, "change": change},
        }
        return orjson.dumps(message).decode()


def message_body(
    case: Case,
    *,
    customer: Customer,
    evidence: Sequence[Shown],
    originals: Mapping[NotificationId, Original],
    deadlines: Sequence[Deadline],
    ticket: Ticket | None,
    terms: Terms,
) -> MessageBody:
    """`evidence` newest first; `originals` are those at hand."""
    shown = case_of(
        case,
        customer=customer,
        evidence=evidence,
        originals=originals,
        deadlines=deadlines,
        ticket=ticket,
        terms=terms,
        language=terms.language,
    )
    return MessageBody(case, shown)


def case_of(
    case: Case,
    *,
    customer: Customer,
    evidence: Sequence[Shown],
    originals: Mapping[NotificationId, Original],
    deadlines: Sequence[Deadline],
    ticket: Ticket | None,
    terms: Terms,
    language: str,
) -> dict[str, Any]:
    """The case as everybody outside sees it, in messages and in the API."""
    outside = is_outside_hours(case, terms)
    return {
        **_what_it_is(case, language),
        "url": f"{terms.public_url}/cases/{case.external_key}",
        "customer": customer_of(customer),
        "entitlement": None,
        "outside_hours": outside,
        "ticket_fields": ticket_fields_of(case),
        "threat": threat_of(case),
        "source": {
            "name": case.source_name or None,
            "channel": case.channel,
            "rule": case.rule,
            "rule_version": case.rule_version,
        },
        "deadlines": deadlines_of(deadlines),
        "notices": notices_of(outside_hours=outside),
        "evidence": [_evidence(one, originals.get(one.id), terms) for one in evidence],
        "previous_case": case.previous_case,
        "ticket": ticket_of(ticket),
    }


def _what_it_is(case: Case, language: str) -> dict[str, Any]:
    return {
        "external_key": case.external_key,
        "kind": case.kind.value,
        "urgency": case.urgency.value,
        "severity": case.severity,
        "rank": case.rank,
        "contained": case.contained,
        "status": case.status.value,
        "level": case.level,
        "trust": case.trust.word,
        "review_for_severity_1": case.review_for_severity_1,
        "title": _cut(case.title.in_language(language), "title"),
        "summary": _cut(summary_of(case, language), "summary"),
        "steps": _cut(case.steps.in_language(language), "steps"),
        "assignee": case.assignee,
        "host": _cut(case.host, "field"),
        "product": case.product,
        "opened_at": rfc3339(case.opened_at),
        "last_seen_at": rfc3339(case.last_seen_at),
        "occurrences": case.occurrences,
        "cleared_at": moment(case.cleared_at),
    }


def moment(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def is_outside_hours(case: Case, terms: Terms) -> bool:
    """Whether the case was born outside the working time of the service."""
    return not terms.promise.calendar.is_working(case.opened_at)


def customer_of(customer: Customer) -> dict[str, Any]:
    """What the installation knows of the customer; what it does not know is null or empty."""
    return {
        "code": customer.code,
        "name": customer.name,
        "support_id": None,
        "language": customer.language,
        "contacts": [],
        "account_manager": None,
        "technical_account_manager": None,
    }


def ticket_fields_of(case: Case) -> dict[str, str | int | None]:
    """The fields of the service's portal (manual, section 5). A threat's priority is its rank."""
    priority = case.rank if case.kind is CaseKind.THREAT_INCIDENT else case.severity
    return {"manufacturer": _MANUFACTURER, "platform": None, "platform_version": None, "priority": priority}


def notices_of(*, outside_hours: bool) -> list[str]:
    """Constant words for what every reader must know before working on the case (manual, sections 1 and 2)."""
    return [TELL_THE_CUSTOMER, OUTSIDE_HOURS] if outside_hours else [TELL_THE_CUSTOMER]


def threat_of(case: Case) -> dict[str, str | None] | None:
    """Indicators of a threat incident, as the console named them."""
    if case.kind is not CaseKind.THREAT_INCIDENT:
        return None
    fields = case.fields
    found = {
        "risk": fields.get("risk"),
        "action": fields.get("action"),
        "path": fields.get("path") or fields.get("file"),
        "sha256": fields.get("sha256"),
    }
    return {name: _cut(value, "field") for name, value in found.items()}


def deadlines_of(deadlines: Sequence[Deadline]) -> list[dict[str, Any]]:
    """Without those that a definite time replaced."""
    return [deadline_of(one) for one in deadlines if one.state is not DeadlineState.REPLACED]


def deadline_of(deadline: Deadline) -> dict[str, Any]:
    """`start` is the first working moment that counts; `due_at` is null while the case waits for the customer."""
    paused = deadline.state is DeadlineState.PAUSED
    return {
        "name": deadline.name.value,
        "severity": deadline.severity,
        "start": rfc3339(deadline.start_at),
        "due_at": None if paused else rfc3339(deadline.due_at),
        "provisional": deadline.provisional,
        "calendar": deadline.calendar,
        "state": deadline.state.value,
        "late": deadline.is_late,
    }


def ticket_of(ticket: Ticket | None) -> dict[str, str | None] | None:
    return None if ticket is None else {"number": ticket.number, "url": ticket.url, "id": ticket.id}


def _evidence(one: Shown, original: Original | None, terms: Terms) -> dict[str, Any]:
    text, truncated = evidence_text(one, original.text if original else None)
    return {
        "id": str(one.id),
        "at": rfc3339(one.received_at),
        "channel": one.transport.value,
        "text": text,
        "truncated": truncated,
        "url": f"{terms.public_url}/notifications/{one.id}",
        "sha256": hashlib.sha256(original.payload).hexdigest() if original else None,
        "bytes": len(original.payload) if original else None,
    }


def evidence_text(one: Shown, whole: str | None) -> tuple[str, bool]:
    """The text and whether something of it is missing. Without the whole one: what the store keeps."""
    if whole is None:
        return one.text, len(one.text) >= TEXT_KEPT
    octets = whole.encode()
    if len(octets) <= EVIDENCE_OCTETS:
        return whole, False
    return octets[:EVIDENCE_OCTETS].decode("utf-8", "ignore"), True


def detail_of(detail: Mapping[str, str | int | bool | None]) -> dict[str, str | int | bool | None]:
    """What a line of the history says beside its words, as readers get it."""
    shown = {name: value for name, value in detail.items() if name not in HIDDEN}
    return {name: _cut(value, "field") if isinstance(value, str) else value for name, value in shown.items()}


def _cut(text: str | None, what: str) -> str | None:
    longest = _LONGEST[what]
    return text if text is None or len(text) <= longest else f"{text[: longest - 1]}…"


def _fitting(text: str | None) -> str | None:
    if text is None or len(text) * 6 <= TEXT_OCTETS:
        return text
    while (size := len(orjson.dumps(text))) > TEXT_OCTETS:
        text = f"{text[: len(text) * TEXT_OCTETS // size - 2]}…"
    return text


def _bounded(shown: dict[str, Any]) -> bytes:
    """As JSON; the oldest evidence gives way until it fits, then long words."""
    written = orjson.dumps(shown)
    while len(written) > CASE_OCTETS and shown["evidence"]:
        shown["evidence"] = shown["evidence"][:-1]
        written = orjson.dumps(shown)
    if len(written) > CASE_OCTETS:
        written = orjson.dumps({**shown, "summary": shown["summary"][:_SHORT], "steps": shown["steps"][:_SHORT]})
    return written
