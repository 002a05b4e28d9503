"""Cases as the API shows them: shape, language, filters, evidence, history."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from collector.store.cases import update_cases
from collector.store.engine import Connection
from tests.api_world import URL, Caller, World, trap_saying
from tests.builders import TERMS, a_full_case


def only_case(caller: Caller, **options: Any) -> dict[str, Any]:
    [case] = caller.items("/api/v1/cases", **options)
    return case


PROVISIONAL = {
    "name": "response",
    "severity": 3,
    "start": "2026-03-17T12:00:00.000Z",
    "due_at": "2026-03-17T18:00:00.000Z",
    "provisional": True,
    "calendar": TERMS.promise.calendar.label,
    "state": "running",
    "late": False,
}
"""The response to a severity 3 case that arrives at 9 in the morning."""


def test_a_case_has_the_documented_shape(collector: World, admin: Caller) -> None:
    [first] = collector.hear("case disk")
    case = only_case(admin)
    answer = admin.get(f"/api/v1/cases/{case['external_key']}")
    assert answer.headers["etag"] == '"1"'
    assert answer.json() == {
        "external_key": case["external_key"],
        "url": f"{URL}/cases/{case['external_key']}",
        "kind": "severity_case",
        "urgency": "normal",
        "severity": 3,
        "rank": 3,
        "contained": False,
        "status": "open",
        "level": 1,
        "trust": "spoofable",
        "review_for_severity_1": False,
        "needs_triage": False,
        "title": "title disk (es)",
        "summary": "1 aviso: 09:00:00 -03. summary (es)",
        "steps": "steps (es)",
        "customer": {
            "code": "ACME",
            "name": "Acme S.A.",
            "support_id": None,
            "language": "es",
            "contacts": [],
            "account_manager": None,
            "technical_account_manager": None,
        },
        "entitlement": None,
        "outside_hours": False,
        "ticket_fields": {"manufacturer": "Symantec - Broadcom", "platform": None, "platform_version": None, "priority": 3},
        "assignee": None,
        "host": "host-1",
        "product": "product",
        "threat": None,
        "source": {"name": "acme-1", "channel": "snmp", "rule": "disk-full", "rule_version": "abc"},
        "matched": [],
        "source_severity": None,
        "opened_at": "2026-03-17T12:00:00.000Z",
        "last_seen_at": "2026-03-17T12:00:00.000Z",
        "occurrences": 1,
        "cleared_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "confirmed_at": None,
        "contacted_at": None,
        "responded_at": None,
        "resolved_at": None,
        "closed_at": None,
        "close_reason": None,
        "status_by": None,
        "deadlines": [PROVISIONAL],
        "notices": ["remote_access_only_after_telling_the_customer"],
        "evidence": [
            {
                "id": first,
                "at": "2026-03-17T12:00:00.000Z",
                "channel": "snmp",
                "text": "case disk",
                "truncated": False,
                "url": f"{URL}/notifications/{first}",
                "sha256": hashlib.sha256(trap_saying("case disk", community="****")).hexdigest(),
                "bytes": len(trap_saying("case disk")),
            }
        ],
        "previous_case": None,
        "merged_into": None,
        "ticket": None,
        "version": 1,
    }


def test_a_case_in_a_list_has_the_same_shape_but_no_size_and_digest(collector: World, admin: Caller) -> None:
    collector.hear("case disk")
    listed = only_case(admin)
    single = admin.get(f"/api/v1/cases/{listed['external_key']}").json()
    unread = [{**evidence, "sha256": None, "bytes": None} for evidence in single["evidence"]]
    assert listed == {**single, "evidence": unread}


def test_a_threat_names_its_indicators(collector: World, admin: Caller) -> None:
    collector.hear("threat pc-1")
    assert only_case(admin)["threat"] == {"risk": "pc-1", "action": None, "path": None, "sha256": None}
    assert only_case(admin)["severity"] is None


def test_every_fact_of_a_case_arrives(collector: World, admin: Caller) -> None:
    collector.hear("case disk")
    with collector.store.write() as connection:
        change_everything(connection)
    case = only_case(admin)
    expected = {
        "severity": 2,
        "urgency": "high",
        "rank": 2,
        "status": "resolved",
        "level": 3,
        "trust": "encrypted",
        "needs_triage": True,
        "review_for_severity_1": True,
        "occurrences": 5_000_000_000,
        "cleared_at": "2026-03-17T12:02:00.000Z",
        "acknowledged_at": "2026-03-17T12:03:00.000Z",
        "acknowledged_by": "key:bridge",
        "resolved_at": "2026-03-17T12:04:00.000Z",
        "closed_at": "2026-03-17T12:05:00.000Z",
        "close_reason": "done",
        "merged_into": "TST-01HZXB3V5K8C9YQ2M4N6P7R8SB",
        "status_by": "user:ana",
        "version": 41,
        "source_severity": "CRITICAL",
    }
    assert {name: case[name] for name in expected} == expected


def change_everything(connection: Connection) -> None:
    row = connection.exec_driver_sql("SELECT id FROM cases").one()
    update_cases(connection, [a_full_case(id=row[0])])


@pytest.mark.parametrize(
    ("passed", "spanish", "english"),
    [
        pytest.param(
            timedelta(seconds=90), "2 avisos en 1 min; primero 09:00:00 -03, último 09:01:30 -03.", "in 1 min", id="same day"
        ),
        pytest.param(
            timedelta(hours=14),
            "2 avisos en 14 h; primero 09:00:00 -03, último 23:00:00 -03.",
            "first 09:00:00 -03, last 23:00:00 -03.",
            id="same day there, another in UTC",
        ),
        pytest.param(
            timedelta(hours=16),
            "primero 2026-03-17 09:00:00 -03, último 2026-03-18 01:00:00 -03.",
            "first 2026-03-17 09:00:00 -03, last 2026-03-18 01:00:00 -03.",
            id="another day",
        ),
    ],
)
def test_the_summary_counts_in_words_and_local_time(
    collector: World, admin: Caller, passed: timedelta, spanish: str, english: str
) -> None:
    collector.hear("case disk")
    collector.clock.move(passed)
    collector.hear("case disk")
    assert spanish in only_case(admin)["summary"]
    assert english in only_case(admin, params={"language": "en"})["summary"]
    assert only_case(admin)["summary"].endswith(" summary (es)")


@pytest.mark.parametrize(
    ("path", "accept", "language"),
    [
        pytest.param("", None, "es", id="the installation's"),
        pytest.param("?language=en", "es", "en", id="the parameter wins"),
        pytest.param("", "en-GB,en;q=0.9", "en", id="the header"),
        pytest.param("", "en;q=0.4, es-AR;q=0.5", "es", id="the better liked"),
        pytest.param("", "pt-BR, fr", "es", id="none of ours"),
        pytest.param("", "en;q=0", "es", id="refused"),
        pytest.param("", ";;,,q=;en;q=x", "es", id="damaged"),
    ],
)
def test_title_summary_and_steps_are_in_the_language_asked_for(
    collector: World, admin: Caller, path: str, accept: str | None, language: str
) -> None:
    collector.hear("case disk")
    key = only_case(admin)["external_key"]
    headers = {"Accept-Language": accept} if accept else {}
    answer = admin.get(f"/api/v1/cases/{key}{path}", headers=headers)
    case = answer.json()
    assert (case["title"], case["steps"]) == (f"title disk ({language})", f"steps ({language})")
    assert answer.headers["content-language"] == language
    assert only_case(admin, params={"language": language})["title"] == case["title"]


def test_evidence_is_the_newest_twenty_and_three_in_lists(collector: World, admin: Caller) -> None:
    ids = collector.hear(*["case disk"] * 25)
    collector.hear("case mem")
    cases = {case["title"]: case for case in admin.items("/api/v1/cases")}
    disk = cases["title disk (es)"]
    assert [evidence["id"] for evidence in disk["evidence"]] == ids[:-4:-1]
    assert len(cases["title mem (es)"]["evidence"]) == 1
    single = admin.get(f"/api/v1/cases/{disk['external_key']}").json()
    assert [evidence["id"] for evidence in single["evidence"]] == ids[:4:-1]


def test_a_long_text_is_cut_and_says_so(collector: World, admin: Caller) -> None:
    text = "case disk " + "ñ" * 3000
    collector.hear(text)
    listed = only_case(admin)
    [evidence] = listed["evidence"]
    assert (evidence["text"], evidence["truncated"]) == (text[:200], True)
    [whole] = admin.get(f"/api/v1/cases/{listed['external_key']}").json()["evidence"]
    assert whole["truncated"]
    assert whole["text"] == text[: 10 + 1019]
    assert len(whole["text"].encode()) == 2048


@pytest.fixture
def several(collector: World) -> World:
    """An acknowledged case of ACME, a threat of ACME, a cleared case of OTHER."""
    admin = collector.named_key("seed", "all")
    collector.hear("case disk")
    admin.post(f"/api/v1/cases/{only_case(admin)['external_key']}/acknowledge")
    collector.clock.move(timedelta(minutes=10))
    collector.hear("threat PC-17")
    collector.hear("case mem%", community="other")
    return collector


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        pytest.param({}, ["disk", "PC-17", "mem%"], id="none"),
        pytest.param({"order": "newest"}, ["mem%", "PC-17", "disk"], id="newest first"),
        pytest.param({"status": "acknowledged"}, ["disk"], id="status"),
        pytest.param({"status": "open,acknowledged"}, ["disk", "PC-17", "mem%"], id="comma list"),
        pytest.param({"status": ["resolved", "acknowledged"]}, ["disk"], id="repeated"),
        pytest.param({"status": ""}, ["disk", "PC-17", "mem%"], id="empty means any"),
        pytest.param({"kind": "threat_incident"}, ["PC-17"], id="kind"),
        pytest.param({"severity": "3,4"}, ["disk", "mem%"], id="severity"),
        pytest.param({"severity": "1"}, [], id="no such severity"),
        pytest.param({"customer": "OTHER"}, ["mem%"], id="customer"),
        pytest.param({"customer": "NOBODY"}, [], id="unknown customer"),
        pytest.param({"text": "pc-1"}, ["PC-17"], id="text without case"),
        pytest.param({"text": "m%"}, ["mem%"], id="a percent sign is a percent sign"),
        pytest.param({"text": "host-1"}, ["disk", "PC-17", "mem%"], id="host"),
        pytest.param({"since": "2026-03-17T12:10:00Z"}, ["PC-17", "mem%"], id="since"),
        pytest.param({"since": "2026-03-17T09:10:00-03:00", "customer": "ACME"}, ["PC-17"], id="offset and customer"),
        pytest.param({"since": "2026-03-17T12:10:00.001Z"}, [], id="milliseconds"),
    ],
)
def test_filters_choose_cases(several: World, filters: dict[str, str], titles: list[str]) -> None:
    found = several.named_key("reader", "cases:read").items("/api/v1/cases", params=filters)
    assert [case["title"].removeprefix("title ").removesuffix(" (es)") for case in found] == titles


def test_a_plus_that_became_a_blank_in_the_query_string_is_understood(several: World, admin: Caller) -> None:
    answer = admin.get("/api/v1/cases?since=2026-03-17T13:10:00+01:00")
    assert len(answer.json()["items"]) == 2


def test_the_log_tells_what_happened_in_order(collector: World, admin: Caller) -> None:
    first, second = collector.hear("case disk", "case disk")
    key = only_case(admin)["external_key"]
    admin.post(f"/api/v1/cases/{key}/acknowledge", {"actor": "ana", "text": "voy"})
    log = admin.items(f"/api/v1/cases/{key}/log")
    assert [(line["verdict"], line["actor"], line["notification"], line["text"]) for line in log] == [
        ("opened", "rule:disk-full@abc", first, None),
        ("joined", "rule:disk-full@abc", second, None),
        ("acknowledged", "key:bridge/ana", None, "voy"),
    ]
    assert log[0]["at"] == "2026-03-17T12:00:00.000Z"


def test_the_notifications_of_a_case_are_listed_under_it(collector: World, admin: Caller) -> None:
    first, _, third = collector.hear("case disk", "case mem", "case disk")
    key = admin.items("/api/v1/cases")[0]["external_key"]
    assert [one["id"] for one in admin.items(f"/api/v1/cases/{key}/notifications")] == [first, third]
    newest = admin.items(f"/api/v1/cases/{key}/notifications", params={"order": "newest", "include": "varbinds"})
    assert [one["id"] for one in newest] == [third, first]
    assert newest[0]["varbinds"][0]["value"] == "case disk"


@pytest.mark.parametrize("key", ["TST-01HZXB3V5K8C9YQ2M4N6P7R8ST", "nothing", "%00", "ñandú", "a" * 3000, "'--"])
@pytest.mark.parametrize("end", ["", "/log", "/notifications"])
def test_a_case_that_is_not_there_is_404(admin: Caller, key: str, end: str) -> None:
    answer = admin.get(f"/api/v1/cases/{key}{end}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
