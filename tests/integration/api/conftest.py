"""The miniature collector and somebody who may do everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_world import Caller, World, world
from tests.databases import Databases


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.full])])
def api_databases(request: pytest.FixtureRequest) -> Databases:
    """All on both; on PostgreSQL `make test` is content with test_api_on_both_databases."""
    found: Databases = request.getfixturevalue(f"{request.param}_databases")
    return found


@pytest.fixture
def collector(api_databases: Databases, tmp_path: Path) -> Iterator[World]:
    with api_databases.store() as store, world(store, tmp_path) as made:
        yield made


@pytest.fixture
def admin(collector: World) -> Caller:
    return collector.named_key("bridge", "all")
