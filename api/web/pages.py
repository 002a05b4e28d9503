"""The page put together: its routes, and what they share in an application."""

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from api.tools import ApiTools
from api.web import assets, case_page, list_page, notification_page, quarantine_page, sign_in
from api.web.list_page import Lists
from api.web.routing import PageRoute
from api.web.sign_in import Door
from collector.metrics import register

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/static/{path}")
async def static(path: str) -> Response:
    return assets.answer(path)


def install(app: FastAPI, tools: ApiTools) -> None:
    """Every path of the page. None of them is in the API's description."""
    app.state.door = Door()
    app.state.lists = Lists.of(tools)
    register(tools.registry, app.state.door.counters)
    pages = (list_page, case_page, notification_page, quarantine_page)
    for part in (router, sign_in.router, *(one.router for one in pages)):
        app.include_router(part)
