"""Errors: every one is a problem with a code, none tells what is inside."""

import logging
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.edge import MAX_BODY
from collector.actions import Actions
from collector.pipeline.inspection import Inspector
from collector.store.engine import Store
from tests.api_world import Caller, World
from tests.builders import TERMS
from tests.databases import written_by_another


def problem_of(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == answer.status_code
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/api", 404, "no_such_path", id="above the API"),
        pytest.param("GET", "/api/v1/nothing", 404, "no_such_path", id="unknown path"),
        pytest.param("GET", "/api/v1/cases/", 404, "no_such_path", id="slash at the end"),
        pytest.param("GET", "/docs", 404, "no_such_path", id="no page that needs other hosts"),
        pytest.param("GET", "/redoc", 404, "no_such_path", id="nor the other one"),
        pytest.param("GET", "/openapi.json", 404, "no_such_path", id="description under its path only"),
        pytest.param("DELETE", "/api/v1/cases", 405, "method_not_allowed", id="method"),
        pytest.param("OPTIONS", "/api/v1/cases", 405, "method_not_allowed", id="no CORS"),
        pytest.param("GET", "/api/v1/cases?limit=0", 422, "invalid_request", id="too small"),
        pytest.param("GET", "/api/v1/cases?limit=1001", 422, "invalid_request", id="too large"),
        pytest.param("GET", "/api/v1/cases?status=opened", 422, "invalid_request", id="unknown word"),
        pytest.param("GET", "/api/v1/cases?staus=open", 422, "invalid_request", id="mistyped filter"),
        pytest.param("GET", "/api/v1/cases?language=pt", 422, "invalid_request", id="language"),
        pytest.param("GET", "/api/v1/notifications?include=bytes", 422, "invalid_request", id="include"),
    ],
)
def test_a_wrong_request_is_answered_with_a_problem(admin: Caller, method: str, path: str, status: int, code: str) -> None:
    answer = admin.send(method, path)
    assert (answer.status_code, problem_of(answer)["code"]) == (status, code)


def test_405_names_the_methods(admin: Caller) -> None:
    assert admin.send("DELETE", "/api/v1/cases").headers["allow"] == "GET"


def test_every_mistake_is_named_and_no_value_is_repeated(admin: Caller) -> None:
    answer = admin.get("/api/v1/cases", params={"limit": "s3cret", "since": "s3cret", "severity": "s3cret,2"})
    body = problem_of(answer)
    assert {(error["in"], error["name"]) for error in body["errors"]} == {
        ("query", "limit"),
        ("query", "since"),
        ("query", "severity"),
    }
    assert "s3cret" not in answer.text


@pytest.mark.parametrize("path", ["/api/v1/cases", "/nothing", "/healthz", "/metrics", "/api/v1/openapi.json"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_every_answer_has_the_security_headers(collector: World, path: str, method: str) -> None:
    headers = collector.caller(None).send(method, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("octets", "status"), [pytest.param(MAX_BODY, 422, id="the limit"), pytest.param(MAX_BODY + 1, 413, id="one more")]
)
def test_a_body_has_at_most_64_kib(admin: Caller, octets: int, status: int) -> None:
    answer = admin.send("POST", "/api/v1/cases/x/notes", content=b"x" * octets, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_body_of_unknown_length_is_counted(admin: Caller) -> None:
    async def endless() -> Any:
        while True:
            yield b"x" * 10_000

    assert admin.send("POST", "/api/v1/cases/x/notes", content=endless()).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "٣", "9" * 30, ""])
def test_a_length_that_is_none_is_refused(admin: Caller, length: str) -> None:
    headers = {b"content-length": length.encode()}
    assert admin.send("POST", "/api/v1/cases/x/notes", content=b"x", headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"{", "application/json", id="cut"),
        pytest.param(b'{"text": "\xff"}', "application/json", id="not UTF-8"),
        pytest.param(b"[" * 60_000, "application/json", id="deep"),
        pytest.param(b'{"text": "x"}', "text/plain", id="another type"),
        pytest.param(b'{"text": "x"}', "", id="no type"),
        pytest.param(b'{"text": NaN}', "application/json", id="no number"),
    ],
)
def test_a_body_that_is_no_json_is_refused(admin: Caller, content: bytes, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = admin.send("POST", "/api/v1/cases/x/notes", content=content, headers=headers)
    assert answer.status_code in (400, 422)
    problem_of(answer)


class Broken:
    """Fails as no error of ours."""

    def contents(self, *_: object) -> None:
        raise RuntimeError("the s3cret inside")


def test_an_unexpected_failure_is_500_with_an_id_that_the_log_knows(
    collector: World, admin: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    [first] = collector.hear("case disk")
    app = create_app(collector.tools(inspector=cast("Inspector", Broken()), registry=CollectorRegistry()))
    caller = collector.caller(admin.key, app)
    answer = caller.get(f"/api/v1/notifications/{first}")
    assert (answer.status_code, problem_of(answer)["code"]) == (500, "internal_error")
    assert "s3cret" not in answer.text
    [record] = [record for record in caplog.records if record.name == "api.edge" and record.levelno == logging.ERROR]
    assert record.__dict__["fields"]["id"] == answer.json()["instance"]
    assert caller.get("/api/v1/cases").status_code == 200


@pytest.fixture
def locked(collector: World) -> Iterator[Caller]:
    """Somebody whose store is locked by another program for longer than the API waits."""
    url = str(collector.store.engine.url)
    impatient = Store(url, write_wait_seconds=0.05)
    collector.hear("case disk")
    key = collector.named_key("impatient", "all").key
    actions = Actions(impatient, collector.clock, nullcontext, TERMS)
    app = create_app(collector.tools(store=impatient, actions=actions, registry=CollectorRegistry()))
    with written_by_another(url):
        yield collector.caller(key, app)
    impatient.close()


@pytest.fixture
def away(collector: World, tmp_path: Path) -> Iterator[Caller]:
    """Somebody whose store is gone."""
    gone = Store(f"sqlite:///{tmp_path}/missing/store.db")
    app = create_app(collector.tools(store=gone, registry=CollectorRegistry()))
    yield collector.caller("cak_any", app)
    gone.close()


def test_a_store_locked_by_another_program_is_read_and_not_written(collector: World, locked: Caller) -> None:
    [case] = locked.items("/api/v1/cases")
    answer = locked.post(f"/api/v1/cases/{case['external_key']}/acknowledge")
    assert (answer.status_code, problem_of(answer)["code"]) == (503, "unavailable")
    assert locked.get(f"/api/v1/cases/{case['external_key']}").json()["status"] == "open"


@pytest.mark.parametrize("path", ["/api/v1/cases", "/api/v1/notifications", "/api/v1/ledger", "/api/v1/cases/x"])
def test_a_store_that_is_away_is_503_and_says_when_to_try_again(away: Caller, path: str) -> None:
    answer = away.get(path)
    assert (answer.status_code, problem_of(answer)["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"
    assert "missing" not in answer.text


def test_metrics_and_health_answer_while_the_store_is_away(away: Caller) -> None:
    assert away.get("/healthz").status_code == 200
    metrics = away.get("/metrics")
    assert metrics.status_code == 200
    assert "collector_cases" not in metrics.text
