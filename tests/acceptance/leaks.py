"""Looking for secrets where they must not be: in every form in which one could slip out, everywhere a running collector writes or
answers."""

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from collector.domain.snmp_access import SnmpUser
from receivers.snmp.usm_keys import local_key, master_key, privacy_key
from tests.acceptance.harness import Running

Needles = Mapping[bytes, str]
"""Octets → what they are."""
_JOURNAL, _KEY = "journal", "secret.key"
_ASKED = {"limit": "", "include": "text,varbinds"}
_LINK = re.compile(r'(?:href|src)="([^"]+)"')


def needles_of(secrets: Mapping[str, bytes]) -> dict[bytes, str]:
    """Every form of each secret. `secrets`: what it is → the secret."""
    return {form: f"{name} ({how})" for name, secret in secrets.items() for how, form in _forms(secret)}


def _forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    yield "plain", secret
    yield "hex", secret.hex().encode()
    yield "HEX", secret.hex().upper().encode()
    yield "hex with colons", secret.hex(":").encode()
    yield "hex with blanks", secret.hex(" ").encode()
    yield "repr", repr(secret)[2:-1].encode()
    yield "percent", quote(secret).encode()
    for before in range(3):  # octets before it in the same base64
        coded = base64.b64encode(bytes(before) + secret)
        inner = coded[(0, 2, 3)[before] : len(coded) - 4]
        yield f"base64 after {before}", inner
        yield f"base64url after {before}", inner.translate(bytes.maketrans(b"+/", b"-_"))


def keys_of(user: SnmpUser, engines: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
    """Pass phrases of a user, and all keys that are made of them."""
    name = user.name.decode()
    if user.auth_protocol is None:
        return
    yield f"auth of {name}", user.auth
    yield f"hash of the auth of {name}", master_key(user.auth_protocol, user.auth)
    if user.priv_protocol is not None:
        yield f"priv of {name}", user.priv
        yield f"hash of the priv of {name}", master_key(user.auth_protocol, user.priv)
    for engine_id in engines:
        at = f"of {name} at {engine_id.hex()}"
        yield f"auth key {at}", local_key(user.auth_protocol, master_key(user.auth_protocol, user.auth), engine_id)
        if user.priv_protocol is not None:
            local = local_key(user.auth_protocol, master_key(user.auth_protocol, user.priv), engine_id)
            yield f"local priv {at}", local
            yield f"priv key {at}", privacy_key(user.auth_protocol, user.priv_protocol, local=local, engine_id=engine_id)


def found(needles: Needles, places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which secret stands where."""
    return [f"{place}: {name}" for place, said in places for needle, name in needles.items() if needle in said]


def files_below(directory: Path, *, journal: bool) -> Iterator[tuple[str, bytes]]:
    """What is in the journal, or in all other files but the key of the secrets."""
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        parts = file.relative_to(directory).parts
        if (_JOURNAL in parts) is journal and file.name != _KEY:
            yield str(file), file.read_bytes()


def api_answers(running: Running) -> Iterator[tuple[str, bytes]]:
    """Of every GET of the API's own description, for every notification and case that there is. Each must work for one of
    them."""
    described = running.ask("/api/v1/openapi.json")
    yield "openapi.json", described.content
    known = {
        "notification_id": [item["id"] for item in running.notifications()],
        "external_key": [case["external_key"] for case in running.cases()],
    }
    for path, verbs in described.json()["paths"].items():
        if "get" in verbs:
            yield from _answers_of(running, path, verbs["get"].get("parameters", []), known)


def _answers_of(
    running: Running, path: str, parameters: list[dict[str, Any]], known: Mapping[str, list[str]]
) -> Iterator[tuple[str, bytes]]:
    wanted = [one["name"] for one in parameters if one["in"] == "path"]
    query = {one["name"]: _most(one) for one in parameters if one["name"] in _ASKED}
    answered = set()
    for values in product(*(known[name] for name in wanted)):
        place = path.format(**dict(zip(wanted, values, strict=True)))
        answer = running.ask(place, **query)
        answered.add(answer.status_code)
        yield place, answer.content + str(answer.headers).encode()
    assert answered <= {httpx.codes.OK, httpx.codes.NOT_FOUND}, (path, answered)
    assert httpx.codes.OK in answered, path


def _most(parameter: dict[str, Any]) -> str:
    """The value that makes it say most."""
    return _ASKED[parameter["name"]] or str(parameter["schema"]["maximum"])


def role_metrics(running: Running) -> Iterator[tuple[str, bytes]]:
    """What each role says at its own address."""
    for file in (running.data_dir / "run").glob("*.addr"):
        address = file.read_text(encoding="ascii").strip()
        for path in ("metrics", "healthz", "readyz"):
            answer = httpx.get(f"http://{address}/{path}", timeout=20)
            yield f"{file.name}/{path}", answer.content


def pages(running: Running, name: str, password: str) -> Iterator[tuple[str, bytes]]:
    """Every page that somebody sees who follows all links from the list of cases, and those of all notifications."""
    with httpx.Client(base_url=running.url(""), timeout=20, headers={"Origin": running.url("")}) as visitor:
        signed_in = visitor.post("/sign-in", data={"name": name, "password": password})
        assert signed_in.status_code == httpx.codes.SEE_OTHER, signed_in.text
        waiting = ["/", *(f"/notifications/{item['id']}" for item in running.notifications())]
        seen = set(waiting)
        for path in waiting:
            page = visitor.get(path)
            assert page.status_code == httpx.codes.OK, (path, page.status_code)
            yield path, page.content
            new = {html.unescape(link).partition("#")[0] for link in _LINK.findall(page.text)} - seen
            seen |= new
            waiting.extend(sorted(link for link in new if link.startswith("/")))
