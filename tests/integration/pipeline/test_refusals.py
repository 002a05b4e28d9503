"""A hostile sender is counted to the last datagram and fills no store."""

from collections import Counter
from datetime import timedelta

import pytest

from collector.domain.errors import NotFound
from collector.pipeline.processor import Processor
from collector.pipeline.refusals import Refusals
from collector.store.engine import Store
from tests.v3_world import NAMING, OPEN_USER, STRANGER, V3World


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def bounded(world: V3World, *, per_peer: int = 0, per_outcome: int = 0) -> Processor:
    return Processor(
        world.store,
        world.journal,
        knowledge=world.knowledge,
        clock=world.clock,
        batch_limit=7,
        counters=world.counters,
        wait_for_work=lambda seconds: False,
        someone_waits=lambda: False,
        changed=lambda: None,
        refusals=Refusals(per_peer=per_peer, per_outcome=per_outcome),
    )


def work_off(processor: Processor) -> None:
    while processor.step():
        pass


def counted(world: V3World) -> int:
    return sum(world.counted().values())


def test_of_one_address_and_reason_so_many_are_kept_an_hour_and_all_are_counted(world: V3World) -> None:
    for _ in range(20):
        world.trap("info", community=b"stranger")
        world.sends("raise x 3", user=STRANGER)
        world.trap("info", community=b"stranger", peer="192.0.2.9")
        world.sends("raise x 3", user=NAMING)
    processor = bounded(world, per_peer=3)
    work_off(processor)
    kept = [(row.reason.value, row.peer.rpartition(":")[0]) for row in world.notifications() if row.state.value != "case"]
    assert sorted(set(kept)) == [
        ("unknown_community", "192.0.2.1"),
        ("unknown_community", "192.0.2.9"),
        ("wrong_digest", "192.0.2.1"),
    ]
    assert len(kept) == 9
    assert world.case().occurrences == 20
    assert world.counted() == {"unattributed": 40, "unauthenticated": 20, "case": 20}
    world.clock.move(timedelta(hours=1))
    world.trap("info", community=b"stranger")
    work_off(processor)
    assert len(world.notifications()) == 20 + 9 + 1


def test_of_one_outcome_so_many_are_kept_an_hour_whoever_sends(world: V3World) -> None:
    for number in range(40):
        world.trap("info", community=b"stranger", peer=f"198.51.100.{number}")
    world.sends("raise x 3")
    work_off(bounded(world, per_outcome=10))
    assert len(world.notifications()) == 11
    assert world.reasons()[-1] == "unknown_engine"
    assert counted(world) == 41


def test_a_clock_that_is_set_back_begins_a_new_hour(world: V3World) -> None:
    processor = bounded(world, per_peer=1)
    for step in (timedelta(), timedelta(hours=-1), timedelta(days=-30), timedelta(minutes=1)):
        world.clock.move(step)
        world.trap("info", community=b"stranger")
        work_off(processor)
    assert [row.received_at.day for row in world.notifications()] == [17, 15]


def test_nobody_without_a_key_takes_the_room_of_what_waits_for_approval(world: V3World) -> None:
    for number in range(40):
        world.sends("raise x 3", user=STRANGER, peer=f"192.0.2.{number}")
        world.sends("raise x 3", user=OPEN_USER)
    waiting = [world.sends(f"raise x{number} 3") for number in range(8)]
    processor = bounded(world, per_peer=3, per_outcome=10)
    work_off(processor)
    kept = {row.id for row in world.notifications()}
    assert kept.issuperset(waiting)
    assert len(kept) == 10 + 8
    assert counted(world) == 88

    engine = world.approve(customer="ACME", source="secure")
    assert world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=500).done == 8
    assert len(world.cases()) == 8


def test_of_an_authentic_source_and_reason_a_bounded_number_is_kept_too(world: V3World) -> None:
    """Whoever has a key, or caught a message of somebody who has, fills no store either."""
    for _ in range(15):
        world.sends("raise x 3")
    copied = world.secured("raise x 3")
    for _ in range(21):
        world.arrives(copied)
    work_off(bounded(world, per_peer=3, per_outcome=10))
    assert Counter(world.reasons()) == {"unknown_engine": 10, "replayed": 10}
    assert counted(world) == 36


def test_a_batch_that_was_not_committed_uses_nothing_up(world: V3World) -> None:
    for text in ("info", "info", "explode", "info"):
        world.trap(text, community=b"stranger" if text == "info" else b"acme-community")
    work_off(bounded(world, per_peer=3))
    assert sorted(state for state, _ in world.outcomes()) == ["unattributed"] * 3 + ["undecodable"]


def test_what_is_only_counted_has_no_notification_and_is_not_pending(world: V3World) -> None:
    items = [world.trap("info", community=b"stranger") for _ in range(3)]
    waiting = world.trap
    work_off(bounded(world, per_peer=1))
    inspector = world.inspector()
    told = inspector.explain(items[2], customer_id=None)
    assert (told["state"], told["recorded"]) == (None, [])
    assert told["now"] is not None
    with pytest.raises(NotFound):
        inspector.reprocess(items[2], actor="user:ana")
    assert inspector.explain(waiting("info", community=b"stranger"), customer_id=None)["state"] == "pending"


def test_what_is_left_out_and_why_messages_are_refused_are_metrics(world: V3World) -> None:
    for _ in range(5):
        world.sends("raise x 3", user=STRANGER)
    world.sends("raise x 3")
    world.sends("raise x 3", user=NAMING)
    processor = bounded(world, per_peer=2)
    work_off(processor)
    world.clock.move(timedelta(seconds=2))
    processor.step()
    found = {(family.name, *values): number for family in world.counters.families() for values, number in family.samples}
    assert found["collector_snmp_unauthenticated", "wrong_digest"] == 5
    assert found["collector_snmp_unauthenticated", "unknown_engine"] == 1
    assert found["collector_snmp_unauthenticated", "replayed"] == 0
    assert found[("collector_refusals_left_out",)] == 3
    assert (found["collector_snmp_engines", "seen"], found["collector_snmp_engines", "approved"]) == (1, 1)
