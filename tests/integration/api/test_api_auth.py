"""Who may do what: keys, scopes, and keys that are bound to one customer."""

from datetime import timedelta
from typing import Any

import pytest

from collector.domain.errors import Rejected
from collector.domain.scopes import MEANINGS, Scope, allows, parse_scopes
from tests.api_world import NOON, Caller, World

CASE = "/api/v1/cases/TST-01HZXB3V5K8C9YQ2M4N6P7R8ST"
NOTIFICATION = "/api/v1/notifications/snmp-0-abcdef-1"
ENGINE = "/api/v1/snmp/engines/80001f888001"
ROUTES = [
    pytest.param("GET", "/api/v1/cases", "cases:read", id="list cases"),
    pytest.param("GET", CASE, "cases:read", id="case"),
    pytest.param("GET", f"{CASE}/log", "cases:read", id="log"),
    pytest.param("GET", f"{CASE}/notifications", "cases:read", id="notifications of a case"),
    pytest.param("POST", f"{CASE}/notes", "cases:write", id="note"),
    pytest.param("POST", f"{CASE}/acknowledge", "cases:write", id="acknowledge"),
    pytest.param("POST", f"{CASE}/pend", "cases:write", id="pend"),
    pytest.param("POST", f"{CASE}/resume", "cases:write", id="resume"),
    pytest.param("POST", f"{CASE}/resolve", "cases:write", id="resolve"),
    pytest.param("POST", f"{CASE}/close", "cases:write", id="close"),
    pytest.param("POST", f"{CASE}/reopen", "cases:write", id="reopen"),
    pytest.param("POST", f"{CASE}/confirm", "cases:write", id="confirm"),
    pytest.param("POST", f"{CASE}/record-contact", "cases:write", id="record contact"),
    pytest.param("POST", f"{CASE}/respond", "cases:write", id="respond"),
    pytest.param("POST", f"{CASE}/assign", "cases:write", id="assign"),
    pytest.param("GET", f"{CASE}/deadlines", "cases:read", id="deadlines"),
    pytest.param("GET", "/api/v1/notifications", "notifications:read", id="list notifications"),
    pytest.param("GET", NOTIFICATION, "notifications:read", id="notification"),
    pytest.param("GET", f"{NOTIFICATION}/raw", "notifications:read", id="raw"),
    pytest.param("GET", f"{NOTIFICATION}/explain", "notifications:read", id="explain"),
    pytest.param("POST", f"{NOTIFICATION}/reprocess", "notifications:write", id="reprocess"),
    pytest.param("GET", "/api/v1/sources", "sources:read", id="list sources"),
    pytest.param("GET", "/api/v1/snmp/engines", "engines:read", id="list engines"),
    pytest.param("GET", "/api/v1/snmp/engines/forgotten", "engines:read", id="list forgotten engines"),
    pytest.param("POST", f"{ENGINE}/approve", "engines:write", id="approve engine"),
    pytest.param("DELETE", ENGINE, "engines:write", id="forget engine"),
    pytest.param("GET", "/api/v1/ledger", "ledger:read", id="ledger"),
    pytest.param("GET", "/api/v1/handoff/feed", "handoff:read", id="feed"),
    pytest.param("GET", f"{CASE}/ticket", "cases:read", id="ticket"),
    pytest.param("PUT", f"{CASE}/ticket", "tickets:write", id="put ticket"),
    pytest.param("GET", f"{CASE}/ticket-events", "cases:read", id="ticket entries"),
    pytest.param("POST", f"{CASE}/ticket-events", "tickets:write", id="tell of a ticket"),
]
BODY = {"text": "x"}
MORE = {
    "record-contact": {"who": "Ana", "how": "phone"},
    "assign": {"assignee": "ana"},
    "ticket-events": {"event_id": "1", "at": "2026-03-17T12:00:00Z"},
}
"""What some paths want beside it."""


