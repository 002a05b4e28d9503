"""Signing in and out: who gets in, what the cookie is like, what is counted, and what other sites cannot do."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.web.limiter import FROM_ANYWHERE, FROM_ONE_PLACE
from collector.domain.errors import Unavailable
from collector.domain.users import SESSION_LASTS
from collector.passwords import Verified, verify
from collector.store.users import disable_user
from tests.api_world import World
from tests.web_kit import PASSWORD, Browser, browser

COOKIE = "__Host-collector"


def counted(collector: World, result: str) -> float | None:
    return collector.registry.get_sample_value("collector_sign_ins_total", {"result": result})


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_what_they_wanted(collector: World, stranger: Browser) -> None:
    asked = stranger.get("/cases/TST-1", before="5")
    assert (asked.status, asked.answer.headers["location"]) == (303, "../sign-in?next=cases%2FTST-1%3Fbefore%3D5")
    form = stranger.get("/sign-in", next="cases/TST-1?before=5").form("sign-in")
    done = stranger.post("/sign-in", {**form, "name": "ana", "password": PASSWORD})
    assert (done.status, done.answer.headers["location"]) == (303, "./cases/TST-1?before=5")


def test_the_cookie_is_for_this_server_alone(stranger: Browser) -> None:
    words = stranger.sign_in().answer.headers["set-cookie"].split("; ")
    name, _, token = words[0].partition("=")
    assert name == COOKIE
    assert len(token) == 43
    assert {word.lower() for word in words[1:]} == {
        "httponly",
        "secure",
        "samesite=lax",
        "path=/",
        f"max-age={int(SESSION_LASTS.total_seconds())}",
    }


def test_without_tls_the_cookie_is_not_bound_to_it(collector: World, stranger: Browser) -> None:
    plain = collector.tools(registry=CollectorRegistry(), terms=replace(collector.terms, public_url="http://127.0.0.1:8080"))
    collector.app = create_app(plain)
    stranger.url = "http://127.0.0.1:8080"
    words = stranger.sign_in().answer.headers["set-cookie"].lower()
    assert words.startswith("collector_session=")
    assert "secure" not in words
    assert stranger.get("/").status == 200


def test_every_sign_in_has_a_new_token_whatever_cookie_came_with_it(stranger: Browser) -> None:
    stranger.cookies[COOKIE] = "planted-by-somebody-else"
    stranger.sign_in()
    first = stranger.cookies[COOKIE]
    stranger.sign_in()
    assert len({first, stranger.cookies[COOKIE], "planted-by-somebody-else"}) == 3


def test_signing_out_ends_the_session_and_the_cookie(ana: Browser) -> None:
    kept = dict(ana.cookies)
    done = ana.post("/sign-out", ana.get("/").form("sign-out"))
    assert (done.status, ana.cookies) == (303, {})
    ana.cookies = kept
    assert ana.get("/").status == 303


def test_a_session_ends_after_its_time(collector: World, ana: Browser) -> None:
    collector.clock.move(SESSION_LASTS - timedelta(seconds=1))
    assert ana.get("/").status == 200
    collector.clock.move(timedelta(seconds=1))
    assert ana.get("/").status == 303
    assert ana.get("/live/cases").status == 401


def test_who_is_disabled_is_out_at_once_and_cannot_come_back(collector: World, ana: Browser) -> None:
    with collector.store.write() as connection:
        disable_user(connection, "ana", at=collector.clock.now())
    assert ana.get("/").status == 303
    assert ana.sign_in().status == 403


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("ana", "una clave larg", id="wrong password"),
        pytest.param("ana", "", id="no password"),
        pytest.param("bob", PASSWORD, id="unknown name"),
        pytest.param("Ana", PASSWORD, id="another spelling"),
        pytest.param("ana\x00", PASSWORD, id="NUL"),
        pytest.param("' OR 1=1 --", PASSWORD, id="SQL"),
        pytest.param("añá\ud800".encode("utf-8", "replace").decode(), PASSWORD, id="not ASCII"),
        pytest.param("ana", "x" * 60_000, id="long password"),
    ],
)
def test_wrong_names_and_passwords_look_alike(collector: World, stranger: Browser, name: str, password: str) -> None:
    refused = stranger.sign_in(name, password)
    assert refused.status == 403
    assert refused.texts("[role=alert]") == ["El usuario o la contraseña no son correctos."]
    assert "set-cookie" not in refused.answer.headers
    assert password == "" or password not in refused.answer.text
    assert counted(collector, "wrong") == 1


def test_a_name_that_nobody_has_costs_a_verification_too(
    collector: World, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str | None] = []

    def noted(kept: str | None, password: str) -> Verified:
        verified.append(kept)
        return verify(kept, password)

    monkeypatch.setattr("api.web.sign_in.verify", noted)
    stranger.sign_in("bob")
    stranger.sign_in("ana", "wrong password")
    assert verified[0] is None
    assert verified[1] is not None


def test_after_five_failures_nothing_more_is_tried_for_a_minute(collector: World, stranger: Browser) -> None:
    for _ in range(FROM_ONE_PLACE):
        assert stranger.sign_in("ana", "wrong").status == 403
    blocked = stranger.sign_in()
    assert (blocked.status, blocked.texts("[role=alert]")) == (429, ["Demasiados intentos. Volvé a probar en un minuto."])
    elsewhere = Browser(collector, stranger.runner, peer="192.0.2.78")
    assert elsewhere.sign_in().status == 303
    collector.clock.move(timedelta(minutes=1))
    assert stranger.sign_in().status == 303
    results = {result: counted(collector, result) for result in ("ok", "wrong", "blocked", "busy")}
    assert results == {"ok": 2, "wrong": FROM_ONE_PLACE, "blocked": 1, "busy": 0}


def test_guessing_many_names_from_one_place_ends_too(stranger: Browser) -> None:
    statuses = [stranger.sign_in(f"u{n}", "wrong").status for n in range(FROM_ANYWHERE + 1)]
    assert statuses == [403] * FROM_ANYWHERE + [429]
    assert stranger.sign_in().status == 429


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a hidden origin"),
        pytest.param({"Origin": ""}, id="no browser"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed by nobody"),
        pytest.param({"Origin": "https://noc.example.net.evil.example"}, id="a longer name"),
    ],
)
def test_no_other_site_signs_anybody_in_or_sends_our_forms(
    collector: World, ana: Browser, stranger: Browser, headers: dict[str, str]
) -> None:
    refused = stranger.post("/sign-in", {"name": "ana", "password": PASSWORD}, headers=headers)
    assert (refused.status, stranger.cookies) == (403, {})
    form = ana.get("/").form("sign-out")
    assert ana.post("/sign-out", form, headers=headers).status == 403
    assert ana.get("/").status == 200


def test_a_browser_that_says_same_origin_is_believed_whatever_a_proxy_made_of_the_host(stranger: Browser) -> None:
    headers = {"Origin": "https://noc.example.net", "Host": "127.0.0.1:8080"}
    assert stranger.post("/sign-in", {"name": "ana", "password": PASSWORD}, headers=headers).status == 303
    assert (
        stranger.post("/sign-in", {"name": "ana", "password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"}).status == 303
    )


@pytest.mark.parametrize("token", ["", "x", "{other}"])
def test_a_form_needs_the_token_of_its_own_session(collector: World, ana: Browser, token: str) -> None:
    other = browser(collector).get("/").form("sign-out")["token"]
    assert ana.post("/sign-out", {"token": token.format(other=other)}).status == 403
    assert ana.get("/").status == 200


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        pytest.param("cases/TST-1", "./cases/TST-1", id="a case"),
        pytest.param("/cases/TST-1?before=7", "./cases/TST-1?before=7", id="with a slash"),
        pytest.param("notifications/snmp-0-abcdef-1", "./notifications/snmp-0-abcdef-1", id="a notification"),
        pytest.param("?text=disk&status=all", "./?text=disk&status=all", id="a filter"),
        pytest.param("https://evil.example/", "./", id="another host"),
        pytest.param("//evil.example/", "./", id="another host without scheme"),
        pytest.param("/\\evil.example", "./", id="backslash"),
        pytest.param("\\\\evil.example", "./", id="backslashes"),
        pytest.param("javascript:alert(1)", "./", id="script"),
        pytest.param("cases/../../evil", "./", id="upwards"),
        pytest.param("cases/\r\nSet-Cookie: a=b", "./", id="header"),
        pytest.param("/\t/evil.example", "./", id="tab"),
        pytest.param("metrics", "./", id="not a page"),
    ],
)
def test_after_signing_in_one_only_goes_to_our_own_pages(stranger: Browser, wanted: str, goes_to: str) -> None:
    assert stranger.sign_in(next=wanted).answer.headers["location"] == goes_to


def test_the_language_of_the_door_is_the_browsers_until_asked_otherwise(stranger: Browser) -> None:
    assert stranger.get("/sign-in").texts("h1") == ["Ingresar"]
    assert stranger.get("/sign-in", language="en").texts("h1") == ["Sign in"]
    stranger.headers["Accept-Language"] = "en-US,en;q=0.9"
    assert stranger.get("/sign-in").texts("h1") == ["Sign in"]


def test_who_switches_the_language_keeps_it(collector: World, ana: Browser) -> None:
    page = ana.get("/", text="disk")
    form = page.form("/language")
    done = ana.post("/language", {**form, "language": "en"})
    assert (done.status, done.answer.headers["location"]) == (303, "./?text=disk")
    assert ana.get("/").one("html").attributes["lang"] == "en"
    assert browser(collector).get("/").one("html").attributes["lang"] == "en"


def test_a_store_that_is_away_is_said_in_a_sentence(collector: World, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise Unavailable("gone")

    monkeypatch.setattr(collector.store, "read", away)
    answer = ana.get("/")
    assert (answer.status, answer.answer.headers["retry-after"]) == (503, "2")
    assert "no responde" in answer.text()
