"""What destinations say about tickets: the number, and entries about status, owner and notes; what the case becomes of it."""

import json
from typing import Any

import pytest

from tests.api_world import Caller, World
from tests.builders import after
from tests.feed_kit import stored, told, walk

TICKET = {"number": "48213", "url": "https://portal.example.net/t/48213", "id": "17"}


@pytest.fixture
def portal(collector: World) -> Caller:
    return collector.named_key("bridge", "tickets:write", "cases:read")


@pytest.fixture
def case(collector: World) -> str:
    collector.hear("case disk")
    key: str = collector.key("cases:read").items("/api/v1/cases")[0]["external_key"]
    return key


class Portal:
    """A portal that tells of the ticket of one case. Entries are numbered; times are minutes after noon."""

    def __init__(self, collector: World, case: str, caller: Caller) -> None:
        self.collector = collector
        self.path = f"/api/v1/cases/{case}"
        self.caller = caller
        self.reader = collector.key("all")
        self._number = 0

    def tell(self, minute: float, **said: Any) -> dict[str, Any]:
        self._number += 1
        body = {"event_id": f"portal-{self._number}", "at": after(minutes=minute).isoformat(), **said}
        answer = self.caller.post(f"{self.path}/ticket-events", body)
        assert answer.status_code == 202, answer.text
        answered: dict[str, Any] = answer.json()
        return answered

    def case(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.reader.get(self.path).json()
        return shown

    def verdicts(self) -> list[str]:
        return [line["verdict"] for line in self.reader.items(f"{self.path}/log")]

    def entries(self) -> list[dict[str, Any]]:
        return self.reader.items(f"{self.path}/ticket-events")


@pytest.fixture
def talk(collector: World, case: str, portal: Caller) -> Portal:
    collector.clock.move(after(minutes=60) - collector.clock.now())
    return Portal(collector, case, portal)


# The number


def test_a_ticket_is_kept_shown_and_told_in_later_messages(collector: World, portal: Caller, case: str) -> None:
    path = f"/api/v1/cases/{case}"
    assert portal.get(f"{path}/ticket").status_code == 404
    for _ in range(2):
        answer = portal.put(f"{path}/ticket", TICKET)
        assert (answer.status_code, {name: answer.json()[name] for name in TICKET}) == (200, TICKET)
    assert portal.get(f"{path}/ticket").json()["set_by"] == "key:bridge"
    assert portal.get(path).json()["ticket"] == TICKET
    assert [line["verdict"] for line in portal.items(f"{path}/log")] == ["opened", "noted"], "the same again is no second line"
    assert told(stored(collector.store)) == [("case.opened", "opened")], "who says it is not told"
    collector.hear("clear disk")
    assert stored(collector.store)[-1]["data"]["case"]["ticket"] == TICKET


def test_another_number_is_a_conflict_that_people_see_once(collector: World, portal: Caller, case: str) -> None:
    path = f"/api/v1/cases/{case}"
    portal.put(f"{path}/ticket", TICKET)
    for _ in range(2):
        answer = portal.put(f"{path}/ticket", {"number": "50000", "url": "https://portal.example.net/t/50000"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "ticket_conflict")
        assert (problem["ticket"], problem["offered"]) == ("48213", "50000")
    assert portal.get(path).json()["ticket"] == TICKET
    lines = portal.items(f"{path}/log")
    assert [line["verdict"] for line in lines] == ["opened", "noted", "noted"]
    assert (lines[-1]["detail"]["ticket"], lines[-1]["detail"]["offered_ticket"]) == ("48213", "50000")
    assert "48213" in lines[-1]["text"]
    assert "50000" in lines[-1]["text"]
    portal.put(f"{path}/ticket", {"number": "60000"})
    assert len(portal.items(f"{path}/log")) == 4, "a third number is another conflict"


def test_what_was_not_known_of_a_ticket_is_added_and_what_was_not_said_stays(portal: Caller, case: str) -> None:
    path = f"/api/v1/cases/{case}/ticket"
    portal.put(path, {"number": "48213"})
    assert portal.put(path, {"number": "48213", "url": TICKET["url"]}).json()["url"] == TICKET["url"]
    assert portal.put(path, TICKET).json()["id"] == "17"
    last = portal.put(path, {"number": "48213"}).json()
    assert {name: last[name] for name in TICKET} == TICKET


def test_every_destination_has_its_own_ticket_and_the_others_are_told(collector: World, portal: Caller, case: str) -> None:
    other = collector.named_key("desk", "tickets:write", destination="desk")
    assert other.put(f"/api/v1/cases/{case}/ticket", {"number": "D-1"}).status_code == 200
    assert portal.get(f"/api/v1/cases/{case}").json()["ticket"]["number"] == "D-1", "the only one that is known"
    assert portal.put(f"/api/v1/cases/{case}/ticket", TICKET).status_code == 200
    assert portal.get(f"/api/v1/cases/{case}").json()["ticket"] == TICKET, "that of the feed's readers"
    assert told(stored(collector.store)) == [("case.opened", "opened"), ("case.noted", "noted")]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no number"),
        pytest.param({"number": ""}, id="empty number"),
        pytest.param({"number": "1\n2"}, id="line break"),
        pytest.param({"number": "x" * 101}, id="long number"),
        pytest.param({"number": "1", "url": "javascript:alert(1)"}, id="script"),
        pytest.param({"number": "1", "url": "https://a@b/"}, id="login in the address"),
        pytest.param({"number": "1", "url": "https://a/" + "b" * 2_000}, id="long address"),
        pytest.param({"number": "1", "id": "x" * 201}, id="long id"),
        pytest.param({"number": "1", "ticket": "2"}, id="unknown field"),
        pytest.param({"number": 1}, id="a number that is no text"),
    ],
)
def test_a_ticket_that_cannot_be_one_is_refused(portal: Caller, case: str, body: dict[str, Any]) -> None:
    assert portal.put(f"/api/v1/cases/{case}/ticket", body).status_code == 422
    assert portal.get(f"/api/v1/cases/{case}/ticket").status_code == 404