def body_of(method: str, path: str) -> dict[str, Any]:
    last = path.rsplit("/", 1)[1]
    if method == "PUT":
        return {"json": {"number": "48213"}}
    if last == "approve":
        return {"json": {}}
    return {"json": BODY | MORE.get(last, {})} if method == "POST" else {}


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_without_a_key_the_answer_is_401_with_a_challenge(collector: World, method: str, path: str, scope: str) -> None:
    answer = collector.caller(None).send(method, path, **body_of(method, path))
    assert (answer.status_code, answer.json()["code"]) == (401, "no_key")
    assert answer.headers["www-authenticate"] == 'Bearer realm="collector"'


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_every_scope_but_the_right_one_is_refused_by_name(collector: World, method: str, path: str, scope: str) -> None:
    others = [other for other in MEANINGS if other not in (scope, "all")]
    answer = collector.key(*others).send(method, path, **body_of(method, path))
    assert (answer.status_code, answer.json()["missing_scope"]) == (403, scope)
    assert f'scope="{scope}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
@pytest.mark.parametrize("held", [pytest.param(None, id="the scope itself"), pytest.param("all", id="all")])
def test_the_right_scope_is_enough(collector: World, method: str, path: str, scope: str, held: str | None) -> None:
    answer = collector.key(held or scope).send(method, path, **body_of(method, path))
    assert answer.status_code in (200, 404)


def with_names(path: str, names: dict[str, str]) -> str:
    for known, name in names.items():
        path = path.replace(known.rsplit("/", 1)[1], name)
    return path


