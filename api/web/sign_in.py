"""Signing in and out, and the choice of a language. One password is verified at a time: each costs 19 MiB and a core."""

import asyncio
from dataclasses import dataclass, field

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.tools import ApiTools
from api.web.limiter import Limiter, SignIn, SignInCounters
from api.web.origin import address_of, peer_of
from api.web.rendering import HEADERS, page, render
from api.web.routing import PageRoute
from api.web.visitor import (
    Fields,
    ForeignForm,
    SentForm,
    cookie_name,
    language_in,
    local_path,
    require_own_page,
    root_of,
    speech_of,
    token_in,
    tools_in,
)
from collector.domain.users import LONGEST_PASSWORD, SESSION_LASTS
from collector.logs import Log
from collector.passwords import verify
from collector.store.sessions import create_session, delete_session, drop_expired
from collector.store.users import find_credentials, rehash_password, set_language

MOST_WAITING = 20
"""Attempts that may wait for their turn."""
_LONGEST_NAME = 32
_STATUS = {SignIn.WRONG: 403, SignIn.BLOCKED: 429, SignIn.BUSY: 503}
log = Log(__name__)
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(slots=True)
class Door:
    """What signing in needs to remember, one for an application."""

    limiter: Limiter = field(default_factory=Limiter)
    counters: SignInCounters = field(default_factory=SignInCounters)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


@router.get("/sign-in")
def show(request: Request) -> Response:
    return _form(request, next_path=local_path(request.query_params.get("next", "")))


def _form(request: Request, *, next_path: str = "", name: str = "", problem: str = "", status: int = 200) -> Response:
    speech = speech_of(tools_in(request), language_in(request))
    context = {"root": root_of(request), "next_path": next_path, "name": name, "problem": problem}
    return page(render("sign_in.html", speech, context), status, headers={"Vary": "Accept-Language"})


@router.post("/sign-in")
async def sign_in(request: Request, fields: Fields) -> Response:
    """A new token with every sign-in: one that somebody else planted is worth nothing."""
    next_path, name = local_path(fields.get("next", "")), fields.get("name", "").strip()[: _LONGEST_NAME + 1]
    try:
        require_own_page(request)
    except ForeignForm:
        return _form(request, next_path=next_path, problem="origin", status=403)
    ended, token = await _try(request, name, fields.get("password", ""))
    if token is None:
        return _form(request, next_path=next_path, name=name, problem=ended.value, status=_STATUS[ended])
    tools = tools_in(request)
    answer = RedirectResponse(f"{root_of(request)}{next_path}", 303, headers=HEADERS)
    answer.set_cookie(
        cookie_name(tools),
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        path="/",
        secure=tools.public_url.startswith("https:"),
        httponly=True,
        # Lax: a link in a ticket or mail must find its reader signed in. What changes anything is a POST, which this cookie never
        # accompanies from elsewhere, and which needs the session's form token besides
        samesite="lax",
    )
    return answer


async def _try(request: Request, name: str, password: str) -> tuple[SignIn, str | None]:
    """How it ended, and the token of the new session when it ended well."""
    tools, door = tools_in(request), _door(request)
    address = address_of(request, tools)
    peer = address or peer_of(request)
    if door.limiter.is_blocked(name, address, tools.clock.monotonic_ns()):
        return _ended(door, SignIn.BLOCKED), None
    if door.waiting >= MOST_WAITING:
        return _ended(door, SignIn.BUSY), None
    door.waiting += 1
    try:
        async with door.turn:
            # those who waited in the same queue may have failed meanwhile
            if door.limiter.is_blocked(name, address, tools.clock.monotonic_ns()):
                return _ended(door, SignIn.BLOCKED), None
            token = await run_in_threadpool(_verified, tools, name, password)
            if token is None:
                door.limiter.failed(name, address, tools.clock.monotonic_ns())
    finally:
        door.waiting -= 1
    if token is None:
        log.warning("a sign-in failed", peer=peer)
        return _ended(door, SignIn.WRONG), None
    door.limiter.succeeded(name, address)
    log.info("somebody signed in", user=name, peer=peer)
    return _ended(door, SignIn.OK), token


def _ended(door: Door, result: SignIn) -> SignIn:
    door.counters.ended[result] += 1
    return result


def _verified(tools: ApiTools, name: str, password: str) -> str | None:
    """The token of a new session. Takes as long for a name that nobody has, or somebody who was disabled."""
    with tools.store.read() as connection:
        found = find_credentials(connection, name) if name.isascii() and name.isprintable() else None
    known = found if found is not None and found.user.disabled_at is None else None
    verified = verify(known.password_hash if known else None, password[: LONGEST_PASSWORD + 1])
    if known is None or not verified.fits:
        return None
    at = tools.clock.now()
    with tools.store.write() as connection:
        if verified.new_hash is not None:
            rehash_password(connection, known.user.id, before=known.password_hash, after=verified.new_hash)
        drop_expired(connection, at=at)
        return create_session(connection, known.user.id, at=at)


@router.post("/sign-out")
def sign_out(request: Request, sent: SentForm) -> Response:
    tools = sent.visitor.tools
    with tools.store.write() as connection:
        delete_session(connection, token_in(request))
    answer = RedirectResponse(f"{sent.visitor.root}sign-in", 303, headers=HEADERS)
    answer.delete_cookie(
        cookie_name(tools), path="/", secure=tools.public_url.startswith("https:"), httponly=True, samesite="lax"
    )
    return answer


@router.post("/language")
def switch_language(sent: SentForm) -> Response:
    """Kept with the user: the page speaks it from then on, everywhere."""
    visitor, language = sent.visitor, sent.text("language")
    if language in ("es", "en"):
        with visitor.tools.store.write() as connection:
            set_language(connection, visitor.user.id, language)
    return RedirectResponse(f"{visitor.root}{local_path(sent.text('next'))}", 303, headers=HEADERS)


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door
