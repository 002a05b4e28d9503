"""A browser without a screen for tests of the page: keeps its cookie, sends forms as browsers do, and reads what pages say."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from collector.domain.users import UserRole
from collector.passwords import hash_password
from collector.store.users import create_user
from tests.api_world import URL, World

PASSWORD = "una clave larga"
_HASHES: list[str] = []


def password_hash() -> str:
    """Of PASSWORD, made once: it is meant to be slow."""
    if not _HASHES:
        _HASHES.append(hash_password(PASSWORD))
    return _HASHES[0]


@dataclass
class Page:
    """An answer and its document."""

    answer: httpx.Response

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def document(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.answer.text)

    def one(self, selector: str) -> LexborNode:
        found = self.document.css(selector)
        assert len(found) == 1, (selector, len(found), self.answer.text[:2000])
        return found[0]

    def texts(self, selector: str) -> list[str]:
        return [" ".join(node.text().split()) for node in self.document.css(selector)]

    def text(self) -> str:
        body = self.document.body
        return " ".join(body.text(separator=" ").split()) if body else ""

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form whose action ends so, as a browser would send them untouched."""
        forms = [form for form in self.document.css("form") if (form.attributes.get("action") or "").endswith(action)]
        assert len(forms) == 1, (action, [form.attributes for form in self.document.css("form")])
        fields: dict[str, str] = {}
        for node in forms[0].css("input, textarea"):
            name = node.attributes.get("name")
            if name and (node.attributes.get("type") != "radio" or "checked" in node.attributes):
                fields[name] = node.attributes.get("value") or node.text() or ""
        return fields


@dataclass
class Browser:
    """One person's. `headers` are what it says of itself with every request."""

    world: World
    runner: asyncio.Runner
    url: str = URL
    headers: dict[str, str] = field(default_factory=lambda: {"Accept-Language": "es-AR"})
    cookies: dict[str, str] = field(default_factory=dict)
    peer: str = "192.0.2.77"

    def get(self, path: str, **parameters: str) -> Page:
        return self.send("GET", path, params=parameters or None)

    def post(self, path: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Page:
        """As a form of our own page, unless `headers` say otherwise."""
        return self.send("POST", path, data=dict(fields), headers={"Origin": self.url, **(headers or {})})

    def send(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> Page:
        return self.runner.run(self._send(method, path, {**self.headers, **(headers or {})}, options))

    async def _send(self, method: str, path: str, headers: dict[str, str], options: dict[str, Any]) -> Page:
        transport = httpx.ASGITransport(self.world.app, client=(self.peer, 40_000))
        async with httpx.AsyncClient(transport=transport, base_url=self.url, cookies=self.cookies) as client:
            answer = await client.request(method, path, headers={k: v for k, v in headers.items() if v}, **options)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        if re.search(r"Max-Age=0", ",".join(answer.headers.get_list("set-cookie")), re.IGNORECASE):
            self.cookies.clear()
        return Page(answer)

    def sign_in(self, name: str = "ana", password: str = PASSWORD, **more: str) -> Page:
        return self.post("/sign-in", {"name": name, "password": password, **more})

    def do(self, key: str, verb: str, **typed: str) -> Page:
        """Look at the case, fill in the verb's form and send it."""
        return self.post(f"/cases/{key}/{verb}", {**self.get(f"/cases/{key}").form(f"/{verb}"), **typed})


def make_user(world: World, name: str = "ana", *, role: UserRole = UserRole.ENGINEER, language: str = "es") -> None:
    with world.store.write() as connection:
        create_user(
            connection,
            name=name,
            full_name=name.title(),
            role=role,
            language=language,
            password_hash=password_hash(),
            at=world.clock.now(),
        )


def browser(world: World, name: str | None = "ana", **options: Any) -> Browser:
    """With `name` signed in; None is a stranger's."""
    made = Browser(world, world.caller(None).runner, **options)
    if name is not None:
        assert made.sign_in(name).status == 303
    return made
