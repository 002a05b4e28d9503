"""Fixtures that every ring may use: a fresh store, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from collector.store.engine import Store
from tests.databases import Databases, PostgresqlDatabases, SqliteDatabases, postgresql_missing, postgresql_server

settings.register_profile("collector", deadline=None)
settings.load_profile("collector")  # a busy machine is no fault: no test is timed


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases() -> Iterator[Databases]:
    missing = postgresql_missing()
    if missing is not None:
        pytest.skip(missing)
    with postgresql_server() as server:
        databases = PostgresqlDatabases(server)
        yield databases
        databases.close()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Where a test that needs several stores, or its own engine, gets them from."""
    found: Databases = request.getfixturevalue(f"{request.param}_databases")
    return found


@pytest.fixture
def store(databases: Databases) -> Iterator[Store]:
    """A fresh migrated store."""
    with databases.store() as fresh:
        yield fresh
