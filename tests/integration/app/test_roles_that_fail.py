"""A role that cannot begin leaves nothing open behind: whoever tries again in the same process finds it as before."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collector.app.process import run_process
from collector.app.web import run_api
from collector.config import Role, Settings
from collector.domain.clock import SystemClock
from collector.domain.errors import CollectorError
from collector.go_ahead import GoAhead
from collector.role import RoleContext
from collector.role_http import Readiness
from collector.stop import StopFlag
from collector.store.engine import Store
from collector.store.migrate import migrate


def role_of(settings: Settings, role: Role) -> RoleContext:
    readiness = Readiness(False)
    return RoleContext(
        role, settings, SystemClock(), [], StopFlag(), CollectorRegistry(), lambda: readiness, GoAhead(environment={})
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path)
    made.run_dir.mkdir()
    store = Store(made.store_url)
    migrate(store)
    store.close()
    return made


def forget_the_customers(settings: Settings) -> None:
    """A store in which the registry cannot be read."""
    store = Store(settings.store_url)
    with store.write() as connection:
        connection.exec_driver_sql("DROP TABLE sources")
    store.close()


def open_files() -> set[str]:
    """What the process has open that is a file, a socket or a pipe, without the directory listing itself."""
    found = set()
    for name in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(f"{name.name} {name.readlink()}")
    return {one for one in found if not one.endswith("/fd")}


def begin_process(settings: Settings) -> None:
    context = role_of(settings, Role.PROCESS)
    try:
        run_process(context)
    finally:
        context.stop.close()


def begin_api(settings: Settings) -> None:
    context = role_of(settings, Role.API)
    try:
        run_api(context)
    finally:
        context.stop.close()


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(begin_process, id="process"),
        pytest.param(begin_api, id="api"),
    ],
)
def test_what_fails_at_its_start_closes_what_it_had_opened(settings: Settings, begin: Callable[[Settings], None]) -> None:
    forget_the_customers(settings)
    before = open_files()
    with pytest.raises(CollectorError):
        begin(settings)
    assert open_files() == before
    assert not list(settings.run_dir.glob("*.wake"))
