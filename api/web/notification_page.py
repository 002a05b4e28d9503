"""`/notifications/{id}`: what arrived, and why it became what it is."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.schemas.notifications import HexView, VarbindView
from api.shapes import notifications as shapes
from api.tools import ApiTools
from api.web.detail_view import detail_told
from api.web.frame import frame_of
from api.web.list_page import lists_of
from api.web.rendering import page, render
from api.web.routing import PageRoute
from api.web.statusline import Status
from api.web.visitor import SignedIn, Visitor
from api.web.way_view import belief_told, condition_told, decoded_told, sender_told, tried_told
from collector.domain.errors import NotFound
from collector.domain.ids import NotificationId
from collector.domain.mail import Attachment, Mail
from collector.store.notifications import Notification, find_notifications

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LONGEST_TEXT = 64 * 1024
"""Characters of a text that are shown; a mail of megabytes is for the API."""


@router.get("/notifications/{notification_id}")
async def show(request: Request, notification_id: str, visitor: SignedIn) -> Response:
    status = await lists_of(request).status.get()
    return await run_in_threadpool(_page, visitor, notification_id, status)


def _page(visitor: Visitor, text: str, status: Status) -> Response:
    wanted = _parse(text)
    tools = visitor.tools
    told = tools.inspector.explain(wanted, customer_id=None)
    with tools.store.read() as connection:
        rows = find_notifications(connection, NotificationId(wanted.stream, wanted.seq))
    named = [row for row in rows if wanted.row in (0, row.id.row)]
    if wanted.row and not named:
        raise NotFound("there is no such notification")
    one = named[0] if named else None
    context: dict[str, Any] = {
        **frame_of(visitor, status, here=f"notifications/{wanted}"),
        "id": str(wanted),
        "one": one,
        "rows": [row for row in rows if one is not None and row.id != one.id],
        "told": told,
        "now": _now_of(told, one),
        "decoded_told": decoded_told,
        "sender_told": sender_told,
        "belief_told": belief_told,
        "detail_told": detail_told,
        "condition_told": condition_told,
        "tried_told": tried_told,
        **_contents(tools, one),
    }
    return page(render("notification.html", visitor.speech, context))


def _parse(text: str) -> NotificationId:
    try:
        return NotificationId.parse(text)
    except ValueError:
        raise NotFound("there is no such notification") from None


def _now_of(told: Mapping[str, Any], one: Notification | None) -> Mapping[str, Any] | None:
    """What today's rules make of this one notification; None when its octets are gone or nothing comes of it."""
    now = told["now"]
    drafts: list[Mapping[str, Any]] = now["notifications"] if isinstance(now, Mapping) else []
    mine = [draft for draft in drafts if one is not None and draft["id"] == str(one.id)]
    return next(iter(mine or drafts), None)


def _contents(tools: ApiTools, one: Notification | None) -> dict[str, Any]:
    """Text, variables and attachments, as far as the original is kept."""
    if one is None:
        return {"text": "", "varbinds": [], "attachments": (), "trap_name": None}
    content = tools.inspector.contents([one.id]).get(one.id)
    shown = shapes.view(one, content, ("text", "varbinds"), tools.names)
    decoded = content.decoded if content else None
    attachments: tuple[Attachment, ...] = decoded.attachments if isinstance(decoded, Mail) else ()
    varbinds = [(bound, _value(bound)) for bound in shown.varbinds or []]
    text = shown.text[:LONGEST_TEXT]
    return {"text": text, "varbinds": varbinds, "attachments": attachments, "trap_name": shown.trap_name}


def _value(bound: VarbindView) -> str:
    """Octets that are no text in hexadecimal; what they may mean stands behind them."""
    if isinstance(bound.value, HexView):
        return f"0x{bound.value.hex} ({bound.reading})" if bound.reading else f"0x{bound.value.hex}"
    return "" if bound.value is None else str(bound.value)
