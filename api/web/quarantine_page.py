"""`/quarantine`: what came today and was not believed, understood or attributed, and the SNMPv3 engines that wait for approval:
where to look when a console is silent. Nothing is done here: who approves engines has a key for it, or the machine."""

import shlex
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.web.detail_view import detail_told
from api.web.frame import frame_of
from api.web.list_page import lists_of
from api.web.rendering import page, render
from api.web.routing import PageRoute
from api.web.statusline import Status
from api.web.visitor import SignedIn, Visitor
from collector.domain.engine import Engine, EngineState
from collector.domain.outcome import QUARANTINE, Outcome, Reason
from collector.store.engines import EngineFilter, list_engines
from collector.store.notifications import NotificationFilter, list_notifications

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_LISTED = 200
MOST_ENGINES = 50
_NOT_OPENED = (Reason.WRONG_DIGEST, Reason.LEVEL_TOO_LOW, Reason.DECRYPTION_ERROR)
"""No key opened it: the console is the one that it says to be from."""
_STATES = tuple(outcome for outcome in Outcome if outcome in QUARANTINE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An engine, and the command line that approves it."""

    engine: Engine
    command: str


@router.get("/quarantine")
async def show(request: Request, visitor: SignedIn) -> Response:
    status = await lists_of(request).status.get()
    return await run_in_threadpool(_page, visitor, status)


def _page(visitor: Visitor, status: Status) -> Response:
    tools = visitor.tools
    today = tools.clock.now().date()
    with tools.store.read() as connection:
        newest = list_notifications(
            connection, NotificationFilter(states=_STATES), after=None, limit=MOST_LISTED, newest_first=True
        )
        seen = EngineFilter(state=EngineState.SEEN)
        engines = list_engines(connection, seen, limit=MOST_ENGINES + 1, newest_first=True)
    context: dict[str, Any] = {
        **frame_of(visitor, status, here="quarantine"),
        "listed": [one for one in newest if one.received_at.date() == today],
        "waiting": [Waiting(engine, _command(engine)) for engine in engines[:MOST_ENGINES]],
        "not_opened": _NOT_OPENED,
        "more_engines": len(engines) > MOST_ENGINES,
        "detail_told": detail_told,
    }
    return page(render("quarantine.html", visitor.speech, context))


def _command(engine: Engine) -> str:
    source = shlex.quote(f"{engine.customer}/{engine.source}")
    return f"collector snmp approve {engine.engine_id.hex()} --source {source} --reprocess"
