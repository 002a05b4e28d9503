"""A prepared installation for every worker and database, copied for each one that is started, so that the commands run once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import Running
from tests.acceptance.stores import PostgresqlStores, SqliteStores, Stores

Install = Callable[..., Running]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL the ring is `make test-full`'s business, but for the modules and tests that are marked `on_both_at_once`."""
    for item in items:
        on = getattr(item, "callspec", None)
        if on is not None and on.params.get("stores") == "postgresql" and item.get_closest_marker("on_both_at_once") is None:
            item.add_marker(pytest.mark.full)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stores(request: pytest.FixtureRequest) -> Stores:
    """Every test of this ring that does not say otherwise runs on both."""
    if request.param == "sqlite":
        return SqliteStores()
    return PostgresqlStores(request.getfixturevalue("postgresql_databases"))


@pytest.fixture(scope="session")
def template(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Migrated, with the customers and a key; it never runs."""
    with stores.empty() as store, Running(tmp_path_factory.mktemp("template"), store=store) as made:
        yield made.prepare()


@pytest.fixture(scope="module")
def install(template: Running, stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """Makes installations that are not started yet: `directory` is where, other options are those of `Running`. At the end of the
    module every process of them is dead."""
    with ExitStack() as ends:

        def make(directory: Path | None = None, **options: Any) -> Running:
            store = ends.enter_context(stores.copy(template.store))
            made = ends.enter_context(Running(directory or tmp_path_factory.mktemp("installed"), store=store, **options))
            shutil.copytree(template.data_dir, made.data_dir, dirs_exist_ok=True)
            made.use_key(template.key)
            return made

        yield make


@pytest.fixture(scope="module")
def running(install: Install) -> Iterator[Running]:
    """A running collector that the tests of a module share, and that says as much as it can: it is stopped in order after the
    last one, with all that must hold then."""
    started = install(environment={"COLLECTOR__LOGS__LEVEL": "debug"}).start()
    yield started
    started.settled()
    started.stop()
