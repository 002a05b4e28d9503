"""The page of a v3 notification tells who says to have sent it, and every question that was asked before it was believed."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.snmp_access import SnmpAccess, SnmpUser
from collector.store.registry import SourceRecord, save_sources
from tests import snmp_wire as wire
from tests.api_world import TEXT_OID, World
from tests.builders import BOX
from tests.snmp_v3_kit import USER, sealed
from tests.web_kit import Browser

HOSTILE = replace(USER, name=b"<b>\x1b[31m\xff")


@pytest.fixture
def v3(collector: World) -> World:
    access = SnmpAccess("v3", (ip_network("192.0.2.0/24"),), user=USER)
    with collector.store.write() as connection:
        save_sources(connection, collector.acme, [SourceRecord("v3-1", (), None, access)], BOX)
    collector._knowledge = collector._know()
    return collector


def hear(world: World, user: SnmpUser = USER) -> str:
    scoped = wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(TEXT_OID, wire.string("case disk"))))
    [item] = world.arrive(sealed(scoped, user=user))
    world.process()
    return item


def test_what_waits_for_an_approval_shows_what_it_says_and_why_it_waits(v3: World, ana: Browser) -> None:
    page = ana.get(f"/notifications/{hear(v3)}")
    assert page.texts(".original") == ["case disk"]
    said = page.texts(".way > li")
    assert [line.split()[0] for line in said][:3] == ["Decodificado", "Seguridad", "¿Es"]
    assert wire.ENGINE.hex() in said[1]
    assert "authPriv" in said[1]
    assert said[2].endswith(f"el motor está aprobadoel motor SNMPv3 no está aprobado: {wire.ENGINE.hex()}")


def test_what_no_key_opens_shows_its_header_as_text(v3: World, ana: Browser, vera: Browser) -> None:
    item = hear(v3, HOSTILE)
    for browser in (ana, vera):
        page = browser.get(f"/notifications/{item}")
        assert page.document.css(".way b b") == []
        [security] = [line for line in page.texts(".way > li") if "SNMPv3" in line and "authPriv" in line]
        assert "<b>\ufffd[31m\ufffd" in security
    assert "unknown SNMPv3 user" in page.text()


def test_what_was_only_counted_says_so(v3: World, ana: Browser) -> None:
    item = hear(v3, HOSTILE)
    with v3.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM notifications")
    assert "Rechazado y contado" in ana.get(f"/notifications/{item}").text()
