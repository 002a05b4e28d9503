"""The miniature collector with people who may sign in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.users import UserRole
from tests.api_world import World, world
from tests.databases import Databases, SqliteDatabases
from tests.web_kit import Browser, browser, make_user


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Stores on SQLite; what may differ on PostgreSQL is tested on both, in the ring of the store."""
    return SqliteDatabases(tmp_path_factory.mktemp("stores"))


@pytest.fixture
def collector(files: Databases, tmp_path: Path) -> Iterator[World]:
    with files.store() as store, world(store, tmp_path) as made:
        make_user(made)
        make_user(made, "vera", role=UserRole.VIEWER, language="en")
        yield made


@pytest.fixture
def ana(collector: World) -> Browser:
    """An engineer, who reads Spanish."""
    return browser(collector)


@pytest.fixture
def vera(collector: World) -> Browser:
    """A viewer, who reads English."""
    return browser(collector, "vera")


@pytest.fixture
def stranger(collector: World) -> Browser:
    return browser(collector, None)
