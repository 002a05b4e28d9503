"""`/cases/{external_key}`: one case, what people do to it, and its live part."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.web.assets import build
from api.web.case_forms import HOWS, FormProblem, act_of, mark_seen, verbs_for, version_seen
from api.web.case_view import CaseSeen, detail_of, read_case
from api.web.frame import frame_of
from api.web.list_page import lists_of
from api.web.live import until_changed
from api.web.rendering import HEADERS, page, render
from api.web.routing import PageRoute
from api.web.stamp import mark_of
from api.web.statusline import Status
from api.web.visitor import Sent, SentForm, SignedIn, SignedOut, Visitor, find_visitor
from api.web.way_view import condition_told
from collector.actions import RequestReused, StaleVersion
from collector.domain.case import CaseStatus, Verb
from collector.domain.errors import Conflict, NotFound, Rejected
from collector.domain.signal import CaseKind

router = APIRouter(route_class=PageRoute, include_in_schema=False)
KEYS: Mapping[Verb, str] = {
    Verb.ACKNOWLEDGE: "a",
    Verb.RECORD_CONTACT: "c",
    Verb.RESPOND: "r",
    Verb.NOTE: "n",
    Verb.CONFIRM: "f",
    Verb.PEND: "p",
    Verb.RESUME: "p",
    Verb.RESOLVE: "s",
    Verb.ASSIGN: "m",
    Verb.CLOSE: "x",
    Verb.REOPEN: "o",
}
"""Verb → the key that does it."""
AT_ONCE = (Verb.ACKNOWLEDGE, Verb.RESUME, Verb.REOPEN)
"""Verbs that ask for nothing."""
_TRIES = 5
_LONGEST_CURSOR = 18


@router.get("/cases/{external_key}")
async def show(request: Request, external_key: str, visitor: SignedIn) -> Response:
    status = await lists_of(request).status.get()
    return await run_in_threadpool(_shown, request, visitor, external_key, status)


def _shown(request: Request, visitor: Visitor, external_key: str, status: Status) -> Response:
    seen = read_case(visitor.tools, external_key, before=_before(request))
    done = request.query_params.get("done", "")
    said = f"done.{done}" if done in [verb.value for verb in Verb] else ""
    return page(render("case.html", visitor.speech, _context(visitor, seen, status, done=said)))


def _before(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_CURSOR else None


def _context(visitor: Visitor, seen: CaseSeen, status: Status, **more: Any) -> dict[str, Any]:
    closed = seen.case.status is CaseStatus.CLOSED
    made: dict[str, Any] = {
        **frame_of(visitor, status, here=f"cases/{seen.case.external_key}"),
        "seen": seen,
        "mark": _mark(seen, status),
        "detail_of": detail_of,
        "condition_told": condition_told,
        "verbs": verbs_for(seen.case) if visitor.user.may_act else (),
        "keys": KEYS,
        "at_once": AT_ONCE,
        "hows": HOWS,
        "severities": (1, 2, 3, 4) if seen.case.kind is CaseKind.SEVERITY_CASE else (),
        "closed": closed,
        "done": "",
        "problem": "",
        "failed": "",
        "changes": None,
        "typed": {},
    }
    return {**made, **more}


def _mark(seen: CaseSeen, status: Status) -> str:
    return f"{build()}.{seen.mark}.{status.ready}.{status.pending}.{status.quarantine}"


@router.get("/live/cases/{external_key}")
async def live(request: Request, external_key: str, visitor: SignedIn) -> Response:
    """The whole page as soon as it differs from `mark`; 304 when it does not for a while."""
    lists, before = lists_of(request), _before(request)

    async def look(_: int) -> tuple[CaseSeen, Status]:
        return await run_in_threadpool(read_case, visitor.tools, external_key, before=before), await lists.status.get()

    shown = request.query_params.get("mark", "")
    found = await until_changed(visitor.tools.clock, visitor.tools.bell, look, is_news=lambda found: _mark(*found) != shown)
    if found is None:
        return Response(status_code=304, headers=HEADERS)
    still = await run_in_threadpool(find_visitor, request)
    if still is None:
        raise SignedOut(live=True)
    context = {**_context(still, *found), "root": "../"}
    return page(await run_in_threadpool(render, "_case.html", still.speech, context))


def perform(sent: Sent, external_key: str, verb: Verb) -> Response:
    """Do it and go back to the case; what cannot be done is said on the case's page, with all that was typed."""
    visitor = sent.visitor
    if not visitor.user.may_act:
        return _failed(sent, external_key, verb, "problem.forbidden", 403)
    try:
        stale = _perform(sent, external_key, verb)
    except FormProblem as problem:
        return _failed(sent, external_key, verb, problem.sentence, 422)
    except RequestReused:
        return _failed(sent, external_key, verb, "problem.reused", 422)
    except Rejected:
        return _failed(sent, external_key, verb, "problem.rejected", 422)
    except Conflict:
        return _failed(sent, external_key, verb, "problem.conflict", 409)
    if stale:
        return _failed(sent, external_key, verb, "problem.stale", 412)
    # from `/cases/KEY/verb` to `/cases/KEY`
    return RedirectResponse(f"../{external_key}?done={verb.value}", 303, headers=HEADERS)


def _perform(sent: Sent, external_key: str, verb: Verb) -> bool:
    """Whether the case is another one than the form was made for. What only counted repeats meanwhile does not make it so."""
    tools, version = sent.visitor.tools, version_seen(sent)
    for _ in range(_TRIES):
        case = read_case(tools, external_key).case
        act = act_of(sent, case, verb, if_version=None if verb is Verb.NOTE else version)
        try:
            tools.actions.perform(act)
        except StaleVersion:
            case = read_case(tools, external_key).case
            if mark_of(case) != mark_seen(sent):
                return True
            version = case.version
            continue
        return False
    return True


def _failed(sent: Sent, external_key: str, verb: Verb, sentence: str, status: int) -> Response:
    """The page again. Its forms are made for the case as it is now, so sending them again is a decision."""
    visitor, speech = sent.visitor, sent.visitor.speech
    seen = read_case(visitor.tools, external_key)
    said = speech.t(sentence)
    if sentence == "problem.conflict":
        if verb is Verb.REOPEN and seen.case.status is CaseStatus.CLOSED:
            said = speech.t("problem.key_held")
        else:
            by = speech.t("case.by", who=speech.actor(seen.case.status_by))
            said = speech.t(sentence, status=speech.t(f"status.{seen.case.status.value}"), by=by)
    changes = _changes(sent, seen) if sentence in ("problem.stale", "problem.conflict") else None
    context = _context(
        visitor,
        seen,
        Status(),
        problem=said,
        failed=verb.value,
        changes=changes,
        typed={name: sent.text(name) for name in sent.fields},
    )
    return page(render("case.html", speech, context), status)


def _changes(sent: Sent, seen: CaseSeen) -> list[Any]:
    """Lines of the history that the visitor has not seen, newest first."""
    text = sent.text("log")
    known = int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_CURSOR else 0
    return [entry for cursor, entry in zip(seen.log_cursors, seen.log, strict=True) if cursor > known]


def _endpoint(verb: Verb) -> Callable[[str, Sent], Response]:
    def do(external_key: str, sent: SentForm) -> Response:
        if not (external_key.isascii() and external_key.isprintable()):
            raise NotFound("there is no such case")
        return perform(sent, external_key, verb)

    return do


for _verb in Verb:
    router.add_api_route(f"/cases/{{external_key}}/{_verb}", _endpoint(_verb), methods=["POST"])
