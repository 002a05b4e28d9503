"""What each role does at its start when the secrets in the store, or the key that opens them, are not what they should be."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collector.app import run_api, run_process, run_snmp
from collector.app.access_opening import AccessOpener
from collector.app.knowledge import KnowledgeKeeper
from collector.app.terms import terms_of
from collector.config import Role, Settings
from collector.domain.clock import SystemClock
from collector.domain.errors import ConfigurationError
from collector.domain.snmp_access import SnmpAccess
from collector.go_ahead import GoAhead
from collector.role import RoleContext
from collector.role_http import Readiness
from collector.sealed_access import json_of
from collector.secret_keys import make_own_key, new_key, write_keys
from collector.secrets import SecretBox
from collector.snapshot import SEALED_FOR
from collector.stop import StopFlag
from collector.store.engine import Store
from collector.store.migrate import migrate
from collector.store.registry import SourceRecord, raise_registry_version, save_customer, save_sources
from tests.builders import BOX
from tests.pipeline_world import World

MISSING, OTHER = "the key of the secrets is missing", "was sealed with another key; put back the key that sealed it"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of a store that holds a community."""
    made = Settings(data_dir=tmp_path)
    made.run_dir.mkdir()
    store = Store(made.store_url)
    migrate(store)
    make_own_key(made)
    import_community(store, SecretBox.of_settings(made))
    store.close()
    return made


def import_community(store: Store, box: SecretBox, name: str = "proxy-1") -> None:
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme", language="es")
        access = SnmpAccess.with_community("v2c", b"c0mmunity", ["192.0.2.0/24"])
        save_sources(connection, acme, [SourceRecord(name, (), snmp=access)], box)
        raise_registry_version(connection)


@pytest.fixture
def begin(settings: Settings) -> Iterator[Callable[[Role], None]]:
    stop = StopFlag()
    work = {Role.SNMP: run_snmp, Role.PROCESS: run_process, Role.API: run_api}

    def run(role: Role) -> None:
        starting, ahead = Readiness(False), GoAhead(environment={})
        work[role](RoleContext(role, settings, SystemClock(), [], stop, CollectorRegistry(), lambda: starting, ahead))

    yield run
    stop.close()


ROLES = pytest.mark.parametrize("role", [Role.PROCESS, Role.API])
"""Those that use the store. `serve` stops everything with the first one; `process` begins before the receivers do."""


@ROLES
def test_without_the_key_no_role_begins_and_none_is_made(begin: Callable[[Role], None], settings: Settings, role: Role) -> None:
    settings.secret_key_file.unlink()
    with pytest.raises(ConfigurationError, match=MISSING) as caught:
        begin(role)
    assert str(caught.value).startswith(f"{settings.secret_key_file}: ")
    assert not settings.secret_key_file.exists()


@ROLES
def test_with_another_key_no_role_begins_and_the_source_is_named(
    begin: Callable[[Role], None], settings: Settings, role: Role
) -> None:
    write_keys(settings.secret_key_file, [new_key()], replace=True)
    with pytest.raises(ConfigurationError, match=OTHER) as caught:
        begin(role)
    assert str(caught.value).startswith(f"{settings.secret_key_file}: a community ")
    assert str(caught.value).endswith("(source ACME/proxy-1)")


def test_at_the_very_first_start_the_intake_needs_no_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    open_access = AccessOpener(settings)
    assert not settings.secret_key_file.exists()
    make_own_key(settings)
    access = SnmpAccess.with_community("v2c", b"c0mmunity", ["192.0.2.0/24"])
    assert open_access(json_of(access, SecretBox.of_settings(settings), SEALED_FOR)) == access


def test_a_snapshot_without_its_key_stops_the_intake_of_traps(begin: Callable[[Role], None], settings: Settings) -> None:
    settings.secret_key_file.rename(settings.secret_key_file.with_suffix(".aside"))
    (settings.data_dir / "snapshot.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=MISSING):
        begin(Role.SNMP)
    assert not settings.secret_key_file.exists()


def test_a_damaged_key_stops_the_intake_of_traps(begin: Callable[[Role], None], settings: Settings) -> None:
    settings.secret_key_file.write_text("short", encoding="ascii")
    with pytest.raises(ConfigurationError, match="at least"):
        begin(Role.SNMP)


def test_running_processing_keeps_what_it_knows_too(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    import_community(store, BOX)
    settings = Settings()
    keeper = KnowledgeKeeper(store, settings, World(store).knowledge().decoders, terms_of(settings), BOX)
    before = keeper()
    import_community(store, SecretBox([new_key()]), "proxy-2")
    for _ in range(3):
        keeper._refresh()
    assert keeper() is before
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == ["customers were not read again"]
    import_community(store, BOX, "proxy-2")
    keeper._refresh()
    assert len(keeper().registry.sources) == len(before.registry.sources) + 1
