"""The page of what was not believed, understood or attributed today, and of the engines that wait for approval."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest

from api.web import quarantine_page
from collector.domain.snmp_access import SnmpAccess, SnmpUser
from collector.store.registry import SourceRecord, save_sources
from tests import snmp_wire as wire
from tests.api_world import OUTSIDERS, TEXT_OID, World, trap_saying
from tests.builders import BOX
from tests.snmp_v3_kit import USER, sealed
from tests.web_kit import Browser

ENGINE = wire.ENGINE.hex()
STRANGER = replace(USER, auth=b"nobody's pass phrase")


@pytest.fixture
def v3(collector: World) -> World:
    access = SnmpAccess("v3", (ip_network("192.0.2.0/24"),), user=USER)
    with collector.store.write() as connection:
        save_sources(connection, collector.acme, [SourceRecord("v3 one", (), None, access)], BOX)
    collector._knowledge = collector._know()
    return collector


def hear(world: World, user: SnmpUser = USER, *, engine_id: bytes = wire.ENGINE, message_id: int = 1) -> str:
    scoped = wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(TEXT_OID, wire.string("case disk"))))
    [item] = world.arrive(sealed(scoped, user=user, engine_id=engine_id, message_id=message_id))
    world.process()
    return item


def test_the_number_at_the_top_leads_to_what_it_counts(v3: World, ana: Browser) -> None:
    item = hear(v3, STRANGER)
    top = ana.get("/").one(".top .state a[href$=quarantine]")
    assert top.attributes["href"] == "./quarantine"
    assert "en cuarentena hoy" in top.text()
    page = ana.get("/quarantine")
    assert page.status == 200
    [said] = page.texts(".refused tbody tr")
    for wanted in (
        "ACME / v3 one",
        "192.0.2.10:40000",
        "sin autenticar",
        "la firma no coincide con la clave",
        "la firma no es la de SHA con",
    ):
        assert wanted in said
    assert page.one(".refused a").attributes["href"] == f"./notifications/{item}"
    assert page.one(".refused [title=wrong_digest]").text() == "la firma no coincide con la clave"
    assert "Ninguno espera" in page.text()


def test_an_engine_that_waits_is_shown_with_the_command_that_approves_it(v3: World, ana: Browser, vera: Browser) -> None:
    hear(v3)
    hear(v3, message_id=2)
    for browser, words in ((ana, "Mensajes 2"), (vera, "Messages 2")):
        page = browser.get("/quarantine")
        [said] = page.texts(".waiting > li")
        for wanted in (ENGINE, "ACME / v3 one", "192.0.2.10:40000", words):
            assert wanted in said
        assert page.texts(".waiting li > p:last-child code") == [
            f"collector snmp approve {ENGINE} --source 'ACME/v3 one' --reprocess"
        ]
        assert page.document.css("main form, main button") == []


def test_one_that_is_approved_waits_no_more(v3: World, ana: Browser) -> None:
    hear(v3)
    v3.key("all").post(f"/api/v1/snmp/engines/{ENGINE}/approve")
    assert ana.get("/quarantine").texts(".waiting > li") == []


def test_what_nobody_understood_or_owns_is_listed_too_and_what_opened_a_case_is_not(collector: World, ana: Browser) -> None:
    collector.hear("nobody knows this", "case disk")
    collector.arrive(trap_saying("case x", community="wrong"), b"\x30\x03\x02\x01")
    collector.process()
    assert [line.split()[0] for line in ana.get("/quarantine").texts(".refused .st")] == ["ilegible", "sin", "sin"]
    assert set(ana.get("/quarantine").texts(".refused .st")) == {"ilegible", "sin cliente", "sin regla"}


def test_yesterdays_is_not_todays(collector: World, ana: Browser) -> None:
    collector.hear("nobody knows this")
    collector.clock.move(timedelta(days=1))
    ana.sign_in()
    page = ana.get("/quarantine")
    assert page.document.css(".refused") == []
    assert "No hay ninguno." in page.text()


def test_it_is_bounded(v3: World, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine_page, "MOST_LISTED", 3)
    monkeypatch.setattr(quarantine_page, "MOST_ENGINES", 2)
    for number in range(4):
        hear(v3, engine_id=wire.ENGINE + bytes([number]))
    page = ana.get("/quarantine")
    assert (len(page.document.css(".refused tbody tr")), len(page.document.css(".waiting > li"))) == (3, 2)
    assert "collector snmp engines --state seen" in page.text()
    assert "Hoy se contaron 4" in page.text()


def test_nobody_reads_it_without_signing_in(stranger: Browser) -> None:
    answer = stranger.get("/quarantine").answer
    assert (answer.status_code, answer.headers["location"]) == (303, "./sign-in?next=quarantine")


def test_it_has_the_headers_of_every_page(ana: Browser) -> None:
    assert (
        ana.get("/quarantine").answer.headers["content-security-policy"] == ana.get("/").answer.headers["content-security-policy"]
    )


def test_strangers_are_nobodys(v3: World, ana: Browser) -> None:
    v3.arrive(trap_saying("case x"), peer=OUTSIDERS)
    v3.process()
    [said] = ana.get("/quarantine").texts(".refused tbody tr")
    assert "ninguno" in said
    assert "la dirección no está en las redes de la consola" in said
