"""Consoles of the same pass phrases: what an engine sent for one of them is not believed from another, on both databases."""

from datetime import timedelta

import pytest

from collector.domain.engine import EngineState
from collector.store.engine import Store
from collector.store.registry import SourceRecord, load_registry, raise_registry_version, save_sources
from tests.builders import BOX
from tests.v3_world import ENGINE, NAMING, OTHER_ENGINE, TRUSTING, V3World, access_of


@pytest.fixture
def world(store: Store) -> V3World:
    """BETA has a console of the same user as ACME's `trusting`, elsewhere; both say that engines need no approval."""
    world = V3World(store)
    with store.write() as connection:
        twin = SourceRecord("twin", (), None, access_of(TRUSTING, "198.51.100.0/24"))
        save_sources(connection, world.source("other").customer.id, [twin], BOX)
        raise_registry_version(connection)
        world.registry = load_registry(connection, BOX)
    return world


@pytest.mark.parametrize("restart", [False, True], ids=["in one batch", "over a restart"])
@pytest.mark.parametrize("later", [timedelta(seconds=5), timedelta(days=40)])
def test_what_was_caught_at_one_console_is_not_believed_from_another(world: V3World, later: timedelta, restart: bool) -> None:
    datagram = world.secured("raise x 3", user=TRUSTING)
    world.arrives(datagram)
    if restart:
        world.process()
    world.clock.move(later)
    copy = world.arrives(datagram, peer="198.51.100.9")
    world.process()
    assert world.reasons() == ["case", "unknown_engine"]
    assert [(engine.source, engine.state) for engine in world.engines()] == [
        ("trusting", EngineState.APPROVED),
        ("twin", EngineState.SEEN),
    ]
    [again] = world.inspector().reprocess(copy, actor="user:ana")
    assert again.reason.value == "unknown_engine"
    assert len(world.cases()) == 1


def test_an_engine_of_its_own_needs_no_approval_at_the_other_console(world: V3World) -> None:
    world.sends("raise x 3", user=TRUSTING)
    world.sends("raise x 3", user=TRUSTING, engine_id=OTHER_ENGINE, peer="198.51.100.9")
    world.process()
    assert world.reasons() == ["case", "case"]


@pytest.mark.parametrize("approved_first", [False, True], ids=["it sent", "somebody approved it beforehand"])
def test_an_engine_of_another_user_waits_too_also_when_it_is_processed_again(world: V3World, approved_first: bool) -> None:
    if approved_first:
        world.approve(ENGINE, customer="ACME", source="secure")
    else:
        world.sends("raise x 3", user=NAMING)
    world.process()
    item = world.sends("raise y 3", user=TRUSTING)
    world.process()
    assert world.reasons()[-1] == "unknown_engine"
    [again] = world.inspector().reprocess(item, actor="user:ana")
    assert again.reason.value == "unknown_engine"
    world.approve(ENGINE, customer="ACME", source="trusting")
    [again] = world.inspector().reprocess(item, actor="user:ana")
    assert again.state.value == "case"
