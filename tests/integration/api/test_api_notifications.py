"""Notifications one by one: lists, contents, originals, explanations, quarantine."""

import hashlib
import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from collector.domain.item import TallyReason
from collector.domain.outcome import Outcome
from tests import snmp_wire as wire
from tests.api_world import TEXT_OID, Caller, World, trap_saying

KEYS = ["id", "received_at", "transport", "peer", "customer", "source", "product", "state", "reason", "trust", "notification"]
KEYS += ["trap_oid", "trap_name", "subject", "text", "fields", "varbinds", "cases", "rule"]
PATH = "/api/v1/notifications"


def test_an_item_of_the_list_has_exactly_the_promised_members(collector: World, admin: Caller) -> None:
    [first] = collector.hear("case disk")
    [case] = admin.items("/api/v1/cases")
    [one] = admin.items(PATH)
    assert list(one) == KEYS
    assert one == {
        "id": first,
        "received_at": "2026-03-17T12:00:00.000Z",
        "transport": "snmp",
        "peer": "192.0.2.10:40000",
        "customer": "ACME",
        "source": "acme-1",
        "product": "product",
        "state": "case",
        "reason": None,
        "trust": "spoofable",
        "notification": "told",
        "trap_oid": wire.HEALTH,
        "trap_name": "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap",
        "subject": None,
        "text": "case disk",
        "fields": {"risk": "disk", "host": "host-1"},
        "varbinds": None,
        "cases": [case["external_key"]],
        "rule": "disk-full",
    }


def test_what_is_not_known_of_a_stranger_is_null(collector: World, admin: Caller) -> None:
    collector.hear("case disk", community="stranger")
    [one] = admin.items(PATH)
    assert [one[name] for name in ("customer", "source", "product", "notification", "subject", "rule")] == [None] * 6
    assert (one["state"], one["reason"], one["cases"], one["fields"]) == ("unattributed", "unknown_community", [], {})


@pytest.fixture
def mixed(collector: World) -> World:
    """One of each: case, informational, unmatched, unattributed, undecodable, unauthenticated, not a notification, duplicate."""
    collector.hear("case disk", "info x", "nonsense")
    collector.hear("info y", community="other")
    collector.hear("case disk", peer="198.51.100.7")
    inform = wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(), tag=wire.INFORM), community=b"acme")
    get = wire.message(wire.v2_pdu(wire.uptime(), tag=wire.GET), community=b"acme")
    collector.arrive(b"no SNMP", wire.v3_message(), get, inform, inform)
    collector.process()
    return collector


@pytest.mark.parametrize(
    ("filters", "states"),
    [
        pytest.param({"state": "case"}, ["case"], id="one state"),
        pytest.param({"state": "case,informational"}, ["case", "informational", "informational"], id="comma list"),
        pytest.param(
            {"state": "quarantine"}, ["unmatched", "unattributed", "undecodable", "unauthenticated", "unmatched"], id="quarantine"
        ),
        pytest.param({"state": "duplicate,not_a_notification"}, ["not_a_notification", "duplicate"], id="the rest"),
        pytest.param({"state": "pending"}, [], id="pending ones have no place in the list"),
        pytest.param({"customer": "OTHER"}, ["informational"], id="customer"),
        pytest.param({"state": "quarantine", "customer": "ACME"}, ["unmatched", "unmatched"], id="both"),
        pytest.param({"case": "nothing"}, [], id="unknown case"),
        pytest.param({"state": "case", "order": "newest", "limit": 1}, ["case"], id="newest"),
    ],
)
def test_filters_choose_notifications(mixed: World, filters: dict[str, Any], states: list[str]) -> None:
    found = mixed.named_key("reader", "notifications:read").items(PATH, params=filters)
    assert [one["state"] for one in found] == states


@pytest.mark.parametrize("state", [*Outcome, "quarantine"])
def test_every_outcome_can_be_asked_for(admin: Caller, state: str) -> None:
    assert admin.items(PATH, params={"state": state}) == []


def test_a_list_by_case_has_that_cases_notifications(collector: World, admin: Caller) -> None:
    first, _ = collector.hear("case disk", "case mem")
    key = admin.items("/api/v1/cases")[0]["external_key"]
    assert [one["id"] for one in admin.items(PATH, params={"case": key})] == [first]


def test_text_is_cut_unless_asked_for(collector: World, admin: Caller) -> None:
    text = "info " + "ñ" * 500
    collector.hear(text)
    collector.arrive_mail(f"Subject\n\n{text}")
    collector.process()
    assert {one["text"] for one in admin.items(PATH)} == {text[:200]}
    assert {one["text"] for one in admin.items(PATH, params={"include": "text"})} == {text}


