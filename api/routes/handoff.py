"""`/api/v1/handoff`: the feed of messages, and their description. Who waits for new ones waits in async code: a wait costs
neither a thread nor a connection to the store."""

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api import handoff_examples
from api.auth import Caller, HandoffReader, Tools
from api.cursors import decode_cursor, encode_cursor
from api.describe import EXAMPLE, responses
from api.parameters import FeedQuery
from api.problems import Problem
from api.schemas.handoff import SCHEMA_PATH, FeedView, message_schema
from api.tools import ApiTools
from collector.handoff.feed import FeedPage, NoSuchPlace, PlaceGone, end_of_feed, read_feed
from collector.store.messages import MessageFilter

router = APIRouter(prefix="/api/v1/handoff", tags=["hand-off"])
NOW = "now"
RESYNCHRONISE = "/api/v1/cases?status=open,acknowledged,pending,resolved"
_LISTED, _ORDER = "feed", "oldest"
_JSON = "application/json"


class FeedReader:
    """One request for the feed."""

    def __init__(self, tools: ApiTools, query: FeedQuery, caller: Caller) -> None:
        self._tools = tools
        self._query = query
        self._wanted = MessageFilter(query.type, query.severity, query.rank, caller.customer_id)

    async def begin(self) -> FeedPage:
        """What is there now. Raise Problem: 400 for a cursor that was never given, 410 for one whose messages are gone."""
        if self._query.after == NOW:
            return FeedPage([], await run_in_threadpool(self._end), more=False)
        after = decode_cursor(self._query.after, _LISTED, _ORDER)
        try:
            return await self._read(after)
        except PlaceGone as gone:
            oldest = encode_cursor(_LISTED, _ORDER, gone.oldest)
            detail = "messages behind this cursor are no longer kept: read the open cases anew, then go on from `oldest`"
            raise Problem(410, "feed_place_gone", detail, extra={"oldest": oldest, "resynchronise": RESYNCHRONISE}) from gone
        except NoSuchPlace as unknown:
            raise Problem(400, "bad_cursor", str(unknown)) from unknown

    async def wait(self, page: FeedPage) -> FeedPage:
        """Until something passes the filter, or the time is over, or the server stops. What does not pass moves the place on."""
        found = page
        with suppress(TimeoutError):
            async with asyncio.timeout(self._query.wait):
                while not (found.bodies or found.more or self._tools.bell.is_over):
                    await self._tools.bell.beyond(found.next, self._query.wait)
                    found = await self._read(found.next)
        return found

    async def _read(self, after: int | None) -> FeedPage:
        return await run_in_threadpool(self._read_now, after)

    def _read_now(self, after: int | None) -> FeedPage:
        with self._tools.store.read() as connection:
            return read_feed(connection, self._wanted, after=after, limit=self._query.limit)

    def _end(self) -> int:
        with self._tools.store.read() as connection:
            return end_of_feed(connection)


@router.get(
    "/feed",
    operation_id="readFeed",
    summary="What happened to cases, message by message",
    response_model=FeedView,
    responses=responses(handoff_examples.FEED, 400, 410),
)
async def read(query: Annotated[FeedQuery, Query()], caller: HandoffReader, tools: Tools, request: Request) -> Response:
    """Every message is there for every reader once, in the order in which the changes were committed, and never altered. Keep
    `next` and give it back as `after`; the same cursor gives the same messages again. With `wait` an answer that would be empty
    waits for the first message that passes the filter."""
    reader = FeedReader(tools, query, caller)
    page = await reader.begin()
    if query.wait and not page.bodies and not page.more:
        waited = await _unless_they_leave(request, reader.wait(page))
        if waited is None:
            return Response(status_code=204)  # for nobody
        page = waited
    tools.handoff.feed_reads += 1
    return Response(_as_json(page), media_type=_JSON)


async def _unless_they_leave(request: Request, waiting: Coroutine[Any, Any, FeedPage]) -> FeedPage | None:
    """What is waited for; None when the client goes away before."""
    found, left = asyncio.create_task(waiting), asyncio.create_task(_leave(request))
    try:
        await asyncio.wait({found, left}, return_when=asyncio.FIRST_COMPLETED)
        return found.result() if found.done() else None
    finally:
        for task in (found, left):
            task.cancel()
        await asyncio.gather(found, left, return_exceptions=True)


async def _leave(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _as_json(page: FeedPage) -> bytes:
    """The bodies as they were written, octet for octet."""
    following = encode_cursor(_LISTED, _ORDER, page.next)
    more = "true" if page.more else "false"
    return f'{{"items":[{",".join(page.bodies)}],"next":"{following}","more":{more}}}'.encode()


@router.get(
    SCHEMA_PATH.removeprefix("/api/v1/handoff"),
    operation_id="getMessageSchema",
    summary="What a message looks like",
    response_class=JSONResponse,
    responses={200: {"content": {_JSON: {EXAMPLE: json.dumps(handoff_examples.SCHEMA)}}}},
)
async def schema(tools: Tools) -> dict[str, Any]:
    """JSON Schema of one message. Fields are only added within `api_version` 1: ignore those you do not know. Needs no key."""
    return message_schema(tools.public_url)
