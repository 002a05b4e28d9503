"""The pipeline's small world, on both databases."""

import pytest

from collector.store.engine import Store
from tests.pipeline_world import World


@pytest.fixture
def world(store: Store) -> World:
    return World(store)