VARBINDS = [
    pytest.param(wire.integer(-5), {"type": "integer", "value": -5}, id="integer"),
    pytest.param(wire.tlv(4, "Señal".encode()), {"type": "octets", "value": "Señal"}, id="UTF-8"),
    pytest.param(wire.tlv(4, "Señal roja".encode("cp1252")), {"type": "octets", "value": "Señal roja"}, id="Windows-1252"),
    pytest.param(wire.tlv(4, b"disk full\0"), {"type": "octets", "value": "disk full"}, id="NUL at the end"),
    pytest.param(wire.tlv(4, b""), {"type": "octets", "value": ""}, id="empty"),
    pytest.param(wire.tlv(4, b"\0"), {"type": "octets", "value": {"hex": "00"}}, id="one NUL"),
    pytest.param(
        wire.tlv(4, bytes.fromhex("e4f5c6b7a8c9")), {"type": "octets", "value": {"hex": "e4f5c6b7a8c9"}}, id="hardware address"
    ),
    pytest.param(
        wire.tlv(4, bytes.fromhex("07ea030c0c000009")),
        {"type": "octets", "value": {"hex": "07ea030c0c000009"}, "reading": "2026-03-12 12:00:00"},
        id="DateAndTime",
    ),
    pytest.param(
        wire.tlv(4, bytes.fromhex("07ea030c0c00000a")),
        {"type": "octets", "value": {"hex": "07ea030c0c00000a"}},
        id="no DateAndTime",
    ),
    pytest.param(wire.tlv(4, "Señal roja".encode("utf-16-le")), {"type": "octets", "value": "Señal roja"}, id="UTF-16"),
    pytest.param(wire.tlv(4, "a\u202eb".encode()), {"type": "octets", "value": "a\ufffdb"}, id="turned text"),
    pytest.param(wire.tlv(4, b"\x80\x01"), {"type": "octets", "value": {"hex": "8001"}}, id="BITS"),
    pytest.param(wire.tlv(4, b"abc\x81"), {"type": "octets", "value": {"hex": "61626381"}}, id="a hole of Windows-1252"),
    pytest.param(wire.tlv(5), {"type": "null", "value": None}, id="null"),
    pytest.param(wire.oid("1.3.6.1.4.1"), {"type": "oid", "value": "1.3.6.1.4.1", "label": "SNMPv2-SMI::enterprises"}, id="oid"),
    pytest.param(wire.tlv(0x40, bytes((192, 0, 2, 1))), {"type": "ip_address", "value": "192.0.2.1"}, id="ip address"),
    pytest.param(wire.integer(7, tag=0x41), {"type": "counter32", "value": 7}, id="counter"),
    pytest.param(wire.integer(8, tag=0x43), {"type": "timeticks", "value": 8}, id="timeticks"),
    pytest.param(wire.integer(2**64 - 1, tag=0x46), {"type": "counter64", "value": 2**64 - 1}, id="counter64"),
    pytest.param(wire.tlv(0x44, b"text"), {"type": "opaque", "value": {"hex": "74657874"}}, id="opaque"),
    pytest.param(
        wire.tlv(0x44, bytes.fromhex("9f780442f6e979")),
        {"type": "opaque", "value": {"hex": "9f780442f6e979"}, "reading": "123.456"},
        id="float in an opaque",
    ),
    pytest.param(wire.tlv(0x40, bytes(16)), {"type": "ip_address", "value": {"hex": "00" * 16}}, id="an address that is none"),
    pytest.param(wire.tlv(0x81), {"type": "no_such_instance", "value": None}, id="exception"),
]


@pytest.mark.parametrize(("value", "shown"), VARBINDS)
def test_varbinds_are_shown_by_type(collector: World, admin: Caller, value: bytes, shown: dict[str, Any]) -> None:
    collector.arrive(trap_saying("info x", wire.varbind("1.3.6.1.2.1.1.1.0", value)))
    collector.process()
    [one] = admin.items(PATH, params={"include": "varbinds,text"})
    assert one["varbinds"] == [
        {"oid": TEXT_OID, "name": None, "type": "octets", "value": "info x", "reading": None, "label": None},
        {"oid": "1.3.6.1.2.1.1.1.0", "name": "SNMPv2-MIB::sysDescr.0", "reading": None, "label": None, **shown},
    ]


def test_a_page_with_contents_has_at_most_a_hundred_items(collector: World, admin: Caller) -> None:
    collector.hear(*["info x"] * 120)
    assert len(admin.items(PATH, params={"limit": 1000})) == 120
    whole = admin.get(PATH, params={"limit": 1000, "include": "text"}).json()
    assert len(whole["items"]) == 100
    rest = admin.get(PATH, params={"limit": 1000, "include": "text", "cursor": whole["next"]}).json()
    assert (len(rest["items"]), rest["next"]) == (20, None)


