"""What people do to cases over HTTP: verbs, refusals, versions, repeated requests."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from tests.api_world import Caller, World


@pytest.fixture
def case(collector: World, admin: Caller) -> str:
    """The path of an open case."""
    collector.hear("case disk")
    [found] = admin.items("/api/v1/cases")
    return f"/api/v1/cases/{found['external_key']}"


def verdicts(caller: Caller, case: str) -> list[str]:
    return [line["verdict"] for line in caller.items(f"{case}/log")]


def lead_to(caller: Caller, case: str, *verbs: str) -> None:
    for verb in verbs:
        assert caller.post(f"{case}/{verb}").status_code == 200


TO = {
    "open": (),
    "acknowledged": ("acknowledge",),
    "pending": ("pend",),
    "resolved": ("resolve",),
    "closed": ("close",),
}
TABLE = [
    ("open", "acknowledge", "acknowledged"),
    ("open", "pend", "pending"),
    ("open", "resume", None),
    ("open", "resolve", "resolved"),
    ("open", "close", "closed"),
    ("open", "reopen", None),
    ("acknowledged", "acknowledge", "acknowledged"),
    ("acknowledged", "pend", "pending"),
    ("acknowledged", "resume", None),
    ("acknowledged", "resolve", "resolved"),
    ("acknowledged", "close", "closed"),
    ("acknowledged", "reopen", None),
    ("pending", "acknowledge", "pending"),
    ("pending", "pend", "pending"),
    ("pending", "resume", "acknowledged"),
    ("pending", "resolve", "resolved"),
    ("pending", "close", "closed"),
    ("pending", "reopen", None),
    ("resolved", "acknowledge", None),
    ("resolved", "pend", None),
    ("resolved", "resume", None),
    ("resolved", "resolve", "resolved"),
    ("resolved", "close", "closed"),
    ("resolved", "reopen", "acknowledged"),
    ("closed", "acknowledge", None),
    ("closed", "pend", None),
    ("closed", "resume", None),
    ("closed", "resolve", None),
    ("closed", "close", "closed"),
    ("closed", "reopen", "acknowledged"),
]


@pytest.mark.parametrize(("status", "verb", "then"), [pytest.param(*row, id=f"{row[1]} when {row[0]}") for row in TABLE])
def test_a_verb_does_what_the_table_of_states_says(admin: Caller, case: str, status: str, verb: str, then: str | None) -> None:
    lead_to(admin, case, *TO[status])
    before = admin.get(case).json()
    answer = admin.post(f"{case}/{verb}", {"actor": "ana"})
    if then is None:
        assert answer.status_code == 409
        problem = answer.json()
        assert (problem["code"], problem["case_status"]) == ("conflict", status)
        assert problem["set_by"] == ("collector" if status == "open" else "key:bridge")
        assert admin.get(case).json() == before
    else:
        assert (answer.status_code, answer.json()["status"]) == (200, then)
        assert without_evidence(answer.json()) == without_evidence(admin.get(case).json())
        assert answer.headers["etag"] == f'"{answer.json()["version"]}"'


def without_evidence(case: dict[str, Any]) -> dict[str, Any]:
    """Answers to verbs show it as lists do."""
    return {name: value for name, value in case.items() if name != "evidence"}


@pytest.mark.parametrize("verb", ["acknowledge", "pend", "resolve", "close"])
def test_doing_a_thing_twice_leaves_one_line_in_the_log(admin: Caller, case: str, verb: str) -> None:
    first = admin.post(f"{case}/{verb}").json()
    logged = verdicts(admin, case)
    assert admin.post(f"{case}/{verb}").json() == first
    assert verdicts(admin, case) == logged


@pytest.mark.parametrize(
    ("options", "actor", "text"),
    [
        pytest.param({}, "key:bridge", None, id="no body"),
        pytest.param({"json": {}}, "key:bridge", None, id="empty object"),
        pytest.param({"json": {"actor": "Juana Pérez"}}, "key:bridge/Juana Pérez", None, id="a person"),
        pytest.param({"json": {"text": "línea 1\nlínea 2"}}, "key:bridge", "línea 1\nlínea 2", id="a reason"),
    ],
)
def test_the_log_names_the_key_and_the_person(
    admin: Caller, case: str, options: dict[str, Any], actor: str, text: str | None
) -> None:
    answer = admin.send("POST", f"{case}/close", **options).json()
    line = admin.items(f"{case}/log")[-1]
    assert (line["actor"], line["text"]) == (actor, text)
    assert (answer["status_by"], answer["close_reason"]) == (actor, text)


def test_notes_are_added_one_by_one_in_any_state(admin: Caller, case: str) -> None:
    lead_to(admin, case, "close")
    for text in ("uno", "dos"):
        answer = admin.post(f"{case}/notes", {"text": text, "actor": "ana"})
        assert (answer.status_code, answer.json()["status"]) == (200, "closed")
    notes = [line for line in admin.items(f"{case}/log") if line["verdict"] == "noted"]
    assert [(line["text"], line["actor"]) for line in notes] == [("uno", "key:bridge/ana"), ("dos", "key:bridge/ana")]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        pytest.param({}, "text", id="no text"),
        pytest.param({"text": ""}, "text", id="empty"),
        pytest.param({"text": " \n"}, "text", id="blank"),
        pytest.param({"text": "x" * 10_001}, "text", id="too long"),
        pytest.param({"text": "a\0b"}, "text", id="NUL"),
        pytest.param({"text": "a\x1b[2J"}, "text", id="escape"),
        pytest.param({"text": 7}, "text", id="a number"),
        pytest.param({"text": "x", "actor": ""}, "actor", id="empty person"),
        pytest.param({"text": "x", "actor": "a" * 81}, "actor", id="long person"),
        pytest.param({"text": "x", "actor": "a\nb"}, "actor", id="person with a line break"),
        pytest.param({"text": "x", "txet": "y"}, "txet", id="unknown member"),
        pytest.param([], "", id="no object"),
    ],
)
def test_a_wrong_body_is_422_and_names_the_member(admin: Caller, case: str, body: Any, wrong: str) -> None:
    answer = admin.post(f"{case}/notes", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [(error["in"], error["name"]) for error in answer.json()["errors"]] == [("body", wrong)]
    assert "noted" not in verdicts(admin, case)


def test_a_lone_surrogate_in_a_body_is_refused(admin: Caller, case: str) -> None:
    answer = admin.send("POST", f"{case}/notes", content=rb'{"text": "\ud800"}', headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def test_a_note_of_ten_thousand_characters_is_taken(admin: Caller, case: str) -> None:
    assert admin.post(f"{case}/notes", {"text": "ñ" * 10_000}).status_code == 200


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        pytest.param('"1"', 200, id="the present version"),
        pytest.param("*", 200, id="any"),
        pytest.param('"2"', 412, id="another"),
        pytest.param('W/"1"', 412, id="weak tags never match"),
        pytest.param('"abc"', 412, id="not ours"),
        pytest.param("1", 412, id="no tag"),
        pytest.param('"1", "2"', 400, id="two tags"),
        pytest.param('"' + "9" * 100 + '"', 412, id="huge"),
    ],
)
def test_if_match_guards_against_acting_on_an_old_view(admin: Caller, case: str, if_match: str, status: int) -> None:
    answer = admin.post(f"{case}/acknowledge", headers={"If-Match": if_match})
    assert answer.status_code == status
    assert (admin.get(case).json()["status"] == "acknowledged") is (status == 200)


def send_note(caller: Caller, case: str, key: str, *, text: str = "uno", **headers: str) -> httpx.Response:
    return caller.post(f"{case}/notes", {"text": text}, headers={"Idempotency-Key": key, **headers})


def test_a_repeated_note_with_the_same_idempotency_key_is_one_note(admin: Caller, case: str) -> None:
    first, again = send_note(admin, case, "k1"), send_note(admin, case, "k1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert verdicts(admin, case).count("noted") == 1
    assert all(line["detail"] == {} for line in admin.items(f"{case}/log"))


def test_the_repeat_is_known_to_another_process_too(collector: World, admin: Caller, case: str) -> None:
    send_note(admin, case, "k1")
    other_process = collector.caller(admin.key, create_app(collector.tools(registry=CollectorRegistry())))
    assert send_note(other_process, case, "k1").status_code == 200
    assert verdicts(admin, case).count("noted") == 1


def test_a_repeat_that_names_the_old_version_is_still_a_repeat(admin: Caller, case: str) -> None:
    statuses = [send_note(admin, case, "k1", **{"If-Match": '"1"'}).status_code for _ in range(2)]
    assert statuses == [200, 200]
    assert send_note(admin, case, "k2", **{"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("notes", {"text": "otro"}, id="another text"),
        pytest.param("notes", {"text": "uno", "actor": "ana"}, id="another person"),
        pytest.param("resolve", {"text": "uno"}, id="another verb"),
    ],
)
def test_the_same_key_for_something_else_is_422(admin: Caller, case: str, path: str, body: dict[str, str]) -> None:
    send_note(admin, case, "k1")
    answer = admin.post(f"{case}/{path}", body, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert verdicts(admin, case).count("noted") == 1


def test_a_key_is_forgotten_after_a_day(collector: World, admin: Caller, case: str) -> None:
    send_note(admin, case, "k1")
    collector.clock.move(timedelta(days=1))
    assert send_note(admin, case, "k1", text="dos").status_code == 200
    assert verdicts(admin, case).count("noted") == 2


def test_two_callers_may_use_the_same_key(collector: World, admin: Caller, case: str) -> None:
    send_note(admin, case, "k1")
    assert send_note(collector.named_key("other", "cases:write"), case, "k1", text="dos").status_code == 200


def test_a_late_repeat_of_a_verb_does_not_undo_what_others_did_since(admin: Caller, case: str) -> None:
    lead_to(admin, case, "resolve")
    key = {"Idempotency-Key": "again"}
    assert admin.post(f"{case}/reopen", headers=key).json()["status"] == "acknowledged"
    lead_to(admin, case, "resolve")
    assert admin.post(f"{case}/reopen", headers=key).json()["status"] == "resolved"


@pytest.mark.parametrize("key", ["%", "_", "a%'\"\\", "x" * 255])
def test_any_printable_idempotency_key_is_taken_as_it_is(admin: Caller, case: str, key: str) -> None:
    send_note(admin, case, "other")
    send_note(admin, case, key)
    send_note(admin, case, key)
    assert verdicts(admin, case).count("noted") == 2


def test_an_idempotency_key_has_at_most_255_characters(admin: Caller, case: str) -> None:
    answer = send_note(admin, case, "x" * 256)
    assert (answer.status_code, answer.json()["errors"][0]["name"]) == (422, "idempotency-key")


def test_a_closed_case_whose_trouble_is_held_by_another_is_not_reopened(collector: World, admin: Caller, case: str) -> None:
    lead_to(admin, case, "close")
    collector.hear("case disk")
    answer = admin.post(f"{case}/reopen")
    assert answer.status_code == 409
    successor = admin.items("/api/v1/cases")[1]
    assert successor["external_key"] in answer.json()["detail"]
    assert case.endswith(successor["previous_case"])
