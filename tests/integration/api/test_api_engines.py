"""SNMPv3 engines over the API: seen, approved with what waited for it, forgotten."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from collector.domain.snmp_access import SnmpAccess, SnmpUser
from collector.store.registry import SourceRecord, save_sources
from tests import snmp_wire as wire
from tests.api_world import TEXT_OID, Caller, World
from tests.builders import BOX
from tests.snmp_v3_kit import USER, sealed

ENGINE = wire.ENGINE.hex()
ENGINES = "/api/v1/snmp/engines"
OTHERS = replace(USER, auth=b"the other pass phrase")
_NETWORKS = (ip_network("192.0.2.0/24"),)


@pytest.fixture
def v3(collector: World) -> World:
    """ACME and OTHER have a console each that speaks v3, with different pass phrases for users of one name."""
    with collector.store.write() as connection:
        for customer_id, user in ((collector.acme, USER), (collector.other, OTHERS)):
            record = SourceRecord("v3-1", (), None, SnmpAccess("v3", _NETWORKS, user=user))
            save_sources(connection, customer_id, [record], BOX)
    collector._knowledge = collector._know()
    return collector


def hear(world: World, *texts: str, user: SnmpUser = USER, engine_id: bytes = wire.ENGINE, first: int = 1) -> list[str]:
    """v3 traps arrive and are processed."""
    pdus = [wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(TEXT_OID, wire.string(text))) for text in texts]
    traps = [
        sealed(wire.scoped(pdu), user=user, engine_id=engine_id, message_id=number) for number, pdu in enumerate(pdus, first)
    ]
    ids = world.arrive(*traps)
    world.process()
    return ids


def test_an_engine_is_seen_then_approved_then_believed(v3: World, admin: Caller) -> None:
    hear(v3, "case disk", "case disk")
    [seen] = admin.items(ENGINES, params={"state": "seen"})
    assert (seen["engine_id"], seen["customer"], seen["source"], seen["messages"]) == (ENGINE, "ACME", "v3-1", 2)
    assert (seen["peer"], seen["authenticated"], seen["boots"], seen["engine_time"]) == ("192.0.2.10:40000", True, 3, 4711)
    assert (seen["approved_by"], seen["approved_at"]) == (None, None)
    assert admin.items("/api/v1/cases") == []
    answer = admin.post(f"{ENGINES}/{ENGINE}/approve", {"actor": "jperez"})
    assert answer.status_code == 200
    assert (answer.json()["reprocessed"], answer.json()["left"]) == (0, 0)
    [approved] = admin.items(ENGINES, params={"state": "approved", "customer": "ACME"})
    assert approved == answer.json()["engine"]
    assert (approved["approved_by"], approved["approved_at"]) == ("key:bridge/jperez", "2026-03-17T12:00:00.000Z")
    hear(v3, "case disk", first=3)
    assert [case["occurrences"] for case in admin.items("/api/v1/cases")] == [1]


def test_what_waited_is_processed_again_when_asked_for(v3: World, admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.engines.MOST_REPROCESSED", 2)
    hear(v3, "case disk", "case disk", "case disk")
    told = [admin.post(f"{ENGINES}/{ENGINE.upper()}/approve", {"reprocess": True}).json() for _ in range(3)]
    assert [(answer["reprocessed"], answer["left"]) for answer in told] == [(2, 1), (1, 0), (0, 0)]
    [case] = admin.items("/api/v1/cases")
    assert case["occurrences"] == 3
    [opened, *_] = admin.items(f"/api/v1/cases/{case['external_key']}/log")
    assert opened["detail"] == {"late": True}


def test_an_engine_of_several_sources_must_be_named_with_one(v3: World, admin: Caller) -> None:
    hear(v3, "case disk")
    hear(v3, "case disk", user=OTHERS)
    for answer in (admin.post(f"{ENGINES}/{ENGINE}/approve"), admin.send("DELETE", f"{ENGINES}/{ENGINE}")):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "ACME/v3-1, OTHER/v3-1" in answer.json()["detail"]
    assert admin.post(f"{ENGINES}/{ENGINE}/approve", {"customer": "OTHER", "source": "v3-1"}).status_code == 200
    assert [engine["state"] for engine in admin.items(ENGINES)] == ["seen", "approved"]
    answer = admin.send("DELETE", f"{ENGINES}/{ENGINE}", params={"customer": "OTHER", "actor": "jperez"})
    assert (answer.status_code, answer.json()["customer"]) == (200, "OTHER")
    assert [engine["customer"] for engine in admin.items(ENGINES)] == ["ACME"]


def test_who_forgot_an_engine_is_listed(v3: World, admin: Caller) -> None:
    hear(v3, "case disk")
    admin.post(f"{ENGINES}/{ENGINE}/approve", {"actor": "jperez"})
    admin.send("DELETE", f"{ENGINES}/{ENGINE}", params={"actor": "eva"})
    assert admin.items(ENGINES) == []
    [told] = admin.items(f"{ENGINES}/forgotten")
    assert told == {
        "engine_id": ENGINE,
        "customer": "ACME",
        "source": "v3-1",
        "peer": "192.0.2.10:40000",
        "messages": 1,
        "approved_by": "key:bridge/jperez",
        "approved_at": "2026-03-17T12:00:00.000Z",
        "forgotten_by": "key:bridge/eva",
        "forgotten_at": "2026-03-17T12:00:00.000Z",
    }
    assert admin.items(f"{ENGINES}/forgotten", params={"customer": "OTHER"}) == []


def test_a_key_of_one_customer_sees_its_own_forgotten_engines_alone(v3: World, admin: Caller) -> None:
    for user, customer in ((USER, "ACME"), (OTHERS, "OTHER")):
        hear(v3, "case disk", user=user)
        admin.send("DELETE", f"{ENGINES}/{ENGINE}", params={"customer": customer})
    for customer_id, code in ((v3.acme, "ACME"), (v3.other, "OTHER")):
        mine = v3.key("engines:read", customer_id=customer_id)
        assert [engine["customer"] for engine in mine.items(f"{ENGINES}/forgotten")] == [code]


def test_forgotten_engines_are_walked_page_by_page(v3: World, admin: Caller) -> None:
    ids = [(b"\x80\x00\x1f\x88\x05" + bytes([number]) * 4).hex() for number in range(7)]
    for engine_id in ids:
        admin.post(f"{ENGINES}/{engine_id}/approve", {"customer": "ACME", "source": "v3-1"})
        admin.send("DELETE", f"{ENGINES}/{engine_id}")
    for order, expected in (("oldest", ids), ("newest", ids[::-1])):
        walked = admin.walk(f"{ENGINES}/forgotten", {"limit": 3, "order": order})
        assert [engine["engine_id"] for engine in walked] == expected


def test_an_engine_may_be_approved_before_it_is_seen(v3: World, admin: Caller) -> None:
    path = f"{ENGINES}/{ENGINE}/approve"
    assert admin.post(path).status_code == 404
    assert admin.post(path, {"customer": "ACME", "source": "acme-1"}).status_code == 404
    engine = admin.post(path, {"customer": "ACME", "source": "v3-1"}).json()["engine"]
    assert (engine["messages"], engine["peer"], engine["authenticated"], engine["boots"]) == (0, None, False, None)
    hear(v3, "case disk")
    assert len(admin.items("/api/v1/cases")) == 1


def test_a_key_of_one_customer_sees_and_approves_its_own_alone(v3: World) -> None:
    hear(v3, "case disk", user=OTHERS)
    acme = v3.key("engines:read", "engines:write", customer_id=v3.acme)
    assert acme.items(ENGINES) == []
    named = {"customer": "OTHER", "source": "v3-1"}
    assert acme.post(f"{ENGINES}/{ENGINE}/approve", named).status_code == 404
    assert acme.send("DELETE", f"{ENGINES}/{ENGINE}", params=named).status_code == 404
    other = v3.key("engines:read", "engines:write", customer_id=v3.other)
    assert other.post(f"{ENGINES}/{ENGINE}/approve").status_code == 200


@pytest.mark.parametrize("engine_id", ["xyz", "80", "80001f88", "8" * 66, "%00"])
def test_what_is_no_engine_id_is_not_found(v3: World, admin: Caller, engine_id: str) -> None:
    assert admin.post(f"{ENGINES}/{engine_id}/approve").status_code == 404
    assert admin.send("DELETE", f"{ENGINES}/{engine_id}").status_code == 404


@pytest.mark.parametrize(
    "body", [{"customer": ""}, {"reprocess": "perhaps"}, {"source": "a\nb"}, {"engine": "x"}, ["x"]], ids=str
)
def test_other_bodies_are_refused(v3: World, admin: Caller, body: Any) -> None:
    hear(v3, "case disk")
    answer = admin.post(f"{ENGINES}/{ENGINE}/approve", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert admin.items(ENGINES)[0]["state"] == "seen"


def test_the_list_is_walked_page_by_page(v3: World, admin: Caller) -> None:
    ids = [b"\x80\x00\x1f\x88\x05" + bytes([number]) * 4 for number in range(7)]
    for engine_id in ids:
        hear(v3, "case disk", engine_id=engine_id)
    for order, expected in (("oldest", ids), ("newest", ids[::-1])):
        walked = admin.walk(ENGINES, {"limit": 3, "order": order})
        assert [engine["engine_id"] for engine in walked] == [engine_id.hex() for engine_id in expected]


def test_a_v3_notification_tells_what_its_header_says(v3: World, admin: Caller) -> None:
    mine, strange = hear(v3, "case disk"), hear(v3, "case disk", user=replace(USER, auth=b"nobody's pass phrase"))
    told = admin.get(f"/api/v1/notifications/{mine[0]}").json()
    assert (told["reason"], told["detail"], told["text"]) == ("unknown_engine", ENGINE, "case disk")
    assert told["security"] == {
        "engine_id": ENGINE,
        "user": "console-1",
        "level": "authPriv",
        "reportable": False,
        "boots": 3,
        "engine_time": 4711,
        "message_id": 1,
        "context_engine_id": ENGINE,
        "context_name": "",
    }
    told = admin.get(f"/api/v1/notifications/{strange[0]}").json()
    assert (told["reason"], told["customer"], told["text"], told["varbinds"]) == ("wrong_digest", None, "", None)
    assert (told["security"]["user"], told["security"]["context_name"]) == ("console-1", None)
    assert admin.get(f"/api/v1/notifications/{strange[0]}/raw").status_code == 200
    [plain] = v3.hear("info x")
    assert admin.get(f"/api/v1/notifications/{plain}").json()["security"] is None


def test_what_no_key_opens_is_found_by_the_one_customer_that_it_says_to_be_from(v3: World, admin: Caller) -> None:
    with v3.store.write() as connection:
        access = SnmpAccess("v3", _NETWORKS, user=replace(USER, name=b"console-2"))
        save_sources(connection, v3.acme, [SourceRecord("v3-2", (), None, access)], BOX)
    v3._knowledge = v3._know()
    [item] = hear(v3, "case disk", user=replace(USER, name=b"console-2", auth=b"nobody's pass phrase"))
    path = "/api/v1/notifications"
    for caller in (admin, v3.key("all", customer_id=v3.acme)):
        [told] = caller.items(path, params={"customer": "ACME", "state": "unauthenticated"})
        assert (told["id"], told["customer"], told["source"], told["reason"]) == (item, "ACME", "v3-2", "wrong_digest")
        assert (told["trust"], told["text"]) == ("spoofable", "")
        assert caller.get(f"{path}/{item}/explain").status_code == 200
    assert v3.key("all", customer_id=v3.other).get(f"{path}/{item}").status_code == 404
    assert admin.items("/api/v1/cases") == []
