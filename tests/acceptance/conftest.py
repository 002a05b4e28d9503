"""A prepared installation for every worker, copied for each one that is started, so that the commands run once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import Running

Install = Callable[..., Running]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Migrated, with the customers and a key; it never runs."""
    with Running(tmp_path_factory.mktemp("template")) as made:
        yield made.prepare()


@pytest.fixture(scope="module")
def install(template: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """Makes installations that are not started yet: `directory` is where, other options are those of `Running`. At the end of the
    module every process of them is dead."""
    with ExitStack() as ends:

        def make(directory: Path | None = None, **options: Any) -> Running:
            made = ends.enter_context(Running(directory or tmp_path_factory.mktemp("installed"), **options))
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