def test_the_case_of_another_customer_is_not_there(collector: World, case: str) -> None:
    stranger = collector.key("tickets:write", customer_id=collector.other)
    entry = {"event_id": "e", "at": after().isoformat(), "status": "new"}
    for path in (case, "TST-00000000000000000000000000", "ñ", "%00"):
        assert stranger.put(f"/api/v1/cases/{path}/ticket", TICKET).status_code == 404
        assert stranger.post(f"/api/v1/cases/{path}/ticket-events", entry).status_code == 404


# Entries


@pytest.mark.parametrize(
    ("said", "status", "verdicts"),
    [
        pytest.param({"status": "new"}, "open", [], id="new"),
        pytest.param({"status": "acknowledged"}, "acknowledged", ["acknowledged"], id="acknowledged"),
        pytest.param(
            {"status": "in_progress", "assignee": {"id": "jperez", "name": "Juana Pérez"}},
            "acknowledged",
            ["acknowledged", "assigned"],
            id="in progress with an owner",
        ),
        pytest.param({"assignee": {"id": "jperez"}}, "acknowledged", ["acknowledged", "assigned"], id="an owner alone"),
        pytest.param({"status": "new", "assignee": {"id": "jperez"}}, "open", ["assigned"], id="new with an owner"),
        pytest.param({"status": "pending"}, "pending", ["pended"], id="pending"),
        pytest.param({"status": "solved", "reason": "Disco"}, "resolved", ["resolved"], id="solved"),
        pytest.param({"status": "closed"}, "closed", ["closed"], id="closed"),
        pytest.param({"status": "rejected", "reason": "No es nuestro"}, "closed", ["closed"], id="rejected"),
        pytest.param(
            {"status": "closed", "assignee": {"name": "Juana"}, "note": {"text": "Listo"}},
            "closed",
            ["acknowledged", "assigned", "noted", "closed"],
            id="everything at once: the end comes last",
        ),
        pytest.param({"note": {"text": "Llamo al proveedor"}}, "open", ["noted"], id="note"),
        pytest.param(
            {"note": {"text": "Hola", "internal": False, "first_public_reply": True}},
            "open",
            ["noted", "contacted", "responded"],
            id="first public reply",
        ),
    ],
)
def test_an_entry_does_to_the_case_what_it_says(talk: Portal, said: dict[str, Any], status: str, verdicts: list[str]) -> None:
    answer = talk.tell(9.5, actor="jperez", **said)
    assert (answer["applied"], answer["reason"], answer["detail"]) == (True, None, None)
    assert set(answer["facts"].values()) == {"applied"}
    assert talk.case()["status"] == status
    assert talk.verdicts() == ["opened", *verdicts]
    lines = talk.reader.items(f"{talk.path}/log")
    assert {line["actor"] for line in lines[1:]} <= {"key:bridge/jperez"}
    assert told(stored(talk.collector.store)) == [("case.opened", "opened")], "who says it is not told"


