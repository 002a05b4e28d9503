"""The page of a notification shows names beside numbers, and a hostile name is text like any other."""

from prometheus_client import CollectorRegistry

from api.app import create_app
from collector.names.book import NameBook
from collector.names.model import Module, Name, NameKind
from tests import snmp_wire as wire
from tests.api_world import World
from tests.web_kit import Browser

ROOT = "1.3.6.1.4.1.32473"
BOUND = ".scroll table.plain td.dim, .scroll table.plain td code, .scroll table.plain td bdi"
"""What a variable's row says, from left to right."""


def hear(collector: World, *varbinds: bytes, trap_oid: str) -> str:
    [found] = collector.arrive(wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(trap_oid), *varbinds), community=b"acme"))
    collector.process()
    return found


def test_names_and_labels_stand_beside_numbers(collector: World, ana: Browser) -> None:
    bound = wire.varbind("1.3.6.1.2.1.2.2.1.8.3", wire.integer(2))
    page = ana.get(f"/notifications/{hear(collector, bound, trap_oid='1.3.6.1.6.3.1.1.5.3')}")
    assert page.texts(BOUND) == ["IF-MIB::ifOperStatus.3", "1.3.6.1.2.1.2.2.1.8.3", "integer", "2", "down"]
    assert "OID IF-MIB::linkDown 1.3.6.1.6.3.1.1.5.3" in page.text()


def test_a_name_that_is_not_known_leaves_the_number(collector: World, ana: Browser) -> None:
    bound = wire.varbind(f"{ROOT}.7.1", wire.integer(2))
    page = ana.get(f"/notifications/{hear(collector, bound, trap_oid=f'{ROOT}.0.9')}")
    assert page.texts(BOUND) == [f"{ROOT}.7.1", "integer", "2"]


def test_a_hostile_name_is_text(collector: World, ana: Browser) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    names = {
        f"{ROOT}.0.9": Name(hostile, hostile, NameKind.TRAP),
        f"{ROOT}.7": Name(hostile, hostile, NameKind.OBJECT, {2: hostile}),
    }
    book = NameBook([Module(hostile, names)])
    notification = hear(collector, wire.varbind(f"{ROOT}.7.0", wire.integer(2)), trap_oid=f"{ROOT}.0.9")
    collector.app = create_app(collector.tools(names=lambda: book, registry=CollectorRegistry()))
    page = ana.get(f"/notifications/{notification}")
    assert page.document.css("img") == []
    assert page.texts(BOUND) == [f"{hostile}::{hostile}.0", f"{ROOT}.7.0", "integer", "2", hostile]
