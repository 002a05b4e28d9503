"""`/api/v1/sources`: which consoles there are, and how each of them is known."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import examples
from api.auth import SourcesReader, Tools
from api.cursors import decode_cursor, encode_cursor
from api.describe import responses
from api.parameters import SourceQuery
from api.schemas.sources import SourcePage
from api.shapes.sources import view
from collector.store.source_list import SourceFilter, list_sources

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])
_LISTED = "sources"
_ORDER = "oldest"


@router.get("", operation_id="listSources", summary="List sources", responses=responses(examples.SOURCE_PAGE, 400))
def list_(query: Annotated[SourceQuery, Query()], caller: SourcesReader, tools: Tools) -> SourcePage:
    """Consoles of the customers file, in the order in which they were imported first. Communities and pass phrases are never
    shown; `weak` names protocols that work and should not be used any more."""
    after = decode_cursor(query.cursor, _LISTED, _ORDER)
    wanted = SourceFilter(caller.customer_id, query.customer)
    with tools.store.read() as connection:
        page = list_sources(connection, wanted, after=after, limit=query.limit + 1)
    shown = page[: query.limit]
    following = encode_cursor(_LISTED, _ORDER, shown[-1].id) if len(page) > len(shown) else None
    return SourcePage(items=[view(source) for source in shown], next=following)