def test_every_route_but_health_and_the_description_is_in_the_table(collector: World) -> None:
    described = collector.caller(None).get("/api/v1/openapi.json").json()
    needing = {
        (method.upper(), path, scopes[0])
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        for requirement in operation.get("security", [])
        for scopes in requirement.values()
    }
    free = {path for path, operations in described["paths"].items() if not any("security" in o for o in operations.values())}
    table = {tuple(str(value) for value in route.values) for route in ROUTES}
    names = {CASE: "{external_key}", NOTIFICATION: "{notification_id}", ENGINE: "{engine_id}"}
    assert needing == {(method, with_names(path, names), scope) for method, path, scope in table}
    assert free == {"/metrics", "/api/v1/handoff/schema.json", "/healthz", "/readyz"}


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer cak_unknown", id="unknown"),
        pytest.param("Bearer caf\u00e9 \u00ff", id="not ASCII"),
        pytest.param("Bearer " + "x" * 5000, id="huge"),
    ],
)
def test_a_key_that_nobody_has_is_401_and_says_so(collector: World, authorization: str) -> None:
    answer = collector.caller(None).get("/api/v1/cases", headers={b"authorization": authorization.encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_key")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("authorization", ["Basic YTpi", "cak_x", "Bearer", ""])
def test_what_is_no_bearer_token_counts_as_no_key(collector: World, authorization: str) -> None:
    answer = collector.caller(None).get("/api/v1/cases", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_key")


def test_an_expired_key_no_longer_counts(collector: World) -> None:
    caller = collector.key("all", expires_at=NOON + timedelta(hours=1))
    assert caller.get("/api/v1/cases").status_code == 200
    collector.clock.move(timedelta(hours=1))
    assert caller.get("/api/v1/cases").status_code == 401


@pytest.fixture
def bound(collector: World) -> Caller:
    """A key of ACME, in a world where ACME, OTHER and a stranger have sent something."""
    collector.hear("case disk", "nonsense")
    collector.hear("case disk", "nonsense", community="other")
    collector.hear("case disk", community="stranger")
    return collector.key("all", customer_id=collector.acme)


def test_a_bound_key_sees_its_customers_cases_only(bound: Caller, admin: Caller) -> None:
    assert {case["customer"]["code"] for case in admin.items("/api/v1/cases")} == {"ACME", "OTHER"}
    assert {case["customer"]["code"] for case in bound.items("/api/v1/cases")} == {"ACME"}
    assert bound.items("/api/v1/cases", params={"customer": "OTHER"}) == []


def test_a_bound_key_sees_its_customers_notifications_only(bound: Caller, admin: Caller) -> None:
    assert {one["customer"] for one in admin.items("/api/v1/notifications")} == {"ACME", "OTHER", None}
    assert {one["customer"] for one in bound.items("/api/v1/notifications")} == {"ACME"}
    assert bound.items("/api/v1/notifications", params={"customer": "OTHER"}) == []
    foreign = next(case for case in admin.items("/api/v1/cases") if case["customer"]["code"] == "OTHER")
    assert bound.items("/api/v1/notifications", params={"case": foreign["external_key"]}) == []


@pytest.mark.parametrize("end", ["", "/log", "/notifications"])
def test_a_case_of_another_customer_does_not_exist_for_a_bound_key(bound: Caller, admin: Caller, end: str) -> None:
    for case in admin.items("/api/v1/cases"):
        expected = 200 if case["customer"]["code"] == "ACME" else 404
        assert bound.get(f"/api/v1/cases/{case['external_key']}{end}").status_code == expected


@pytest.mark.parametrize("verb", ["acknowledge", "notes", "pend", "resume", "resolve", "close", "reopen"])
def test_a_bound_key_cannot_touch_the_case_of_another_customer(bound: Caller, admin: Caller, verb: str) -> None:
    foreign = next(case for case in admin.items("/api/v1/cases") if case["customer"]["code"] == "OTHER")
    assert bound.post(f"/api/v1/cases/{foreign['external_key']}/{verb}", BODY).status_code == 404
    assert admin.get(f"/api/v1/cases/{foreign['external_key']}").json()["version"] == foreign["version"]


@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("GET", "/raw"), ("GET", "/explain"), ("POST", "/reprocess")])
def test_a_notification_of_others_does_not_exist_for_a_bound_key(bound: Caller, admin: Caller, method: str, end: str) -> None:
    for one in admin.items("/api/v1/notifications"):
        answer = bound.send(method, f"/api/v1/notifications/{one['id']}{end}")
        assert (answer.status_code == 404) is (one["customer"] != "ACME")


def test_a_bound_key_does_not_see_what_is_pending(collector: World, bound: Caller, admin: Caller) -> None:
    [waiting] = collector.arrive(b"whatever")
    assert admin.get(f"/api/v1/notifications/{waiting}").json()["state"] == "pending"
    for end in ("", "/raw", "/explain"):
        assert bound.get(f"/api/v1/notifications/{waiting}{end}").status_code == 404


def test_a_mail_to_two_customers_shows_each_its_part_and_is_reprocessed_only_by_a_key_for_all(
    collector: World, admin: Caller
) -> None:
    [mail] = collector.arrive_mail("Subject\n\nnonsense", mailboxes=("acme", "other"))
    collector.process()
    bound = collector.key("all", customer_id=collector.acme)
    assert bound.get(f"/api/v1/notifications/{mail}").json()["rows"] == [f"{mail}-1"]
    assert "OTHER" not in bound.get(f"/api/v1/notifications/{mail}/explain").text
    assert "OTHER" in admin.get(f"/api/v1/notifications/{mail}/explain").text
    assert bound.post(f"/api/v1/notifications/{mail}-1/reprocess").status_code == 404
    assert admin.post(f"/api/v1/notifications/{mail}-1/reprocess").status_code == 200


def test_the_ledger_of_a_bound_key_has_its_lines_and_no_sums(bound: Caller) -> None:
    ledger = bound.get("/api/v1/ledger").json()
    assert {line["customer"] for line in ledger["items"]} == {"ACME"}
    assert ledger["totals"] == {"case": 1, "unmatched": 1}
    assert {ledger[name] for name in ("streams", "arrived", "accounted", "pending", "difference")} == {None}
    assert bound.items("/api/v1/ledger", params={"customer": "OTHER"}) == []
    assert len(bound.items("/api/v1/ledger", params={"customer": "ACME"})) == 2


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        pytest.param("all", {"all"}, id="all"),
        pytest.param(" cases:read, ledger:read ,", {"cases:read", "ledger:read"}, id="blanks"),
    ],
)
def test_a_list_of_scopes_is_read(text: str, scopes: set[str]) -> None:
    assert parse_scopes(text) == scopes


@pytest.mark.parametrize("text", ["", " , ", "case:read", "cases:read,ALL"])
def test_a_list_with_an_unknown_scope_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(Rejected, match="cases:write, notifications:read"):
        parse_scopes(text)


def test_every_scope_has_a_meaning_and_all_allows_each() -> None:
    assert set(MEANINGS) == set(Scope)
    assert all(allows({"all"}, scope) and allows({scope.value}, scope) and not allows(set(), scope) for scope in Scope)
