"""`/api/v1/snmp/engines`: which SNMPv3 engines speak for consoles, and whether what they send is believed."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import engine_examples as examples
from api.auth import Caller, EnginesReader, EnginesWriter, Tools
from api.cursors import decode_cursor, encode_cursor
from api.describe import responses
from api.parameters import EngineOfQuery, EngineQuery, ForgottenEngineQuery
from api.schemas.engines import ApprovalDeed, Approved, EnginePage, EngineView, ForgottenEnginePage
from api.shapes.engines import forgotten_view, view
from collector.domain.engine import parse_engine_id
from collector.domain.errors import NotFound, Rejected
from collector.pipeline.approval import Caught
from collector.store.engines import EngineFilter, list_engines
from collector.store.forgotten_engines import ForgottenFilter, list_forgotten

router = APIRouter(prefix="/api/v1/snmp/engines", tags=["engines"])
MOST_REPROCESSED = 500
"""In one request: a few seconds of work."""
_LISTED, _FORGOTTEN = "engines", "forgotten-engines"


@router.get("", operation_id="listEngines", summary="List SNMPv3 engines", responses=responses(examples.ENGINE_PAGE, 400))
def list_(query: Annotated[EngineQuery, Query()], caller: EnginesReader, tools: Tools) -> EnginePage:
    """In the order in which they were seen first. What a `seen` one sends waits in quarantine until somebody approves it."""
    after = decode_cursor(query.cursor, _LISTED, query.order)
    wanted = EngineFilter(query.state, caller.customer_id, query.customer)
    with tools.store.read() as connection:
        page = list_engines(connection, wanted, after=after, limit=query.limit + 1, newest_first=query.order == "newest")
    shown = page[: query.limit]
    following = encode_cursor(_LISTED, query.order, shown[-1].number) if len(page) > len(shown) else None
    return EnginePage(items=[view(engine) for engine in shown], next=following)


@router.get(
    "/forgotten",
    operation_id="listForgottenEngines",
    summary="List who forgot which SNMPv3 engine",
    responses=responses(examples.FORGOTTEN_PAGE, 400),
)
def forgotten(query: Annotated[ForgottenEngineQuery, Query()], caller: EnginesReader, tools: Tools) -> ForgottenEnginePage:
    """In the order in which they were forgotten: the last 100 of each source."""
    after = decode_cursor(query.cursor, _FORGOTTEN, query.order)
    wanted = ForgottenFilter(caller.customer_id, query.customer)
    with tools.store.read() as connection:
        page = list_forgotten(connection, wanted, after=after, limit=query.limit + 1, newest_first=query.order == "newest")
    shown = page[: query.limit]
    following = encode_cursor(_FORGOTTEN, query.order, shown[-1].number) if len(page) > len(shown) else None
    return ForgottenEnginePage(items=[forgotten_view(engine) for engine in shown], next=following)


def _filter(engine_id: str, caller: Caller, customer: str | None, source: str | None) -> EngineFilter:
    try:
        octets = parse_engine_id(engine_id)
    except Rejected as error:
        raise NotFound(str(error)) from error
    return EngineFilter(None, caller.customer_id, customer, source, octets)


@router.post(
    "/{engine_id}/approve",
    operation_id="approveEngine",
    summary="Believe an engine",
    responses=responses(examples.APPROVED, 404, 409),
)
def approve(engine_id: str, caller: EnginesWriter, tools: Tools, deed: ApprovalDeed | None = None) -> Approved:
    """From the next moment on. Approving twice is the same as once. One that has not been seen yet is approved when `customer`
    and `source` name a source with an SNMPv3 user.

    409 when it waits for several sources and none is named."""
    deed = deed or ApprovalDeed()
    actor = caller.actor(deed.actor)
    engine = tools.approval.approve(_filter(engine_id, caller, deed.customer, deed.source), actor=actor)
    caught = Caught(0, 0)
    if deed.reprocess:
        caught = tools.approval.catch_up(engine, tools.inspector, actor=actor, limit=MOST_REPROCESSED)
    return Approved(engine=view(engine), reprocessed=caught.done, left=caught.left)


@router.delete(
    "/{engine_id}", operation_id="forgetEngine", summary="Forget an engine", responses=responses(examples.ENGINE, 404, 409)
)
def forget(engine_id: str, query: Annotated[EngineOfQuery, Query()], caller: EnginesWriter, tools: Tools) -> EngineView:
    """Its approval ends, and what is known of its time: when it comes again, it begins anew. That is what a console needs that
    was set back and counts its boots from the beginning. The answer is what was forgotten; who did it stays in the list of
    forgotten engines.

    409 when it speaks for several sources and none is named."""
    actor = caller.actor(query.actor)
    return view(tools.approval.forget(_filter(engine_id, caller, query.customer, query.source), actor=actor))
