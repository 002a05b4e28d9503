"""A console that starts again while its traps wait in the bulk lane loses none of them, on both databases."""

from datetime import timedelta

import pytest

from collector.store.engine import Store
from tests.pipeline_world import BULK
from tests.v3_world import BOOTS, NAMING, USER, V3World


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def begins_again(world: V3World, number: int = 4) -> None:
    for second in range(number):
        world.sends("info", user=NAMING, boots=BOOTS + 1, time=2 + second)
        world.clock.move(timedelta(seconds=1))


@pytest.mark.parametrize("restart", [False, True], ids=["at one go", "over restarts"])
def test_what_waited_in_the_bulk_lane_is_judged_by_the_boots_of_its_arrival(world: V3World, restart: bool) -> None:
    world.sends("info", user=NAMING)
    held = [world.secured(f"raise held-{number} 3", user=NAMING) for number in range(20)]
    for datagram in [*held, held[3], held[7]]:
        world.arrives(datagram, stream=BULK)
        world.clock.move(timedelta(seconds=1))
    begins_again(world)
    late = world.secured("raise late 3", user=NAMING)
    world.arrives(late, stream=BULK)
    world.arrives(held[5])
    if restart:
        processor = world.processor(batch_limit=3)
        while processor.step():
            processor = world.processor(batch_limit=3)
    else:
        world.process(batch_limit=4)
    reasons = world.reasons()
    assert (reasons.count("case"), reasons.count("replayed"), reasons.count("not_in_time_window")) == (20, 2, 2)
    assert len(world.cases()) == 20


def test_earlier_boots_are_forgotten_when_nothing_of_their_time_waits(world: V3World) -> None:
    world.sends("info", user=NAMING)
    world.clock.move(timedelta(seconds=30))
    begins_again(world)
    processor = world.processor()
    while processor.step():
        pass
    begins_again(world, 2)
    while processor.step():
        pass
    [known] = processor._memory.engines.of_source(world.source("naming").id)
    assert (known.memo.earlier, known.earlier_seconds) == (None, {})


def test_what_was_not_judged_then_is_judged_by_earlier_boots_while_they_are_known(world: V3World) -> None:
    world.sends("info", user=NAMING)
    world.sends("raise held 3", user=NAMING, stream=BULK)
    world.clock.move(timedelta(seconds=30))
    begins_again(world)
    world.sends("raise held 3", user=USER, stream=BULK)
    world.process(batch_limit=2)
    assert "not_in_time_window" not in world.reasons()
