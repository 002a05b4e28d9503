"""A v3 message that is not believed is listed with the one source that it says to be from, and does nothing else there."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.errors import NotFound
from collector.domain.ids import CustomerId
from collector.domain.item import InformVerdict
from collector.domain.trap import Secured, Trap
from collector.domain.trust import Trust
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.store.engine import Store
from collector.store.registry import SourceRecord, load_registry, raise_registry_version, save_customer, save_sources
from tests.builders import BOX
from tests.v3_world import ENGINE, NAMING, OUR_ENGINE, STRANGER, USER, V3World, access_of

ELSEWHERE, RELAY = "198.51.100.7", "203.0.113.9"


class RelayedWorld(V3World):
    def knowledge(self) -> Knowledge:
        index = SourceIndex(self.registry.sources, relays=[ip_network("203.0.113.0/24")])
        return replace(super().knowledge(), index=index)


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def beta(world: V3World, *records: SourceRecord) -> CustomerId:
    """BETA has these consoles too."""
    with world.store.write() as connection:
        number = save_customer(connection, code="BETA", name="Beta Ltd.", language="en")
        save_sources(connection, number, records, BOX)
        raise_registry_version(connection)
        world.registry = load_registry(connection, BOX)
    return number


def listed(world: V3World) -> list[tuple[str | None, str | None, str]]:
    return [(row.customer, row.source, row.reason.value) for row in world.notifications()]


def test_it_is_listed_and_counted_there_and_proves_nothing(world: V3World) -> None:
    for _ in range(3):
        world.sends("raise x 3", user=STRANGER)
    world.process()
    assert listed(world) == [("ACME", "secure", "wrong_digest")] * 3
    assert {row.trust for row in world.notifications()} == {Trust.SPOOFABLE}
    assert {row.text for row in world.notifications()} == {""}
    assert [(line.customer, line.source, line.outcome, line.count) for line in world.ledger()] == [
        ("ACME", "secure", "unauthenticated", 3)
    ]
    assert world.cases() == []
    assert world.engines() == []


def test_an_inform_that_no_key_opens_is_listed_there_too(world: V3World) -> None:
    world.informs("raise x 3", user=STRANGER, verdict=None)
    world.process()
    assert listed(world) == [("ACME", "secure", "wrong_digest")]


def test_where_two_sources_fit_it_is_nobodys(world: V3World) -> None:
    other = replace(USER, auth=b"the other's pass phrase")
    beta(world, SourceRecord("secure", (), None, access_of(other)))
    world.sends("raise x 3", user=STRANGER)
    world.process()
    assert listed(world) == [(None, None, "wrong_digest")]


def test_another_address_or_listener_makes_it_the_others(world: V3World) -> None:
    other = replace(USER, auth=b"the other's pass phrase")
    beta(world, SourceRecord("secure", (), None, access_of(other, "198.51.100.0/24")))
    world.sends("raise x 3", user=STRANGER)
    world.sends("raise x 3", user=STRANGER, peer=ELSEWHERE)
    world.process()
    assert listed(world) == [("ACME", "secure", "wrong_digest"), ("BETA", "secure", "wrong_digest")]


def test_of_what_a_relay_passes_on_nobody_knows_the_address(store: Store) -> None:
    world = RelayedWorld(store)
    world.sends("raise x 3", user=STRANGER, peer=RELAY)
    world.process()
    assert listed(world) == [(None, None, "wrong_digest")]


def test_processed_again_it_leaves_the_line_of_the_ledger_that_it_was_counted_in(world: V3World) -> None:
    item = world.sends("raise x 3", user=replace(NAMING, auth=b"the new pass phrase"))
    world.process()
    assert listed(world) == [("ACME", "naming", "wrong_digest")]
    world.save(SourceRecord("naming", (), None, access_of(replace(NAMING, auth=b"the new pass phrase"))))
    world.inspector().reprocess(item, actor="user:ana")
    assert listed(world) == [("ACME", "naming", "")]
    assert {line.outcome: line.count for line in world.ledger() if line.count} == {"case": 1}


def test_whoever_sends_what_he_caught_from_his_own_address_cannot_have_it_shown_to_him(world: V3World) -> None:
    """BETA catches what ACME's console sends, sends it from its own network and asks with its own key what it says."""
    theirs = replace(USER, auth=b"the other's pass phrase")
    number = beta(world, SourceRecord("secure", (), None, access_of(theirs, "198.51.100.0/24")))
    honest = world.sends("raise secret 3")
    caught = world.sends("raise secret 3", peer=ELSEWHERE)
    world.process()
    assert listed(world) == [("ACME", "secure", "unknown_engine"), ("BETA", "secure", "wrong_digest")]
    shown = world.inspector().contents([honest, caught])
    assert isinstance(shown[honest].decoded, Trap)
    assert isinstance(shown[caught].decoded, Secured)
    told = world.inspector().explain(caught, customer_id=number)
    assert "99999" not in repr(told)
    with pytest.raises(NotFound):
        world.inspector().explain(honest, customer_id=number)


def test_what_todays_customers_file_gives_to_another_customer_is_not_told_to_the_first_one(world: V3World) -> None:
    theirs = replace(USER, auth=b"the other's pass phrase")
    number = beta(world, SourceRecord("secure", (), None, access_of(theirs, "198.51.100.0/24")))
    caught = world.sends("raise secret 3", peer=ELSEWHERE)
    world.process()
    world.save(SourceRecord("secure", (), None, access_of(USER, "198.51.100.0/24", "192.0.2.0/24")))
    assert world.inspector().explain(caught, customer_id=number)["now"] is None


def test_a_copy_of_an_inform_is_as_spoofable_as_one_of_a_trap(world: V3World) -> None:
    world.sends("raise x 3", user=NAMING, time=world.engine_time, message_id=7)
    trap = world.secured("raise y 3", user=NAMING)
    inform = world.secured("raise z 3", user=NAMING, engine_id=OUR_ENGINE, inform=5)
    for port in (162, 163):
        world.arrives(trap)
        world.arrives(inform, peer_port=port, envelope=InformVerdict.IN_TIME.value.encode())
    world.process()
    trusts = [(row.reason.value, row.trust) for row in world.notifications() if row.state.value == "unauthenticated"]
    assert trusts == [("replayed", Trust.SPOOFABLE)] * 2
    assert world.engine().engine_id == ENGINE
