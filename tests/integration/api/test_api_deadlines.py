"""Promised times over HTTP: what starts, meets and moves them, and how they are explained. Noon in UTC is 09:00 in Buenos Aires:
everything here happens on Tuesday 17 March 2026, which is a working day."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api_world import Caller, World
from tests.builders import after


@pytest.fixture
def case(collector: World, admin: Caller) -> str:
    """The path of an open case of severity 3, received at 09:00."""
    collector.hear("case disk")
    return path_of(admin)


@pytest.fixture
def threat(collector: World, admin: Caller) -> str:
    collector.hear("threat pc-1")
    return path_of(admin)


def path_of(admin: Caller) -> str:
    [found] = admin.items("/api/v1/cases")
    return f"/api/v1/cases/{found['external_key']}"


def deadlines(caller: Caller, case: str, language: str = "en") -> list[dict[str, Any]]:
    return caller.items(f"{case}/deadlines", params={"language": language})


def states(caller: Caller, case: str) -> list[tuple[str, int | None, str]]:
    return [(one["name"], one["severity"], one["state"]) for one in deadlines(caller, case)]


def clock(minutes: float) -> str:
    """So long after nine, as the API says it."""
    return after(minutes=minutes).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_a_threat_owes_contact_and_response_half_an_hour_from_receipt(admin: Caller, threat: str) -> None:
    assert [(one["name"], one["due_at"], one["provisional"]) for one in deadlines(admin, threat)] == [
        ("contact", clock(30), False),
        ("response", clock(30), False),
    ]
    assert [one["due_at"] for one in admin.get(threat).json()["deadlines"]] == [clock(30)] * 2


def test_every_stretch_is_told_so_that_the_due_time_can_be_added_up(collector: World, admin: Caller) -> None:
    collector.clock.move(timedelta(hours=7, minutes=50))
    collector.hear("threat pc-1")
    collector.clock.move(timedelta(minutes=4))
    one = deadlines(admin, path_of(admin))[0]
    assert (one["since"], one["start"], one["at_risk_at"], one["due_at"], one["until"]) == (
        "2026-03-17T19:50:00.000Z",
        "2026-03-17T19:50:00.000Z",
        "2026-03-18T12:12:30.000Z",
        "2026-03-18T12:20:00.000Z",
        "2026-03-18T12:20:00.000Z",
    )
    assert [(s["start"], s["end"], s["seconds"], s["counted"], s["reasons"]) for s in one["stretches"]] == [
        ("2026-03-17T19:50:00.000Z", "2026-03-17T20:00:00.000Z", 600, True, []),
        ("2026-03-17T20:00:00.000Z", "2026-03-18T12:00:00.000Z", 57_600, False, ["outside_hours"]),
        ("2026-03-18T12:00:00.000Z", "2026-03-18T12:20:00.000Z", 1_200, True, []),
    ]
    assert (one["target_seconds"], one["counted_seconds"], one["left_seconds"]) == (1_800, 240, 1_560)
    assert one["text"] == (
        "Contact: 30 min of working time from Tue 17 Mar 16:50. Due Wed 18 Mar 09:20. Counted: 10 min on Tue 17 Mar from 16:50 to"
        " 17:00, 20 min on Wed 18 Mar from 09:00 to 09:20. Not counted: outside hours."
    )
    assert deadlines(admin, path_of(admin), "es")[0]["text"] == (
        "Contacto: 30 min de trabajo desde el mar 17/3 16:50. Vence el mié 18/3 09:20. Cuentan 10 min el mar 17/3 de 16:50 a"
        " 17:00, 20 min el mié 18/3 de 09:00 a 09:20. No cuentan: fuera de horario."
    )


def test_the_page_says_the_time_the_calendar_and_the_zone_it_counted_with(admin: Caller, case: str) -> None:
    page = admin.get(f"{case}/deadlines").json()
    assert (page["next"], page["now"], page["timezone"]) == (None, clock(0), "America/Argentina/Buenos_Aires")
    assert page["calendar"] == page["items"][0]["calendar"]


def test_the_language_is_chosen_as_everywhere(admin: Caller, case: str) -> None:
    answer = admin.get(f"{case}/deadlines", headers={"Accept-Language": "en"})
    assert answer.json()["items"][0]["text"].startswith("Response (severity 3): 6 h of working time")


def test_confirm_makes_the_provisional_time_definite(collector: World, admin: Caller, case: str) -> None:
    assert [(one["due_at"], one["provisional"]) for one in deadlines(admin, case)] == [(clock(360), True)]
    collector.clock.move(timedelta(minutes=30))
    answer = admin.post(f"{case}/confirm", {"actor": "ana", "text": "seen"})
    assert (answer.status_code, answer.json()["confirmed_at"], answer.json()["version"]) == (200, clock(30), 2)
    assert [(one["state"], one["due_at"], one["provisional"]) for one in deadlines(admin, case)] == [
        ("replaced", clock(360), True),
        ("running", clock(390), False),
    ]
    assert admin.post(f"{case}/confirm").json()["version"] == 2
    assert [one["state"] for one in admin.get(case).json()["deadlines"]] == ["running"]


def test_confirm_gives_another_severity(admin: Caller, case: str) -> None:
    assert admin.post(f"{case}/confirm", {"severity": 1}).json()["severity"] == 1
    assert [(one["name"], one["severity"], one["due_at"]) for one in deadlines(admin, case)[1:]] == [
        ("contact", 1, clock(30)),
        ("response", 1, clock(60)),
    ]
    assert admin.post(f"{case}/confirm", {"severity": 2}).json()["severity"] == 2
    assert states(admin, case) == [
        ("response", 3, "replaced"),
        ("contact", 1, "replaced"),
        ("response", 1, "replaced"),
        ("response", 2, "running"),
    ]
    line = admin.items(f"{case}/log")[-1]
    assert (line["verdict"], line["detail"]) == ("severity_set", {"severity_before": 1, "severity": 2})


def test_contact_and_response_are_two_things_and_acknowledging_is_neither(admin: Caller, threat: str) -> None:
    admin.post(f"{threat}/acknowledge")
    assert states(admin, threat) == [("contact", None, "running"), ("response", None, "running")]
    answer = admin.post(f"{threat}/record-contact", {"who": "Ana Díaz", "how": "teléfono", "actor": "juan"})
    assert answer.json()["contacted_at"] == clock(0)
    assert states(admin, threat) == [("contact", None, "met"), ("response", None, "running")]
    admin.post(f"{threat}/respond", {"text": "muestra enviada"})
    assert states(admin, threat) == [("contact", None, "met"), ("response", None, "met")]
    contacted, responded = admin.items(f"{threat}/log")[-2:]
    assert (contacted["actor"], contacted["detail"]) == ("key:bridge/juan", {"who": "Ana Díaz", "how": "teléfono"})
    assert (responded["verdict"], responded["text"]) == ("responded", "muestra enviada")
    assert deadlines(admin, threat)[0]["ended_by"] == "key:bridge/juan"


def test_what_was_written_down_later_counts_from_when_it_was_done(collector: World, admin: Caller, threat: str) -> None:
    collector.clock.move(timedelta(minutes=45))
    said = admin.post(f"{threat}/respond", {"at": "2026-03-17T09:20:00-03:00"}).json()
    assert said["responded_at"] == clock(20)
    contact, response = deadlines(admin, threat)
    assert (response["state"], response["ended_at"], response["late"], response["counted_seconds"]) == (
        "met",
        clock(20),
        False,
        1_200,
    )
    assert admin.post(f"{threat}/record-contact", {"who": "Ana", "how": "phone"}).status_code == 200
    contact, _ = deadlines(admin, threat)
    assert (contact["state"], contact["late"], contact["counted_seconds"]) == ("met", True, 2_700)
    assert admin.items(f"{threat}/log")[-2]["detail"] == {"at": clock(20)}


def test_a_case_that_waits_for_the_customer_has_no_due_time(collector: World, admin: Caller, case: str) -> None:
    collector.clock.move(timedelta(minutes=10))
    admin.post(f"{case}/pend")
    collector.clock.move(timedelta(minutes=60))
    [one] = deadlines(admin, case)
    assert (one["state"], one["due_at"], one["at_risk_at"], one["until"]) == ("paused", None, None, clock(70))
    assert (one["counted_seconds"], one["left_seconds"]) == (600, 6 * 3_600 - 600)
    assert one["pauses"] == [{"start": clock(10), "end": None}]
    assert [(s["counted"], s["reasons"]) for s in one["stretches"]] == [(True, []), (False, ["paused"])]
    admin.post(f"{case}/resume")
    [one] = deadlines(admin, case)
    assert (one["state"], one["due_at"], one["pauses"]) == ("running", clock(420), [{"start": clock(10), "end": clock(70)}])


def test_assign_names_who_works_on_it_and_stops_nothing(admin: Caller, case: str) -> None:
    answer = admin.post(f"{case}/assign", {"assignee": "jperez", "actor": "mlopez"})
    assert (answer.json()["assignee"], answer.json()["status"]) == ("jperez", "open")
    assert admin.post(f"{case}/assign", {"assignee": "jperez"}).json()["version"] == answer.json()["version"]
    line = admin.items(f"{case}/log")[-1]
    assert (line["verdict"], line["actor"], line["detail"]) == ("assigned", "key:bridge/mlopez", {"assignee": "jperez"})
    assert states(admin, case) == [("response", 3, "running")]


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        pytest.param("confirm", {"severity": 0}, "severity", id="severity 0"),
        pytest.param("confirm", {"severity": 5}, "severity", id="severity 5"),
        pytest.param("confirm", {"severity": "2"}, "severity", id="severity as text"),
        pytest.param("confirm", {"severity": True}, "severity", id="severity as truth"),
        pytest.param("record-contact", {"how": "phone"}, "who", id="contact without who"),
        pytest.param("record-contact", {"who": "Ana"}, "how", id="contact without how"),
        pytest.param("record-contact", {"who": "Ana\n", "how": "phone"}, "who", id="who with a line break"),
        pytest.param("record-contact", {"who": "a" * 81, "how": "phone"}, "who", id="long who"),
        pytest.param("respond", {"at": "2026-03-17 12:00"}, "at", id="time without seconds"),
        pytest.param("respond", {"at": "2026-03-17T12:00:00"}, "at", id="time without offset"),
        pytest.param("respond", {"at": "2026-03-17T12:00:00 03:00"}, "at", id="blank for plus"),
        pytest.param("respond", {"at": "2026-13-17T12:00:00Z"}, "at", id="month 13"),
        pytest.param("respond", {"at": "0001-01-01T00:00:00+14:00"}, "at", id="before all time"),
        pytest.param("respond", {"at": "٢٠٢٦-03-17T12:00:00Z"}, "at", id="other digits"),
        pytest.param("respond", {"at": 1_773_748_800}, "at", id="a number"),
        pytest.param("respond", {"who": "Ana"}, "who", id="a member of another verb"),
        pytest.param("assign", {}, "assignee", id="nobody"),
        pytest.param("assign", {"assignee": " "}, "assignee", id="blank"),
    ],
)
def test_a_wrong_body_is_422_and_names_the_member(admin: Caller, case: str, path: str, body: Any, wrong: str) -> None:
    answer = admin.post(f"{case}/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [(error["in"], error["name"].split(".")[0]) for error in answer.json()["errors"]] == [("body", wrong)]
    assert len(admin.items(f"{case}/log")) == 1


@pytest.mark.parametrize(
    ("at", "says"),
    [
        pytest.param("2026-03-17T11:59:59Z", "`at` lies before the case was opened (2026-03-17T12:00:00.000Z)", id="before it"),
        pytest.param("2026-03-17T12:01:01Z", "`at` lies in the future", id="in the future"),
    ],
)
def test_a_time_that_cannot_be_is_rejected_with_words(admin: Caller, case: str, at: str, says: str) -> None:
    answer = admin.post(f"{case}/respond", {"at": at})
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (422, "rejected", says)


def test_a_clock_that_is_a_little_ahead_means_now(admin: Caller, case: str) -> None:
    assert admin.post(f"{case}/respond", {"at": "2026-03-17T12:00:59Z"}).json()["responded_at"] == clock(0)


def test_a_threat_has_no_severity_to_confirm(admin: Caller, threat: str) -> None:
    answer = admin.post(f"{threat}/confirm", {"severity": 2})
    assert (answer.status_code, answer.json()["detail"]) == (422, "a threat incident has an urgency and no severity")
    assert admin.post(f"{threat}/confirm").json()["confirmed_at"] == clock(0)


@pytest.mark.parametrize("over", ["resolve", "close"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("confirm", {}, id="confirm"),
        pytest.param("record-contact", {"who": "Ana", "how": "phone"}, id="contact"),
        pytest.param("respond", {}, id="respond"),
        pytest.param("assign", {"assignee": "ana"}, id="assign"),
    ],
)
def test_a_case_that_is_over_takes_none_of_it(admin: Caller, case: str, over: str, path: str, body: Any) -> None:
    admin.post(f"{case}/{over}")
    answer = admin.post(f"{case}/{path}", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["set_by"]) == (409, "conflict", "key:bridge")
    assert answer.json()["detail"].endswith(f"{path} is not possible")


def test_versions_and_repeats_hold_for_them_too(admin: Caller, case: str) -> None:
    body, key = {"who": "Ana", "how": "phone"}, {"Idempotency-Key": "c1"}
    first = admin.post(f"{case}/record-contact", body, headers=key | {"If-Match": '"1"'})
    again = admin.post(f"{case}/record-contact", body, headers=key | {"If-Match": '"1"'})
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert admin.post(f"{case}/record-contact", body, headers={"If-Match": '"1"'}).status_code == 412
    other = admin.post(f"{case}/record-contact", body | {"how": "e-mail"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [line["verdict"] for line in admin.items(f"{case}/log")] == ["opened", "contacted"]


def test_another_customers_promises_are_as_if_they_were_not_there(collector: World, admin: Caller, case: str) -> None:
    stranger = collector.key("cases:read", "cases:write", customer_id=collector.other)
    assert stranger.get(f"{case}/deadlines").status_code == 404
    assert stranger.post(f"{case}/confirm").status_code == 404
    assert collector.key("cases:read", customer_id=collector.acme).get(f"{case}/deadlines").status_code == 200


def test_a_due_time_of_another_calendar_says_so(collector: World, admin: Caller, case: str) -> None:
    with collector.store.write() as connection:
        connection.exec_driver_sql("UPDATE deadlines SET calendar = 'AR@000000'")
    page = admin.get(f"{case}/deadlines", params={"language": "en"}).json()
    assert page["items"][0]["calendar"] == "AR@000000" != page["calendar"]
    assert f"The due time was counted with the calendar AR@000000; today's is {page['calendar']}" in page["items"][0]["text"]


def test_what_is_processed_again_late_counts_from_then(collector: World, admin: Caller) -> None:
    [first] = collector.hear("outage disk")
    collector.rules.known.add("outage")
    collector.clock.move(timedelta(minutes=90))
    assert admin.post(f"/api/v1/notifications/{first}/reprocess").json()["items"][0]["state"] == "case"
    assert [(one["since"], one["due_at"]) for one in deadlines(admin, path_of(admin))] == [(clock(90), clock(450))]
