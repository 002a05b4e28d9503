"""Where a message is from when somebody else passed it on: a trusted relay's word counts, anybody else's is only data."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from collector.domain.item import InformVerdict, ItemKind
from collector.domain.snmp_access import SnmpAccess
from collector.domain.trap import SNMP_TRAP_ADDRESS
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.store.engine import Store
from collector.store.registry import SourceRecord
from tests import snmp_wire as wire
from tests.pipeline_world import ACME, MAIN
from tests.v3_world import NAMING, OUR_ENGINE, V3World, access_of

RELAY, CONSOLE, STRANGER = "203.0.113.9", "192.0.2.44", "198.51.100.1"


class RelayedWorld(V3World):
    def knowledge(self) -> Knowledge:
        index = SourceIndex(self.registry.sources, relays=[ip_network("203.0.113.0/24")])
        return replace(super().knowledge(), index=index)


@pytest.fixture
def world(store: Store) -> RelayedWorld:
    return RelayedWorld(store)


def octets(address: str) -> bytes:
    return bytes(int(part) for part in address.split("."))


def v2c(*, trap_address: bytes | None = None) -> bytes:
    more = [] if trap_address is None else [wire.varbind(SNMP_TRAP_ADDRESS, trap_address)]
    text = wire.varbind("1.3.6.1.4.1.99999.1.1", wire.string("raise x 3"))
    return wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(), text, *more), community=ACME)


def v1(agent: str, *varbinds: bytes) -> bytes:
    text = wire.varbind("1.3.6.1.4.1.99999.1.1", wire.string("raise x 3"))
    return wire.message(wire.v1_pdu(text, *varbinds, agent=wire.tlv(0x40, octets(agent))), version=0, community=ACME)


def ip(address: str) -> bytes:
    return wire.tlv(0x40, octets(address))


@pytest.mark.parametrize(
    ("datagram", "peer", "believed"),
    [
        pytest.param(v2c(trap_address=ip(CONSOLE)), RELAY, True, id="snmpTrapAddress.0 of a relay"),
        pytest.param(v2c(trap_address=ip(STRANGER)), RELAY, False, id="a relay says: from a stranger"),
        pytest.param(v2c(trap_address=ip(CONSOLE)), STRANGER, False, id="a stranger says so"),
        pytest.param(v2c(trap_address=ip(STRANGER)), CONSOLE, True, id="the console itself says another one"),
        pytest.param(v2c(), RELAY, False, id="the relay says nothing, and is no console"),
        pytest.param(v2c(trap_address=ip("0.0.0.0")), RELAY, False, id="nowhere"),
        pytest.param(v2c(trap_address=wire.string(CONSOLE)), RELAY, False, id="not as an address"),
        pytest.param(v1(CONSOLE), RELAY, True, id="agent-addr of a relay"),
        pytest.param(v1(STRANGER), CONSOLE, True, id="agent-addr of the console is data"),
        pytest.param(v1("0.0.0.0"), RELAY, False, id="no agent-addr"),
        pytest.param(v1(STRANGER, wire.varbind(SNMP_TRAP_ADDRESS, ip(CONSOLE))), RELAY, True, id="the address before agent-addr"),
    ],
)
def test_the_address_that_counts(world: RelayedWorld, datagram: bytes, peer: str, believed: bool) -> None:
    world.arrives(datagram, peer=peer)
    world.process()
    assert world.outcomes() == [("case", "") if believed else ("unattributed", "peer_not_in_networks")]
    [row] = world.notifications()
    assert row.peer == f"{peer}:162"


def test_of_a_relay_that_says_nothing_its_own_address_counts_where_networks_have_it(world: RelayedWorld) -> None:
    """As snmptrapd forwards v2c."""
    world.save(SourceRecord("relayed", (), None, SnmpAccess("v2c", (ip_network(RELAY),), community=b"relayed")))
    text = wire.varbind("1.3.6.1.4.1.99999.1.1", wire.string("raise x 3"))
    pdu = wire.v2_pdu(wire.uptime(), wire.trap_oid(), text)
    world.arrives(wire.message(pdu, community=b"relayed"), peer=RELAY)
    world.process()
    assert [row.source for row in world.notifications()] == ["relayed"]
    assert world.reasons() == ["case"]


@pytest.mark.parametrize(
    ("relayed_for", "peer", "reason"),
    [
        pytest.param(CONSOLE, RELAY, "case", id="from the console through a relay"),
        pytest.param(STRANGER, RELAY, "unknown_user", id="from a stranger through a relay"),
        pytest.param("", RELAY, "unknown_user", id="from the relay itself"),
        pytest.param(CONSOLE, STRANGER, "unknown_user", id="a stranger says so"),
    ],
)
def test_what_a_relay_says_inside_a_v3_message_counts(world: RelayedWorld, relayed_for: str, peer: str, reason: str) -> None:
    world.sends("raise x 3", user=NAMING, relayed_for=relayed_for, peer=peer)
    world.process()
    assert world.reasons() == [reason]


@pytest.mark.parametrize("inform", [False, True], ids=["trap", "inform"])
def test_of_consoles_with_one_user_and_one_pass_phrase_the_address_behind_the_relay_decides(
    world: RelayedWorld, inform: bool
) -> None:
    for name, network in (("away", "198.51.100.0/24"), ("further", "100.64.0.0/16")):
        world.save(SourceRecord(name, (), None, access_of(NAMING, network)))
    parts: dict[str, Any] = {"engine_id": OUR_ENGINE, "inform": 5} if inform else {}
    envelope = InformVerdict.IN_TIME.value.encode() if inform else b""
    for address in (CONSOLE, STRANGER, "100.64.7.7", "203.0.113.200"):
        datagram = world.secured("raise x 3", user=NAMING, relayed_for=address, **parts)
        world.arrives(datagram, peer=RELAY, envelope=envelope)
    world.process()
    assert world.reasons() == ["case", "case", "case", "unknown_user"]
    assert [row.source for row in world.notifications()] == ["naming", "away", "further", None]


def test_explain_tells_every_address(world: RelayedWorld) -> None:
    item = world.arrives(v1(CONSOLE, wire.varbind(SNMP_TRAP_ADDRESS, ip("192.0.2.45"))), peer=RELAY, peer_port=5_000)
    other = world.arrives(v1(CONSOLE), peer=STRANGER)
    world.process()
    told = world.inspector().explain(item, customer_id=None)["now"]
    assert isinstance(told, dict)
    assert told["peer"] == f"{RELAY}:5000"
    assert told["sender"] == {
        "address": "192.0.2.45",
        "trusted_relay": True,
        "agent_address": CONSOLE,
        "trap_address": "192.0.2.45",
    }
    told = world.inspector().explain(other, customer_id=None)["now"]
    assert isinstance(told, dict)
    assert (told["sender"]["address"], told["sender"]["trusted_relay"]) == (STRANGER, False)


def test_a_datagram_that_says_nothing_is_still_explained(world: RelayedWorld) -> None:
    item = world.item(MAIN, ItemKind.DATAGRAM, b"?", peer_address=RELAY)
    told = world.inspector().explain(item, customer_id=None)["now"]
    assert isinstance(told, dict)
    assert told["sender"] == {"address": RELAY, "trusted_relay": True, "agent_address": None, "trap_address": None}
