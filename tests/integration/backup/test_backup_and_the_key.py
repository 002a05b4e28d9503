"""A backup and the key of the secrets: the collector's own key in it or not, another one at the other place, a lost one."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic import command

from collector.domain.errors import ConfigurationError, Unavailable
from collector.domain.snmp_access import SnmpAccess
from collector.secret_keys import make_own_key, new_key
from collector.secrets import SecretBox
from collector.store.engine import Store
from collector.store.migrate import migration_config
from collector.store.registry import SourceRecord, load_registry, save_customer, save_sources
from collector.store.sealing import sealed_with_newest
from tests.backup_kit import Place
from tests.integration.backup.conftest import Pair

COMMUNITY = b"c0mmunity-of-acme"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def a_place(directory: Path, url: str, key: str = "") -> Place:
    """With a key of its own, unless the settings name one."""
    return Place.at(directory, url, key=key)


@pytest.fixture
def origin(pair: Pair, tmp_path: Path) -> Place:
    place = a_place(tmp_path / "origin", pair.origin.fresh())
    make_own_key(place.settings)
    with_community(place)
    return place


def with_community(place: Place) -> None:
    store = place.store()
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme", language="es")
        access = SnmpAccess.with_community("v2c", COMMUNITY, ["192.0.2.0/24"])
        save_sources(connection, acme, [SourceRecord("proxy-1", (), snmp=access)], SecretBox.of_settings(place.settings))
    store.close()


def community_at(place: Place) -> bytes | None:
    """What the place knows, with its own key; everything is sealed with the newest one."""
    store = place.store()
    box = SecretBox.of_settings(place.settings)
    with store.read() as connection:
        [source] = load_registry(connection, box).sources
    assert sealed_with_newest(store, box)
    store.close()
    return source.snmp.community if source.snmp else None


def test_the_collectors_own_key_goes_with_the_backup_and_comes_back(
    pair: Pair, origin: Place, backup: Path, tmp_path: Path
) -> None:
    manifest = origin.back_up(backup)
    assert "secret.key" in {file.path for file in manifest.files}
    assert (backup / "secret.key").stat().st_mode & 0o777 == 0o600
    target = a_place(tmp_path / "target", pair.target.empty())
    assert target.restore(backup).lost.sources == ()
    assert community_at(target) == COMMUNITY
    assert target.settings.secret_key_file.read_bytes() == origin.settings.secret_key_file.read_bytes()
    assert target.settings.secret_key_file.stat().st_mode & 0o777 == 0o600


def test_a_backup_of_the_store_alone_has_the_key_too(pair: Pair, origin: Place, backup: Path, tmp_path: Path) -> None:
    origin.back_up(backup, store_only=True)
    target = a_place(tmp_path / "target", pair.target.empty())
    target.restore(backup, store_only=True)
    assert community_at(target) == COMMUNITY


def test_at_a_place_with_a_key_everything_is_sealed_anew(pair: Pair, origin: Place, backup: Path, tmp_path: Path) -> None:
    origin.back_up(backup)
    target = a_place(tmp_path / "target", pair.target.empty())
    make_own_key(target.settings)
    before = target.settings.secret_key_file.read_bytes()
    target.restore(backup)
    assert target.settings.secret_key_file.read_bytes() == before != origin.settings.secret_key_file.read_bytes()
    assert community_at(target) == COMMUNITY


def test_a_key_of_the_settings_wins_and_no_file_is_made(pair: Pair, origin: Place, backup: Path, tmp_path: Path) -> None:
    origin.back_up(backup)
    target = a_place(tmp_path / "target", pair.target.empty(), new_key())
    target.restore(backup)
    assert not target.settings.secret_key_file.exists()
    assert community_at(target) == COMMUNITY


def test_a_key_of_the_settings_is_never_in_a_backup(pair: Pair, backup: Path, tmp_path: Path) -> None:
    key = new_key()
    origin = a_place(tmp_path / "origin", pair.origin.fresh(), key)
    with_community(origin)
    origin.back_up(backup)
    octets = b"".join(path.read_bytes() for path in backup.rglob("*") if path.is_file())
    assert key.encode() not in octets
    assert COMMUNITY not in octets
    without = a_place(tmp_path / "without", pair.target.empty())
    with pytest.raises(
        ConfigurationError, match=r"sealed with another key.*For a restore the key lies in the backup as secret\.key"
    ):
        without.restore(backup)
    assert not without.settings.secret_key_file.exists()
    assert without.leftovers() == []
    target = a_place(tmp_path / "target", pair.target.empty(), key)
    target.restore(backup)
    assert community_at(target) == COMMUNITY


def test_a_backup_without_the_key_is_restored_where_the_key_is(pair: Pair, origin: Place, backup: Path, tmp_path: Path) -> None:
    origin.back_up(backup, with_key=False)
    assert not (backup / "secret.key").exists()
    target = a_place(tmp_path / "target", pair.target.empty())
    with pytest.raises(ConfigurationError, match="sealed with another key"):
        target.restore(backup)
    shutil.copy(origin.settings.secret_key_file, target.settings.secret_key_file)
    target.restore(backup)
    assert community_at(target) == COMMUNITY


def test_with_the_key_lost_everything_else_comes_back(pair: Pair, origin: Place, backup: Path, tmp_path: Path) -> None:
    origin.back_up(backup, with_key=False)
    target = a_place(tmp_path / "target", pair.target.empty())
    assert target.restore(backup, forget_secrets=True).lost.sources == ("ACME/proxy-1",)
    assert community_at(target) is None


def test_a_key_that_was_changed_in_the_backup_is_noticed(pair: Pair, origin: Place, backup: Path, tmp_path: Path) -> None:
    origin.back_up(backup)
    (backup / "secret.key").write_text(f"{new_key()}\n", encoding="ascii")
    target = a_place(tmp_path / "target", pair.target.empty())
    with pytest.raises(ConfigurationError, match=r"secret\.key: is not the file that was backed up"):
        target.restore(backup)


def test_a_damaged_key_at_the_place_is_named_before_anything_is_done(
    pair: Pair, origin: Place, backup: Path, tmp_path: Path
) -> None:
    origin.back_up(backup)
    target = a_place(tmp_path / "target", pair.target.empty())
    target.settings.secret_key_file.write_bytes(b"\n")
    target.settings.secret_key_file.chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"secret\.key: holds no key"):
        target.restore(backup)
    assert target.leftovers() == []


def test_a_restore_that_fails_at_its_end_leaves_no_key(
    pair: Pair, origin: Place, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    origin.back_up(backup)
    target = a_place(tmp_path / "target", pair.target.empty())
    with monkeypatch.context() as patched:
        patched.setattr("collector.backup.restoring.copy_tables", fail)
        patched.setattr("collector.backup.restoring.sync_directory", fail)
        with pytest.raises(Unavailable, match="cannot be restored"):
            target.restore(backup, store_only=True)
    assert not target.settings.secret_key_file.exists()
    target.restore(backup)
    assert community_at(target) == COMMUNITY


def test_what_an_older_program_left_open_is_sealed(pair: Pair, backup: Path, tmp_path: Path) -> None:
    """Its backups hold communities in clear, and no key."""
    key = new_key()
    origin = a_place(tmp_path / "origin", pair.origin.fresh(), key)
    with_community(origin)
    origin.back_up(backup, store_only=True)
    make_older(backup)
    assert COMMUNITY in (backup / "store.db").read_bytes()
    target = a_place(tmp_path / "target", pair.target.empty())
    target.restore(backup, store_only=True)
    assert community_at(target) == COMMUNITY
    assert target.settings.secret_key_file.exists()
    octets = b"".join(path.read_bytes() for path in target.settings.data_dir.rglob("*") if path.is_file())
    assert COMMUNITY not in octets


def make_older(backup: Path) -> None:
    """The backup as the release before secrets were sealed made it."""
    (backup / "store.db").unlink()
    store = Store(f"sqlite:///{backup / 'store.db'}")
    with store.write() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql("INSERT INTO customers (id, code, name, language) VALUES (1, 'ACME', 'Acme', 'es')")
        connection.exec_driver_sql(
            "INSERT INTO sources (customer_id, name, products, snmp_version, snmp_community, snmp_networks, retired) "
            "VALUES (1, 'proxy-1', '[]', 'v2c', CAST('c0mmunity-of-acme' AS BLOB), '[\"192.0.2.0/24\"]', 0)"
        )
    store.close()
    with sqlite3.connect(backup / "store.db") as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    amend_manifest(backup)


def amend_manifest(backup: Path) -> None:
    octets = (backup / "store.db").read_bytes()
    manifest = json.loads((backup / "manifest.json").read_bytes())
    manifest["schema"] = "0002"
    for file in manifest["files"]:
        if file["path"] == "store.db":
            file |= {"size": len(octets), "sha256": hashlib.sha256(octets).hexdigest()}
    (backup / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