def test_reason_and_owner_are_kept_with_the_case(talk: Portal) -> None:
    talk.tell(1, assignee={"id": "jperez", "name": "Juana Pérez"})
    talk.tell(2, status="solved", reason="Disco reemplazado", actor="jperez")
    case = talk.case()
    assert (case["assignee"], case["close_reason"], case["status_by"]) == (
        "Juana Pérez",
        "Disco reemplazado",
        "key:bridge/jperez",
    )


def test_the_first_public_reply_is_contact_and_response_at_its_own_time(talk: Portal) -> None:
    talk.tell(5, note={"text": "Hola", "internal": False, "first_public_reply": True})
    case = talk.case()
    assert (case["contacted_at"], case["responded_at"]) == ("2026-03-17T12:05:00.000Z",) * 2
    assert {one["state"] for one in case["deadlines"]} == {"met"}


def test_a_reply_from_before_the_case_counts_from_its_opening(talk: Portal) -> None:
    talk.tell(-5, note={"text": "Hola", "internal": False, "first_public_reply": True})
    assert talk.case()["responded_at"] == "2026-03-17T12:00:00.000Z"


def test_whether_a_note_is_internal_is_kept(talk: Portal) -> None:
    talk.tell(1, note={"text": "a"})
    talk.tell(2, note={"text": "b", "internal": False})
    lines = talk.reader.items(f"{talk.path}/log")[1:]
    assert [(line["text"], line["detail"]["internal"]) for line in lines] == [("a", True), ("b", False)]


def test_the_same_entry_again_has_no_effect(talk: Portal) -> None:
    said = {"event_id": "portal-1", "at": after(minutes=1).isoformat(), "status": "acknowledged", "note": {"text": "x"}}
    answers = [talk.caller.post(f"{talk.path}/ticket-events", said) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 200, 200]
    assert answers[1].json() == {"applied": False, "reason": "duplicate", "facts": {}, "detail": None}
    assert talk.verdicts() == ["opened", "acknowledged", "noted"]
    assert len(talk.entries()) == 1


def test_an_entrys_id_belongs_to_one_case(collector: World, talk: Portal) -> None:
    talk.tell(1, status="new")
    collector.hear("case other")
    [other] = talk.reader.items("/api/v1/cases", params={"text": "other"})
    body = {"event_id": "portal-1", "at": after().isoformat(), "status": "closed"}
    assert talk.caller.post(f"/api/v1/cases/{other['external_key']}/ticket-events", body).status_code == 409


def test_every_destination_numbers_its_own_entries(collector: World, talk: Portal) -> None:
    talk.tell(1, status="new")
    desk = collector.named_key("desk", "tickets:write", destination="desk")
    body = {"event_id": "portal-1", "at": after(minutes=2).isoformat(), "status": "acknowledged"}
    assert desk.post(f"{talk.path}/ticket-events", body).status_code == 202
    assert told(stored(collector.store))[-1] == ("case.acknowledged", "acknowledged"), "the readers of the feed are told"


