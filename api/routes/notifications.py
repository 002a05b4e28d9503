"""`/api/v1/notifications`: everything received, one by one: lists, originals, explanations, and quarantine tried anew."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api import examples
from api.auth import Caller, NotificationsReader, NotificationsWriter, Tools
from api.cursors import decode_cursor, encode_cursor
from api.describe import problems, responses
from api.parameters import NotificationQuery
from api.schemas.cases import Deed
from api.schemas.notifications import NotificationDetail, NotificationPage, Reprocessed
from api.shapes import notifications as shapes
from api.tools import ApiTools
from collector.domain.errors import Conflict, NotFound
from collector.domain.ids import NotificationId, StreamName
from collector.domain.item import Item, ItemKind
from collector.store.cases import get_case
from collector.store.engine import Connection
from collector.store.notifications import Notification, NotificationFilter, find_notifications, list_notifications
from collector.store.streams import is_processed

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])
_LISTED = "notifications"


@router.get(
    "", operation_id="listNotifications", summary="List notifications", responses=responses(examples.NOTIFICATION_PAGE, 400)
)
def list_(query: Annotated[NotificationQuery, Query()], caller: NotificationsReader, tools: Tools) -> NotificationPage:
    """In the order in which they were processed. What is still `pending` has no place in that order: ask for it by its id, or see
    the ledger for how many there are."""
    after = decode_cursor(query.cursor, _LISTED, query.order)
    with tools.store.read() as connection:
        wanted = _filter(connection, query, caller)
        newest_first = query.order == "newest"
        page = (
            list_notifications(connection, wanted, after=after, limit=query.page + 1, newest_first=newest_first) if wanted else []
        )
    shown = page[: query.page]
    following = encode_cursor(_LISTED, query.order, shown[-1].cursor) if len(page) > len(shown) else None
    return NotificationPage(items=shapes.views(tools, shown, include=query.include), next=following)


def _filter(connection: Connection, query: NotificationQuery, caller: Caller) -> NotificationFilter | None:
    """None when it can match nothing: the case is unknown."""
    case = get_case(connection, query.case) if query.case else None
    if query.case and case is None:
        return None
    return NotificationFilter(query.state, caller.customer_id, query.customer, case.id if case else None)


def _parse(text: str) -> NotificationId:
    try:
        return NotificationId.parse(text)
    except ValueError:
        raise NotFound("there is no such notification") from None


def _item_rows(tools: ApiTools, wanted: NotificationId) -> list[Notification]:
    """All stored notifications of the item; empty while it is pending. Raise NotFound when it is processed and has none."""
    with tools.store.read() as connection:
        processed = is_processed(connection, wanted)  # before its rows
        rows = _rows_of_item(connection, wanted)
    if processed and not rows:
        raise _not_found(wanted)
    return rows


def _rows_of_item(connection: Connection, wanted: NotificationId) -> list[Notification]:
    return find_notifications(connection, NotificationId(wanted.stream, wanted.seq))


def _visible(rows: list[Notification], wanted: NotificationId, caller: Caller) -> list[Notification]:
    """The caller's part of an item's rows, the wanted one first; empty when the item may be pending. Raise NotFound."""
    seen = [row for row in rows if caller.may_see(row.customer_id)]
    named = [row for row in seen if wanted.row in (0, row.id.row)]
    if not named and (rows or caller.customer_id is not None or wanted.row):
        raise _not_found(wanted)
    return named + [row for row in seen if row not in named]


def _not_found(wanted: NotificationId) -> NotFound:
    return NotFound(f"there is no notification {wanted}")


def _pending_item(tools: ApiTools, wanted: NotificationId) -> Item:
    """An item without rows that is not processed. Raise NotFound."""
    item = tools.reader.get(StreamName.parse(wanted.stream), wanted.seq)
    if item is None or item.kind == ItemKind.TALLY:
        raise _not_found(wanted)
    return item


@router.get(
    "/{notification_id}",
    operation_id="getNotification",
    summary="One notification",
    responses=responses(examples.NOTIFICATION_DETAIL, 404),
)
def get(notification_id: str, caller: NotificationsReader, tools: Tools) -> NotificationDetail:
    """By `<stream>-<seq>-<row>`; `<stream>-<seq>` of an item with several rows answers the first one; `rows` names them all."""
    wanted = _parse(notification_id)
    rows = _visible(_item_rows(tools, wanted), wanted, caller)
    if not rows:
        return shapes.pending(_pending_item(tools, wanted))
    return shapes.detail(tools, rows[0], sorted(row.id for row in rows))


class RawResponse(Response):
    media_type = "application/octet-stream"


@router.get(
    "/{notification_id}/raw",
    operation_id="getRawNotification",
    summary="The bytes as they arrived",
    response_class=RawResponse,
    responses={200: {"content": {"application/octet-stream": {}}}, **problems(404)},
)
def get_raw(notification_id: str, caller: NotificationsReader, tools: Tools) -> RawResponse:
    """The datagram or the mail as a download, untouched but for communities: each of their octets is an asterisk. 404 too when it
    is no longer kept."""
    wanted = _parse(notification_id)
    rows = _visible(_item_rows(tools, wanted), wanted, caller)
    if not rows:
        _pending_item(tools, wanted)
    kept = rows[0].id if rows else wanted
    content = tools.inspector.contents([kept]).get(kept)
    if content is None:
        raise NotFound(f"the bytes of {wanted} are no longer kept")
    name = f"{wanted}.{'eml' if content.kind is ItemKind.MAIL else 'bin'}"
    return RawResponse(content.payload, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get(
    "/{notification_id}/explain",
    operation_id="explainNotification",
    summary="Why it became what it is",
    response_model=dict[str, Any],
    responses=responses(examples.EXPLANATION, 404),
)
def explain(notification_id: str, caller: NotificationsReader, tools: Tools) -> Response:
    """What was recorded then (source, kind, rule, key, verdict), and what the present customers and rules say to each step."""
    wanted = _parse(notification_id)
    told = tools.inspector.explain(wanted, customer_id=caller.customer_id)
    with tools.store.read() as connection:
        rows = _rows_of_item(connection, wanted)
    if not all(caller.may_see(row.customer_id) for row in rows):
        told["now"] = None  # one mail to two customers: what is said of it today names the other one too
    return Response(json.dumps(told), media_type="application/json")  # in ASCII: a hostile subject may have no UTF-8 form


@router.post(
    "/{notification_id}/reprocess",
    operation_id="reprocessNotification",
    summary="Try a notification anew that is in quarantine or was over its customer's rate",
    responses=responses(examples.REPROCESSED, 404, 409),
)
def reprocess(notification_id: str, caller: NotificationsWriter, tools: Tools, deed: Deed | None = None) -> Reprocessed:
    """With today's customers and rules. The receipt time stays; a case that it opens begins now and is marked late. What is
    `over_limit` is processed as if it had come within its customer's rate.

    409 when it is neither in quarantine nor `over_limit`, or when its octets are no longer kept."""
    wanted = _parse(notification_id)
    rows = _item_rows(tools, wanted)
    if not _visible(rows, wanted, caller):
        _pending_item(tools, wanted)
        raise Conflict(f"{wanted} is pending: it is processed anyway")
    if not all(caller.may_see(row.customer_id) for row in rows):
        raise _not_found(wanted)  # one mail to two customers: trying it anew would change the other one's cases too
    done = tools.inspector.reprocess(wanted, actor=caller.actor(deed.actor if deed else None))
    return Reprocessed(items=shapes.views(tools, [row for row in done if caller.may_see(row.customer_id)]))