def test_one_notification_tells_everything(collector: World, admin: Caller) -> None:
    [first] = collector.hear("case disk")
    one = admin.get(f"{PATH}/{first}").json()
    assert one["varbinds"] == [
        {"oid": TEXT_OID, "name": None, "type": "octets", "value": "case disk", "reading": None, "label": None}
    ]
    told = {name: one[name] for name in ("rule_version", "verdict", "detail", "rows")}
    assert told == {"rule_version": "abc", "verdict": "opened", "detail": None, "rows": [first]}
    assert {name: value for name, value in one["snmp"].items() if value is not None} == {
        "version": "v2c",
        "pdu": "trap_v2",
        "request_id": 77,
        "uptime": 4711,
        "not_decoded": 0,
    }


def test_a_v1_trap_and_a_windows_entry_tell_what_they_are(collector: World, admin: Caller) -> None:
    event = wire.v1_message(enterprise=wire.oid("1.3.6.1.4.1.311.1.13.1.2.65.98"), specific=-1073741773)
    collector.arrive(event)
    collector.process()
    [item] = admin.items(PATH)
    one = admin.get(f"{PATH}/{item['id']}").json()
    assert one["snmp"] == {
        "version": "v1",
        "pdu": "trap_v1",
        "request_id": None,
        "uptime": 4711,
        "not_decoded": 0,
        "enterprise": "1.3.6.1.4.1.311.1.13.1.2.65.98",
        "agent_address": "10.1.2.3",
        "generic": 6,
        "specific": -1073741773,
        "windows_source": "Ab",
        "windows_id": 51,
    }
    explained = admin.get(f"{PATH}/{item['id']}/explain").json()["now"]["decoded"]
    assert (explained["agent_address"], explained["windows_source"], explained["windows_id"]) == ("10.1.2.3", "Ab", 51)


def test_a_trap_without_a_name_is_unmatched_and_says_so(collector: World, admin: Caller) -> None:
    collector.arrive(wire.message(wire.v2_pdu(wire.varbind(TEXT_OID, wire.string("info x")))))
    collector.process()
    [item] = admin.items(PATH)
    assert (item["trap_oid"], item["text"]) == (None, "info x")
    assert admin.get(f"{PATH}/{item['id']}").json()["snmp"]["uptime"] is None
    explained = admin.get(f"{PATH}/{item['id']}/explain").json()["now"]
    assert "uptime" not in explained["decoded"]


def test_the_item_id_of_a_digest_mail_names_all_its_rows(collector: World, admin: Caller) -> None:
    [mail] = collector.arrive_mail("Subject\n\ncase disk\ninfo x\nnonsense")
    collector.process()
    whole = admin.get(f"{PATH}/{mail}").json()
    assert whole["rows"] == [f"{mail}-1", f"{mail}-2", f"{mail}-3"]
    assert (whole["id"], whole["subject"]) == (f"{mail}-1", "Subject")
    assert admin.get(f"{PATH}/{mail}-3").json()["state"] == "unmatched"
    assert admin.get(f"{PATH}/{mail}-4").status_code == 404
    assert admin.get(f"{PATH}/{mail}-2/raw").content == admin.get(f"{PATH}/{mail}/raw").content


def raw_saying(text: str) -> bytes:
    """As it is shown: without the community."""
    return trap_saying(text, community="****")


def test_raw_is_what_arrived_without_its_community_and_is_never_shown_as_a_page(collector: World, admin: Caller) -> None:
    [trap] = collector.hear("case disk")
    [mail] = collector.arrive_mail("<script>alert(1)</script>\n\ninfo x")
    collector.process()
    answer = admin.get(f"{PATH}/{trap}/raw")
    assert answer.content == raw_saying("case disk")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == f'attachment; filename="{trap}.bin"'
    answer = admin.get(f"{PATH}/{mail}/raw")
    assert answer.content == b"<script>alert(1)</script>\n\ninfo x"
    assert answer.headers["content-disposition"] == f'attachment; filename="{mail}.eml"'


def test_the_digest_of_evidence_is_of_what_raw_gives(collector: World, admin: Caller) -> None:
    """Of the whole trap it would be a way to try communities."""
    [trap] = collector.hear("case disk")
    digest = hashlib.sha256(admin.get(f"{PATH}/{trap}/raw").content).hexdigest()
    [case] = admin.get("/api/v1/cases").json()["items"]
    shown = admin.get(f"/api/v1/cases/{case['external_key']}").json()["evidence"]
    [message] = admin.get("/api/v1/handoff/feed").json()["items"]
    told = message["data"]["case"]["evidence"]
    assert [one["sha256"] for one in (*shown, *told)] == [digest, digest]