def test_an_older_word_on_a_fact_is_noted_and_not_applied(talk: Portal) -> None:
    talk.tell(10, status="in_progress")
    answer = talk.tell(5, status="closed", assignee={"id": "jperez"}, note={"text": "tarde"})
    assert answer["facts"] == {"status": "stale", "assignee": "applied", "note": "applied"}
    assert talk.case()["status"] == "acknowledged"
    only = talk.tell(4, status="closed")
    assert (only["applied"], only["reason"]) == (False, "stale")
    assert [entry["result"] for entry in talk.entries()] == ["applied", "applied", "stale"]
    assert talk.tell(4, assignee={"id": "ana"})["facts"] == {"assignee": "stale"}
    assert talk.case()["assignee"] == "jperez"


def test_of_two_words_of_one_moment_the_later_arrival_counts(talk: Portal) -> None:
    talk.tell(10, status="pending")
    talk.tell(10, status="in_progress")
    assert talk.case()["status"] == "acknowledged"


def test_a_clock_that_is_ahead_does_not_silence_what_comes_after(talk: Portal) -> None:
    talk.tell(60 * 24 * 365, status="acknowledged")
    assert talk.tell(60, status="pending")["applied"] is True
    assert talk.case()["status"] == "pending"


def test_what_the_state_of_the_case_refuses_is_noted_with_the_reason(talk: Portal) -> None:
    talk.reader.post(f"{talk.path}/close", {"text": "nuestro"})
    answer = talk.tell(30, status="acknowledged", assignee={"id": "jperez"})
    assert (answer["applied"], answer["reason"]) == (False, "refused")
    assert answer["facts"] == {"status": "refused", "assignee": "refused"}
    assert "closed" in answer["detail"]
    [entry] = talk.entries()
    assert (entry["result"], entry["detail"]) == ("refused", answer["detail"])
    assert talk.verdicts() == ["opened", "closed"]


def test_a_part_that_is_refused_does_not_keep_the_rest_from_being_applied(talk: Portal) -> None:
    talk.reader.post(f"{talk.path}/close")
    answer = talk.tell(30, status="pending", note={"text": "x"}, ticket=TICKET)
    assert answer["facts"] == {"ticket": "applied", "status": "refused", "note": "applied"}
    assert answer["applied"] is True
    assert answer["detail"]


def test_a_ticket_that_staff_reopen_reopens_the_case(talk: Portal) -> None:
    talk.tell(1, status="solved")
    talk.tell(2, status="in_progress")
    assert talk.case()["status"] == "acknowledged"
    talk.tell(3, status="closed")
    talk.tell(4, status="pending")
    assert talk.case()["status"] == "pending"
    assert talk.verdicts() == ["opened", "resolved", "reopened", "closed", "reopened", "pended"]


def test_a_ticket_that_never_was_over_reopens_nothing(talk: Portal) -> None:
    talk.tell(1, status="new")
    talk.reader.post(f"{talk.path}/resolve")
    assert talk.tell(2, status="in_progress")["reason"] == "refused"
    assert talk.case()["status"] == "resolved"


def test_a_solution_that_the_case_refused_still_makes_its_end_a_reopening(talk: Portal) -> None:
    talk.reader.post(f"{talk.path}/close")
    assert talk.tell(1, status="solved")["reason"] == "refused"
    assert talk.tell(2, status="in_progress")["applied"] is True
    assert talk.case()["status"] == "acknowledged"


def test_a_case_whose_trouble_has_another_case_is_not_reopened(collector: World, talk: Portal) -> None:
    talk.tell(1, status="closed")
    collector.hear("case disk")
    answer = talk.tell(2, status="in_progress")
    assert (answer["reason"], talk.case()["status"]) == ("refused", "closed")
    assert "holds the same trouble" in answer["detail"]


def test_our_own_doing_in_the_portal_is_known_again_and_not_done_twice(talk: Portal) -> None:
    talk.reader.post(f"{talk.path}/resolve")
    answer = talk.tell(30, status="closed", assignee={"id": "x"}, note={"text": "del colector"}, actor="bridge")
    assert (answer["applied"], answer["reason"]) == (False, "echo")
    assert talk.case()["status"] == "resolved"
    assert talk.tell(31, status="in_progress", actor="jperez")["applied"] is True
    assert talk.case()["status"] == "acknowledged", "that the ticket was closed is known from the echo"


