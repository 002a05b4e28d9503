"""The miniature collector and somebody who may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_world import Caller, World, world
from tests.databases import Databases, SqliteDatabases


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Stores on SQLite; what may differ on PostgreSQL is tested on both, in test_api_on_both_databases."""
    return SqliteDatabases(tmp_path_factory.mktemp("stores"))


@pytest.fixture
def collector(files: Databases, tmp_path: Path) -> Iterator[World]:
    with files.store() as store, world(store, tmp_path) as made:
        yield made


@pytest.fixture
def admin(collector: World) -> Caller:
    return collector.named_key("bridge", "all")
