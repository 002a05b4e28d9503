"""Who looks at a page: the session behind the cookie, and whether a form that came was ours. Signing in and out is `sign_in`."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import Depends, Request

from api.parameters import language_of
from api.tools import ApiTools
from api.web.speech import Speech
from collector.domain.users import User
from collector.store.sessions import Session, find_session

MOST_FIELDS = 40
_LONGEST_TOKEN = 100


class SignedOut(Exception):
    """There is no session: the visitor must sign in. `live`: a script asks, which cannot follow to a form."""

    def __init__(self, *, live: bool = False) -> None:
        super().__init__("nobody is signed in")
        self.live = live


class ForeignForm(Exception):
    """A form that this page did not make, or made for another session."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in, on one page. `root` leads from it to `/`, whatever a proxy has put before it."""

    tools: ApiTools
    session: Session
    root: str

    @property
    def user(self) -> User:
        return self.session.user

    @property
    def speech(self) -> Speech:
        return speech_of(self.tools, self.user.language)


def tools_in(request: Request) -> ApiTools:
    tools: ApiTools = request.app.state.tools
    return tools


def speech_of(tools: ApiTools, language: str) -> Speech:
    return Speech(language, tools.promise.calendar.zone, tools.clock.now())


def language_in(request: Request) -> str:
    """Of somebody who is not signed in: asked for, else the browser's, else the installation's."""
    asked = request.query_params.get("language")
    accept = request.headers.get("accept-language", "")[:200]
    return asked if asked in ("es", "en") else language_of(None, accept, tools_in(request).language)


def root_of(request: Request) -> str:
    """`./` from `/` itself, `../` from `/cases/...`."""
    depth = request.url.path.count("/") - 1
    return "../" * depth or "./"


def cookie_name(tools: ApiTools) -> str:
    """Over TLS with the prefix that makes browsers refuse one that a neighbour set (RFC 6265bis, 4.1.3.2)."""
    return "__Host-collector" if tools.public_url.startswith("https:") else "collector_session"


def token_in(request: Request) -> str:
    return request.cookies.get(cookie_name(tools_in(request)), "")[:_LONGEST_TOKEN]


def find_visitor(request: Request) -> Visitor | None:
    """Asks the store."""
    tools, token = tools_in(request), token_in(request)
    if not token:
        return None
    with tools.store.read() as connection:
        session = find_session(connection, token, at=tools.clock.now())
    return None if session is None else Visitor(tools, session, root_of(request))


def visitor_of(request: Request) -> Visitor:
    """Raise SignedOut."""
    found = find_visitor(request)
    if found is None:
        raise SignedOut(live="/live/" in request.url.path)
    return found


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form; the last one of a name counts. The edge has bounded the body."""
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace"))
    except ValueError:
        raise ForeignForm from None


def require_own_page(request: Request) -> None:
    """Raise ForeignForm unless the browser says that one of our pages sends the form.

    `Sec-Fetch-Site` comes over TLS and on the machine itself only, `Origin` with every form of a browser; what says neither is
    no browser.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise ForeignForm
        return
    origin = urlsplit(request.headers.get("origin", ""))
    public = urlsplit(tools_in(request).public_url)
    ours = {request.headers.get("host", "").lower(), public.netloc.lower()}
    if origin.scheme not in ("http", "https") or origin.netloc.lower() not in ours:
        raise ForeignForm


Fields = Annotated[Mapping[str, str], Depends(fields_of)]
SignedIn = Annotated[Visitor, Depends(visitor_of)]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of somebody signed in, found to be theirs."""

    visitor: Visitor
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """Without blanks around it; line breaks as everybody here has them."""
        return self.fields.get(name, "").replace("\r\n", "\n").strip()


def sent_of(request: Request, fields: Fields, visitor: SignedIn) -> Sent:
    """Raise ForeignForm."""
    require_own_page(request)
    if not hmac.compare_digest(fields.get("token", "").encode(), visitor.session.form_token.encode()):
        raise ForeignForm
    return Sent(visitor, fields)


SentForm = Annotated[Sent, Depends(sent_of)]


def local_path(text: str) -> str:
    """Where to go next, as a path below `/` without its slash; empty for anything that could lead elsewhere."""
    path = text[:500]
    if any(char.isspace() or not char.isprintable() or char == "\\" for char in path):
        return ""
    parts = urlsplit(path.lstrip("/") if path.startswith("/") and not path.startswith("//") else path)
    known = parts.path == "" or parts.path.split("/")[0] in ("cases", "notifications")
    if parts.scheme or parts.netloc or not known or ".." in parts.path or ":" in parts.path:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return quote(parts.path, safe="/-._~") + quote(query, safe="?=&%+-._~,")
