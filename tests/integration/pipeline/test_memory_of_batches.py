"""What a batch took is free as soon as it is committed: garbage in circles stays until somebody looks for circles, which in this
process is seldom."""

import gc

import pytest

from collector.pipeline.draft import Entry
from collector.store.engine import Store
from tests.v3_world import NAMING, V3World


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


BATCH = 20


def test_no_entry_outlives_the_next_batch(world: V3World) -> None:
    processor = world.processor(batch_limit=BATCH)
    gc.collect()
    before = entries()
    gc.disable()
    try:
        for number in range(40):
            world.trap(f"raise x{number % 4} 3")
            world.trap(f"clear y{number % 4}")
            world.sends(f"raise z{number % 4} 3", user=NAMING)
            world.informs(f"raise i{number % 4} 3", inform=number, port=1_000 + number)
            world.mail(f"raise m{number % 4} 3")
        while processor.step():
            pass
        assert entries() - before <= BATCH
    finally:
        gc.enable()
    assert len(world.cases()) == 16


def entries() -> int:
    return sum(isinstance(one, Entry) for one in gc.get_objects())
