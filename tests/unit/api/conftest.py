"""The miniature collector and somebody who may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_world import Caller, World, world
from tests.databases import Databases


@pytest.fixture
def collector(sqlite_databases: Databases, tmp_path: Path) -> Iterator[World]:
    with sqlite_databases.store() as store, world(store, tmp_path) as made:
        yield made


@pytest.fixture
def admin(collector: World) -> Caller:
    return collector.named_key("bridge", "all")