def test_what_is_durable_but_not_processed_is_pending(collector: World, admin: Caller) -> None:
    [waiting] = collector.arrive(trap_saying("case disk"))
    one = admin.get(f"{PATH}/{waiting}").json()
    assert (one["state"], one["peer"], one["trust"], one["rows"]) == ("pending", "192.0.2.10:40000", None, [waiting])
    assert admin.get(f"{PATH}/{waiting}/raw").content == raw_saying("case disk")
    assert admin.get(f"{PATH}/{waiting}/explain").json()["state"] == "pending"
    assert admin.post(f"{PATH}/{waiting}/reprocess").status_code == 409
    assert admin.get(f"{PATH}/{waiting}-1").status_code == 404, "nobody knows its rows yet"
    collector.process()
    assert admin.get(f"{PATH}/{waiting}").json()["state"] == "case"


def test_a_receivers_tally_is_no_notification(collector: World, admin: Caller) -> None:
    [first] = collector.hear("case disk")
    collector.tally(TallyReason.OVER_LIMIT, 5)
    stream = first.rpartition("-")[0]
    for processed in (False, True):
        assert admin.get(f"{PATH}/{stream}-2").status_code == 404, processed
        collector.process()


@pytest.mark.parametrize(
    "wanted",
    ["snmp-0-abcdef-1", "snmp-0-abcdef-999999999999999999", "snmp-0-abcdef-1-1", "1", "%00", "ñ", "a" * 3000, "smtp-0-abcdef-0"],
)
@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("GET", "/raw"), ("GET", "/explain"), ("POST", "/reprocess")])
def test_a_notification_that_is_not_there_is_404(admin: Caller, wanted: str, method: str, end: str) -> None:
    answer = admin.send(method, f"{PATH}/{wanted}{end}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_explain_tells_then_and_now(collector: World, admin: Caller) -> None:
    [first] = collector.hear("case disk")
    told = admin.get(f"{PATH}/{first}/explain").json()
    assert told["recorded"][0]["verdict"] == "opened"
    assert told["now"]["sources"] == [{"customer": "ACME", "source": "acme-1"}]
    assert told["now"]["considered"] == {"said": "case disk", "source": "acme-1"}


def test_octets_without_a_meaning_in_utf_8_break_no_answer(collector: World, admin: Caller) -> None:
    [mail] = collector.arrive_mail(b"Subj\xe9ct \xff\n\ninfo \xff\xfe")
    assert admin.get(f"{PATH}/{mail}/explain").status_code == 200
    assert admin.get(f"{PATH}/{mail}").status_code == 200


def test_quarantine_can_be_tried_anew(collector: World, admin: Caller) -> None:
    [first] = collector.hear("outage disk")
    assert admin.get(f"{PATH}/{first}").json()["state"] == "unmatched"
    collector.rules.known.add("outage")
    answer = admin.post(f"{PATH}/{first}/reprocess", {"actor": "ana"})
    [now] = answer.json()["items"]
    [case] = admin.items("/api/v1/cases")
    assert (now["id"], now["state"], now["cases"]) == (first, "case", [case["external_key"]])
    assert admin.items(f"/api/v1/cases/{case['external_key']}/log")[-1]["actor"] == "key:bridge/ana"
    again = admin.post(f"{PATH}/{first}/reprocess")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert admin.get("/api/v1/ledger").json()["difference"] == 0


def test_no_content_of_a_notification_reaches_the_log(collector: World, admin: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="api")
    [first] = collector.hear("nonsense s3cr3t-words")
    for end in ("", "/raw", "/explain"):
        admin.get(f"{PATH}/{first}{end}")
    admin.post(f"{PATH}/{first}/reprocess")
    assert "s3cr3t-words" not in caplog.text
    assert admin.key is not None
    assert admin.key not in caplog.text


@pytest.mark.parametrize("reads", [1, 2, 3])
@pytest.mark.parametrize("asked", ["", "/raw", "/explain"])
def test_what_is_processed_while_it_is_asked_for_is_found(
    collector: World, admin: Caller, monkeypatch: pytest.MonkeyPatch, asked: str, reads: int
) -> None:
    """However many reads of the store the answer has behind it by then."""
    [waiting] = collector.arrive(trap_saying("case disk"))
    read = collector.store.read
    seen = itertools.count(1)

    @contextmanager
    def read_and_be_overtaken() -> Iterator[Connection]:
        with read() as connection:
            yield connection
        if next(seen) == reads:
            collector.process()

    monkeypatch.setattr(collector.store, "read", read_and_be_overtaken)
    assert admin.get(f"{PATH}/{waiting}{asked}").status_code == 200
