"""A v3 trap that the keys of several consoles open: people see its engine, say whose it is, and what waited is processed."""

from dataclasses import replace

import pytest

from collector.domain.engine import EngineState
from collector.domain.errors import Conflict
from collector.domain.snmp_access import SnmpUser
from collector.store.engine import Store
from collector.store.notifications import Notification
from collector.store.registry import SourceRecord
from tests.v3_world import ENGINE, NAMING, OPEN_USER, OTHER_ENGINE, USER, V3World, access_of

FITS = f"{ENGINE.hex()}: the keys of ACME/secure, ACME/twin fit"


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def twin(world: V3World, user: SnmpUser) -> None:
    world.save(SourceRecord("twin", (), None, access_of(user)))


def waiting(world: V3World) -> list[tuple[str, bytes, int]]:
    return [(engine.source, engine.engine_id, engine.messages) for engine in world.engines(EngineState.SEEN)]


def by_arrival(world: V3World) -> list[Notification]:
    return sorted(world.notifications(), key=lambda row: row.id)


def test_its_engine_is_listed_at_each_console_and_the_notification_says_what_to_do(world: V3World) -> None:
    twin(world, USER)
    items = [world.sends("raise x 3") for _ in range(3)]
    world.process(batch_limit=2)
    assert world.outcomes() == [("unattributed", "ambiguous_source")] * 3
    assert waiting(world) == [("secure", ENGINE, 3), ("twin", ENGINE, 3)]
    assert all(engine.time is None for engine in world.engines())
    assert {row.detail for row in world.notifications()} == {f"{FITS}: approve it for one of them"}
    assert world.counters.ambiguous == 3
    with pytest.raises(Conflict, match="name one of ACME/secure, ACME/twin"):
        world.approve()
    told = world.inspector().explain(items[0], customer_id=None)["now"]
    assert isinstance(told, dict)
    assert told["belief"][-1] == {
        "step": "keys",
        "held": False,
        "reason": "ambiguous_source",
        "detail": f"{FITS}: approve it for one of them",
    }


def test_whose_it_is_said_once_and_what_waited_is_processed_once_each(world: V3World) -> None:
    twin(world, USER)
    copied = world.secured("raise x 3")
    for _ in range(2):
        world.arrives(copied)
    world.sends("raise y 3")
    world.sends("raise z 3", engine_id=OTHER_ENGINE)
    world.process()
    engine = world.approve(source="twin", customer="ACME")
    caught = world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=100)
    assert (caught.done, caught.left) == (3, 0)
    assert [(row.source, row.state.value, row.reason.value) for row in by_arrival(world)] == [
        ("twin", "case", ""),
        ("twin", "unauthenticated", "replayed"),
        ("twin", "case", ""),
        (None, "unattributed", "ambiguous_source"),
    ]
    world.sends("raise y 3")
    world.arrives(copied)
    world.process()
    assert [row.reason.value for row in by_arrival(world)][-2:] == ["", "replayed"]


def test_where_several_speak_from_it_nothing_new_is_listed(world: V3World) -> None:
    twin(world, replace(NAMING))
    world.sends("raise x 3", user=NAMING)
    world.process()
    assert waiting(world) == []
    [row] = world.notifications()
    assert row.detail.endswith("and several may speak from it: forget it at all but one, or correct engine_id")


def test_informs_and_what_is_no_engine_id_are_never_listed(world: V3World) -> None:
    twin(world, USER)
    world.informs("raise x 3")
    world.informs("raise x 3", verdict=None, engine_id=OTHER_ENGINE)
    world.sends("raise x 3", engine_id=ENGINE[:4])
    world.process()
    assert {row.detail.rpartition(": ")[2] for row in world.notifications()} == {"give them different pass phrases"}
    assert world.engines() == []


def test_forged_ones_of_users_without_authentication_push_out_none_that_is_authentic(world: V3World) -> None:
    twin(world, OPEN_USER)
    world.sends("raise x 3", user=NAMING)
    for number in range(200):
        world.sends("raise x 3", user=OPEN_USER, engine_id=OTHER_ENGINE[:-1] + bytes([number]))
    world.process(batch_limit=50)
    listed = [engine.source for engine in world.engines()]
    assert listed.count("naming") == 1
    assert max(listed.count("open"), listed.count("twin")) <= 64
