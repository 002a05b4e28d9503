"""What people do to cases: one path per verb. Which verb fits which state is decided in `collector.domain.case`."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api import examples
from api.auth import Caller, CasesWriter, Tools
from api.describe import responses
from api.parameters import AcceptLanguage, IdempotencyKey, IfMatch, LanguageQuery, language_of, version_of
from api.problems import Problem
from api.routes.cases import answer_case, visible_case
from api.schemas.cases import CaseView, Deed, NoteDeed
from api.schemas.deeds import AssignDeed, ConfirmDeed, ContactDeed, ResponseDeed
from api.shapes.cases import CaseShaper
from api.tools import ApiTools
from collector.actions import Act, Request, StaleVersion
from collector.domain.case import Verb
from collector.domain.case_facts import Contact
from collector.domain.errors import Conflict

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])
VERBS = {
    Verb.ACKNOWLEDGE: ("Somebody takes it", "Stops no clock by itself. Acknowledging twice is the same as once."),
    Verb.PEND: ("Wait for the customer", "The case is `pending` until it is resumed or fails again."),
    Verb.RESUME: ("Go on", "A pending case is acknowledged again."),
    Verb.RESOLVE: ("The trouble is gone", "It closes itself after 60 quiet minutes; failing again before reopens it."),
    Verb.CLOSE: ("Done", "The next notification of the same trouble opens a new case."),
    Verb.REOPEN: ("Not done after all", "Possible for a closed case as long as no other case holds the same trouble."),
}
"""Verb → summary and description of its path. Those that say more than a reason have paths of their own form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What all verbs have in common: the case as the path names it, headers, language."""

    tools: ApiTools
    caller: Caller
    external_key: str
    language: str
    if_version: int | None
    idempotency_key: str | None


def asked(
    external_key: str,
    query: Annotated[LanguageQuery, Query()],
    caller: CasesWriter,
    tools: Tools,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
    accept_language: AcceptLanguage = None,
) -> Asked:
    language = language_of(query.language, accept_language, tools.language)
    return Asked(tools, caller, external_key, language, version_of(if_match), idempotency_key)


AskedDeed = Annotated[Asked, Depends(asked)]


@dataclass(frozen=True, slots=True)
class Said:
    """What some verbs say beyond a reason."""

    severity: int | None = None
    contact: Contact | None = None
    at: datetime | None = None
    assignee: str | None = None


def perform(asked: Asked, verb: Verb, deed: Deed | NoteDeed, response: Response, said: Said | None = None) -> CaseView:
    """Do it and answer the case as it is then."""
    said = said or Said()
    tools, caller = asked.tools, asked.caller
    with tools.store.read() as connection:
        visible_case(connection, asked.external_key, caller)
    act = Act(
        external_key=asked.external_key,
        verb=verb,
        actor=caller.actor(deed.actor),
        text=deed.text,
        customer_id=caller.customer_id,
        if_version=asked.if_version,
        request=_request(asked, verb, deed),
        at=said.at,
        severity=said.severity,
        contact=said.contact,
        assignee=said.assignee,
    )
    try:
        case = tools.actions.perform(act)
    except StaleVersion:
        raise
    except Conflict as conflict:
        raise _conflict(asked, conflict) from conflict
    return answer_case(response, CaseShaper(tools, asked.language).brief(case), asked.language)


def _request(asked: Asked, verb: Verb, deed: Deed | NoteDeed) -> Request | None:
    if asked.idempotency_key is None:
        return None
    content = [verb, deed.text, deed.actor]
    if more := deed.model_dump(mode="json", exclude={"text", "actor"}):
        content.append(json.dumps(more, sort_keys=True))
    return Request(_digest(f"{asked.caller.key_id}\0{asked.idempotency_key}"), _digest(json.dumps(content)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _conflict(asked: Asked, conflict: Conflict) -> Problem:
    """With the state the case is in now and who put it there."""
    with asked.tools.store.read() as connection:
        case = visible_case(connection, asked.external_key, asked.caller)
    extra = {"case_status": case.status.value, "set_by": case.status_by or "collector", "version": case.version}
    return Problem(409, "conflict", str(conflict), extra=extra)


@router.post(
    "/{external_key}/notes",
    operation_id="noteCase",
    summary="Add a note",
    responses=responses(examples.CASE, 400, 404, 409, 412),
)
def note(asked: AskedDeed, deed: NoteDeed, response: Response) -> CaseView:
    """Goes into the case's history. Send an `Idempotency-Key`, or a repeated request is a second note."""
    return perform(asked, Verb.NOTE, deed, response)


@router.post(
    "/{external_key}/confirm",
    operation_id="confirmCase",
    summary="Confirm the case, and its severity or another one",
    responses=responses(examples.CASE, 400, 404, 409, 412),
)
def confirm(asked: AskedDeed, response: Response, deed: ConfirmDeed | None = None) -> CaseView:
    """From now on its times are definite: the response counts from the first confirmation. A more severe number starts its own
    clocks beside the present ones; a less severe one takes their place. Confirming twice is the same as once."""
    deed = deed or ConfirmDeed()
    return perform(asked, Verb.CONFIRM, deed, response, Said(severity=deed.severity))


@router.post(
    "/{external_key}/record-contact",
    operation_id="recordContactOfCase",
    summary="The customer was contacted",
    responses=responses(examples.CASE, 400, 404, 409, 412),
)
def record_contact(asked: AskedDeed, deed: ContactDeed, response: Response) -> CaseView:
    """Meets the promise of contact as of `at`. Every contact is a line of the history: send an `Idempotency-Key`. `at` may not
    lie before the case or in the future (422)."""
    said = Said(contact=Contact(deed.who, deed.how), at=deed.at)
    return perform(asked, Verb.RECORD_CONTACT, deed, response, said)


@router.post(
    "/{external_key}/respond",
    operation_id="respondToCase",
    summary="The customer got a substantive answer",
    responses=responses(examples.CASE, 400, 404, 409, 412),
)
def respond(asked: AskedDeed, response: Response, deed: ResponseDeed | None = None) -> CaseView:
    """Meets every promise of response that is owed as of `at`. Every answer is a line of the history: send an `Idempotency-Key`.
    `at` may not lie before the case or in the future (422)."""
    deed = deed or ResponseDeed()
    return perform(asked, Verb.RESPOND, deed, response, Said(at=deed.at))


@router.post(
    "/{external_key}/assign",
    operation_id="assignCase",
    summary="Give it to somebody",
    responses=responses(examples.CASE, 400, 404, 409, 412),
)
def assign(asked: AskedDeed, deed: AssignDeed, response: Response) -> CaseView:
    """Stops no clock. Assigning to the same person twice is the same as once."""
    return perform(asked, Verb.ASSIGN, deed, response, Said(assignee=deed.assignee))


def _endpoint(verb: Verb) -> Callable[[Asked, Response, Deed | None], CaseView]:
    def do(asked: AskedDeed, response: Response, deed: Deed | None = None) -> CaseView:
        return perform(asked, verb, deed or Deed(), response)

    return do


for _verb, (_summary, _description) in VERBS.items():
    router.add_api_route(
        f"/{{external_key}}/{_verb}",
        _endpoint(_verb),
        methods=["POST"],
        operation_id=f"{_verb}Case",
        summary=_summary,
        description=_description,
        responses=responses(examples.CASE, 400, 404, 409, 412),
    )