def test_even_an_echo_may_tell_the_number(talk: Portal) -> None:
    answer = talk.tell(1, status="new", ticket=TICKET, actor="bridge")
    assert answer["facts"] == {"ticket": "applied", "status": "echo"}
    assert talk.case()["ticket"] == TICKET
    assert talk.tell(2, status="new", ticket=TICKET, actor="bridge")["reason"] == "echo"


def test_a_number_in_an_entry_that_is_another_one_is_a_conflict(talk: Portal) -> None:
    talk.tell(1, ticket=TICKET)
    answer = talk.tell(2, ticket={"number": "50000"}, status="acknowledged")
    assert answer["facts"] == {"ticket": "refused", "status": "applied"}
    assert "48213" in answer["detail"]
    assert talk.case()["ticket"] == TICKET


def test_an_entry_that_says_nothing_known_is_noted(talk: Portal) -> None:
    answer = talk.tell(1, priority="high", raw_status="En curso")
    assert (answer["applied"], answer["reason"], answer["facts"]) == (False, "nothing", {})
    [entry] = talk.entries()
    assert entry["sent"] == {"event_id": "portal-1", "at": "2026-03-17T12:01:00Z", "raw_status": "En curso"}


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"status": "missing"}, id="a status that only we find out"),
        pytest.param({"status": "En curso"}, id="a raw status"),
        pytest.param({"status": "rejected"}, id="rejected without a reason"),
        pytest.param({"at": "yesterday"}, id="no time"),
        pytest.param({"at": "2026-03-01T12:00:00"}, id="a time without zone"),
        pytest.param({"event_id": ""}, id="no id"),
        pytest.param({"event_id": "x" * 201}, id="long id"),
        pytest.param({"assignee": {}}, id="an owner without a name"),
        pytest.param({"assignee": {"name": "x" * 81}}, id="long name"),
        pytest.param({"note": {"text": ""}}, id="empty note"),
        pytest.param({"note": {"text": "x", "internal": True, "first_public_reply": True}}, id="an internal reply"),
        pytest.param({"ticket": {"number": "1", "url": "data:,x"}}, id="address"),
        pytest.param({"actor": "a\u0000b"}, id="NUL"),
        pytest.param({"reason": "\ud800"}, id="half a character"),
    ],
)
def test_an_entry_that_cannot_be_one_is_refused(talk: Portal, said: dict[str, Any]) -> None:
    body = {"event_id": "portal-1", "at": after().isoformat(), **said}
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    answer = talk.caller.send("POST", f"{talk.path}/ticket-events", content=content, headers=headers)
    assert answer.status_code == 422
    assert talk.entries() == []


def test_what_became_of_entries_is_listed_page_by_page_and_counted(talk: Portal) -> None:
    talk.tell(2, status="acknowledged")
    talk.tell(1, status="new")
    talk.tell(3, status="in_progress", actor="bridge")
    listed = talk.reader.walk(f"{talk.path}/ticket-events", {"limit": 1})
    assert [(entry["event_id"], entry["result"], entry["newest"]) for entry in listed] == [
        ("portal-1", "applied", ["status"]),
        ("portal-2", "stale", []),
        ("portal-3", "echo", ["status"]),
    ]
    lines = talk.reader.get("/metrics").text.splitlines()
    for result in ("applied", "stale", "echo"):
        assert f'collector_handoff_inbound_total{{result="{result}",role="api"}} 1.0' in lines
    assert 'collector_handoff_inbound_total{result="refused",role="api"} 0.0' in lines


def test_messages_of_a_destination_of_its_own_reach_the_readers_of_the_feed(collector: World, case: str) -> None:
    desk = Portal(collector, case, collector.named_key("desk", "tickets:write", destination="desk"))
    desk.tell(0, status="in_progress", assignee={"id": "jperez"}, note={"text": "x"}, actor="jperez")
    messages = walk(collector.key("handoff:read"))
    assert told(messages) == [
        ("case.opened", "opened"),
        ("case.acknowledged", "acknowledged"),
        ("case.assigned", "assigned"),
        ("case.noted", "noted"),
    ]
    assert [message["seq"] for message in messages] == [1, 2, 3, 4]
