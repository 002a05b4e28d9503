"""Errors of pages as pages: what the API says as a problem, the page says as a sentence in the visitor's language."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.web.rendering import HEADERS, page, render
from api.web.visitor import ForeignForm, SignedOut, find_visitor, language_in, root_of, speech_of, tools_in
from collector.domain.errors import JournalError, NotFound, Unavailable
from collector.logs import Log

log = Log(__name__)


class PageRoute(APIRoute):
    """A route whose answers are for people."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await answer(request)
            except SignedOut as error:
                return _to_sign_in(request, live=error.live)
            except ForeignForm:
                return await _told(request, "problem.form", 403)
            except (NotFound, RequestValidationError):
                return await _told(request, "problem.not_found", 404)
            except (Unavailable, JournalError) as error:
                log.warning("a page met a store that is away", reason=error)
                return await _told(request, "problem.unavailable", 503)

        return answered


def _to_sign_in(request: Request, *, live: bool) -> Response:
    if live:
        return Response(status_code=401, headers=HEADERS)
    target = request.url.path.lstrip("/") if request.method == "GET" else ""
    query = f"?{request.url.query}" if target and request.url.query else ""
    asked = f"?next={quote(target + query, safe='')}" if target else ""
    return RedirectResponse(f"{root_of(request)}sign-in{asked}", 303, headers=HEADERS)


async def _told(request: Request, sentence: str, status: int) -> Response:
    """In the visitor's language, as far as that can be found out now."""
    language = language_in(request)
    if status != 503:
        visitor = await run_in_threadpool(find_visitor, request)
        language = visitor.user.language if visitor else language
    speech = speech_of(tools_in(request), language)
    text = render("problem.html", speech, {"root": root_of(request), "sentence": speech.t(sentence)})
    return page(text, status, headers={"Retry-After": "2"} if status == 503 else {})
