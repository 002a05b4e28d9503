"""Names beside the numbers of traps: of the collector, of MIB files that were loaded meanwhile, and never instead of a number."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from collector.names.book import NameBook
from collector.names.file import write_modules
from collector.names.model import Module, Name, NameKind
from tests import snmp_wire as wire
from tests.api_world import Caller, World, trap_saying

PATH = "/api/v1/notifications"
ROOT = "1.3.6.1.4.1.32473"
LOADED = Module(
    "EXAMPLE-MIB",
    {
        f"{ROOT}.1": Name("EXAMPLE-MIB", "exampleState", NameKind.OBJECT, {1: "up", 2: "down"}),
        f"{ROOT}.0.1": Name("EXAMPLE-MIB", "exampleFailed", NameKind.TRAP),
        wire.HEALTH: Name("EXAMPLE-MIB", "theirHealth", NameKind.TRAP),
    },
)


def hear(collector: World, *varbinds: bytes, trap_oid: str = wire.HEALTH) -> str:
    """The id of a trap with these variables."""
    return collector.arrive(wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(trap_oid), *varbinds), community=b"acme"))[0]


def shown(admin: Caller, notification: str) -> dict[str, Any]:
    answer: dict[str, Any] = admin.get(f"{PATH}/{notification}").json()
    return answer


def named(bound: dict[str, Any]) -> tuple[Any, ...]:
    return bound["oid"], bound["name"], bound["value"], bound["label"]


def test_every_number_has_its_name_beside_it(collector: World, admin: Caller) -> None:
    notification = hear(
        collector,
        wire.varbind("1.3.6.1.2.1.2.2.1.1.3", wire.integer(3)),
        wire.varbind("1.3.6.1.2.1.2.2.1.8.3", wire.integer(2)),
        wire.varbind("1.3.6.1.2.1.2.2.1.8.3", wire.integer(99)),
        wire.varbind("1.3.6.1.6.3.1.1.4.3.0", wire.oid("1.3.6.1.4.1.3417.1.1.11")),
        wire.varbind("1.3.6.1.4.1.99999.7.1", wire.integer(1)),
        trap_oid="1.3.6.1.6.3.1.1.5.3",
    )
    collector.process()
    one = shown(admin, notification)
    assert (one["trap_oid"], one["trap_name"]) == ("1.3.6.1.6.3.1.1.5.3", "IF-MIB::linkDown")
    assert [named(bound) for bound in one["varbinds"]] == [
        ("1.3.6.1.2.1.2.2.1.1.3", "IF-MIB::ifIndex.3", 3, None),
        ("1.3.6.1.2.1.2.2.1.8.3", "IF-MIB::ifOperStatus.3", 2, "down"),
        ("1.3.6.1.2.1.2.2.1.8.3", "IF-MIB::ifOperStatus.3", 99, None),
        ("1.3.6.1.6.3.1.1.4.3.0", "SNMPv2-MIB::snmpTrapEnterprise.0", "1.3.6.1.4.1.3417.1.1.11", "BLUECOAT-MIB::sg6000"),
        ("1.3.6.1.4.1.99999.7.1", None, 1, None),
    ]


def test_the_explanation_names_the_trap_and_its_variables(collector: World, admin: Caller) -> None:
    notification = hear(
        collector,
        wire.varbind("1.3.6.1.2.1.2.2.1.1.3", wire.integer(3)),
        wire.varbind("1.3.6.1.4.1.99999.7.1", wire.integer(1)),
        trap_oid="1.3.6.1.6.3.1.1.5.3",
    )
    collector.process()
    decoded = admin.get(f"{PATH}/{notification}/explain").json()["now"]["decoded"]
    assert (decoded["trap_oid"], decoded["trap_name"]) == ("1.3.6.1.6.3.1.1.5.3", "IF-MIB::linkDown")
    assert decoded["names"] == {"1.3.6.1.2.1.2.2.1.1.3": "IF-MIB::ifIndex.3"}


def test_what_is_loaded_meanwhile_is_shown_with_the_next_answer(collector: World, admin: Caller) -> None:
    notification = hear(collector, wire.varbind(f"{ROOT}.1.0", wire.integer(2)), trap_oid=f"{ROOT}.0.1")
    collector.process()
    assert shown(admin, notification)["trap_name"] is None
    write_modules(collector.loaded_names, [LOADED])
    one = shown(admin, notification)
    assert one["trap_name"] == "EXAMPLE-MIB::exampleFailed"
    assert [named(bound) for bound in one["varbinds"]] == [(f"{ROOT}.1.0", "EXAMPLE-MIB::exampleState.0", 2, "down")]
    collector.loaded_names.unlink()
    assert shown(admin, notification)["trap_name"] is None


def test_the_names_of_our_products_stay_ours(collector: World, admin: Caller) -> None:
    write_modules(collector.loaded_names, [LOADED])
    notification = hear(collector)
    collector.process()
    assert shown(admin, notification)["trap_name"] == "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap"


@pytest.mark.parametrize("text", ["{", '{"format": 1, "modules": {"X-MIB": {"names": {"1.3": ["trap", "<script>"]}}}}'])
def test_loaded_names_that_are_damaged_take_no_others_away(collector: World, admin: Caller, text: str) -> None:
    collector.loaded_names.write_text(text, encoding="utf-8")
    notification = hear(collector)
    collector.process()
    assert shown(admin, notification)["trap_name"] == "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap"


def test_lists_name_the_trap(collector: World, admin: Caller) -> None:
    collector.hear("case disk")
    [one] = admin.items(PATH)
    assert one["trap_name"] == "BLUECOAT-SG-HEALTHMONITOR-MIB::deviceHealthMonCriticalTrap"


def test_names_are_not_read_for_what_has_no_numbers(collector: World, admin: Caller) -> None:
    def never() -> NameBook:
        raise AssertionError("the names were read")

    collector.arrive_mail("Subject\n\ninfo x")
    collector.process()
    collector.app = create_app(collector.tools(names=never, registry=CollectorRegistry()))
    caller = collector.caller(admin.key)
    [one] = caller.items(PATH, params={"include": "text,varbinds"})
    assert (one["trap_name"], one["varbinds"]) == (None, None)


def test_a_pending_trap_has_no_name_yet(collector: World, admin: Caller) -> None:
    [notification] = collector.arrive(trap_saying("info x"))
    assert shown(admin, notification)["trap_name"] is None
