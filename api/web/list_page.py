"""`/`: the list of open cases, and its live part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.tools import ApiTools
from api.web.assets import build
from api.web.frame import frame_of
from api.web.live import Shared, until_changed
from api.web.rendering import HEADERS, page, render
from api.web.routing import PageRoute
from api.web.rows import NOT_CLOSED, ListQuery, Rows, read_rows
from api.web.statusline import Status, StatusLine
from api.web.visitor import SignedIn, SignedOut, Visitor, find_visitor
from collector.domain.signal import CaseKind
from collector.store.registry import load_customer_records

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Lists:
    """What the live lists share, one for an application."""

    shared: Shared[Rows]
    status: StatusLine

    @classmethod
    def of(cls, tools: ApiTools) -> "Lists":
        return cls(Shared(tools.clock), StatusLine(tools))


@router.get("/")
async def show(request: Request, visitor: SignedIn) -> Response:
    query = ListQuery.parse(request.query_params)
    status = await lists_of(request).status.get()
    return await run_in_threadpool(_page, visitor, query, status)


def _page(visitor: Visitor, query: ListQuery, status: Status) -> Response:
    tools = visitor.tools
    with tools.store.read() as connection:
        rows = read_rows(connection, tools, query, visitor.user.name)
        customers = sorted(load_customer_records(connection))
    context: dict[str, Any] = {
        **frame_of(visitor, status, here=query.address()),
        **_shown(rows, query, status),
        "customers": customers,
        "kinds": [kind.value for kind in CaseKind],
        "statuses": [status.value for status in NOT_CLOSED],
    }
    return page(render("list.html", visitor.speech, context))


def _shown(rows: Rows, query: ListQuery, status: Status) -> dict[str, Any]:
    return {
        "rows": rows,
        "query": query,
        "mark": _mark(rows, status),
        "more": query.address(after=rows.more) if rows.more else "",
    }


def _mark(rows: Rows, status: Status) -> str:
    """What the browser sends back to say what it shows."""
    return f"{build()}.{rows.mark}.{status.ready}.{status.pending}.{status.quarantine}"


@router.get("/live/cases")
async def live(request: Request, visitor: SignedIn) -> Response:
    """The list's live part as soon as it differs from `mark`; 304 when it does not for a while."""
    query = ListQuery.parse(request.query_params)
    found = await until_changed(
        visitor.tools.clock, visitor.tools.bell, _looking(request, visitor, query), is_news=_other_than(request)
    )
    if found is None:
        return Response(status_code=304, headers=HEADERS)
    rows, status = found
    still = await run_in_threadpool(find_visitor, request)
    if still is None:
        raise SignedOut(live=True)
    context = {**frame_of(still, status, here=query.address(), root="./"), **_shown(rows, query, status)}
    return page(await run_in_threadpool(render, "_list.html", still.speech, context))


def _looking(request: Request, visitor: Visitor, query: ListQuery) -> Callable[[int], Any]:
    tools, user, lists = visitor.tools, visitor.user.name, lists_of(request)

    def ask() -> Rows:
        with tools.store.read() as connection:
            return read_rows(connection, tools, query, user)

    async def look(since_ns: int) -> tuple[Rows, Status]:
        key = (query, user if query.mine else "")
        rows = await lists.shared.get(key, lambda: run_in_threadpool(ask), since_ns=since_ns)
        return rows, await lists.status.get()

    return look


def _other_than(request: Request) -> Callable[[tuple[Rows, Status]], bool]:
    shown = request.query_params.get("mark", "")
    return lambda found: _mark(*found) != shown


def lists_of(request: Request) -> Lists:
    lists: Lists = request.app.state.lists
    return lists
