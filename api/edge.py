"""The outermost layer of the application: limits on bodies, security headers, counting, and an answer whatever happens inside."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem
from collector.logs import Log
from collector.metrics import Family

MAX_BODY = 64 * 1024
BODY_SECONDS = 10.0
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_CLASSES = ("2xx", "3xx", "4xx", "5xx")
log = Log(__name__)


class RequestCounters:
    """How requests ended, since the start of the role."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()

    def count(self, status: int) -> None:
        self.answers[f"{status // 100}xx"] += 1

    def families(self) -> Iterator[Family]:
        samples = [((name,), float(self.answers[name])) for name in _CLASSES]
        yield Family("collector_api_requests", "Requests answered, by class of status", "counter", ("status",), samples)


class Edge:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, *, counters: RequestCounters) -> None:
        self._app = app
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._counters)
        try:
            await self._app(scope, await _bounded(scope, receive), answer)
        except Problem as problem:
            await problem.response()(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the edge of the API: told once with an id, then the next request
            await _fail(scope, receive, answer, error)


async def _fail(scope: Scope, receive: Receive, answer: "_Answer", error: Exception) -> None:
    occurrence = f"urn:uuid:{uuid.uuid4()}"
    log.error("a request failed", cause=error, id=occurrence, method=scope["method"], path=scope["path"])
    if answer.begun:
        raise error
    detail = "something went wrong here; the log knows it by the id in `instance`"
    problem = Problem(500, "internal_error", detail, extra={"instance": occurrence})
    await problem.response()(scope, receive, answer)


class _Answer:
    """Passes an answer on, with the headers that every answer has."""

    def __init__(self, send: Send, counters: RequestCounters) -> None:
        self._send = send
        self._counters = counters
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._counters.count(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


async def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Take the whole body in, which is short, so that nothing inside ever waits for a slow sender.

    Raise Problem: 413 when it is too long, 408 when it does not come.
    """
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not declared.isdigit() or len(declared) > 18 or int(declared) > MAX_BODY:
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            first = await _whole(receive)
    except TimeoutError:
        raise Problem(408, "body_timeout", "the body did not come in time", headers={"Connection": "close"}) from None
    waiting = [first]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


async def _whole(receive: Receive) -> Message:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise _too_large()
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}


def _too_large() -> Problem:
    return Problem(413, "body_too_large", f"a body has at most {MAX_BODY} octets", headers={"Connection": "close"})
