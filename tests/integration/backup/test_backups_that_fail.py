"""A backup that cannot be made leaves nothing, a restore that must not be done changes nothing, and neither hides the reason."""

import errno
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from collector.backup import restoring, writing
from collector.backup.files import digest_of
from collector.backup.manifest import NAME
from collector.backup.progress import Progress
from collector.domain.errors import ConfigurationError, JournalError, Unavailable
from collector.store import dialect
from collector.store.copying import is_empty
from collector.store.engine import Store
from collector.store.migrate import migrate, migration_config
from collector.store.registry import save_customer
from collector.store.schema import SCHEMA_VERSION, schema_version
from tests.backup_kit import Place, receive, rows_of
from tests.databases import Databases
from tests.pipeline_world import World


@pytest.fixture
def origin(sqlite_databases: Databases, tmp_path: Path) -> Place:
    """With traps in store and journal."""
    place = Place.at(tmp_path / "origin", sqlite_databases.fresh())
    store = place.store()
    world = World(store)
    receive(place.journal(), world, ["raise disk 3"] * 40)
    world.journal = place.journal().reader()  # type: ignore[assignment]
    world.process()
    store.close()
    return place


@pytest.fixture
def target(databases: Databases, tmp_path: Path) -> Place:
    return Place.at(tmp_path / "target", databases.empty())


@pytest.fixture
def backup(origin: Place, tmp_path: Path) -> Path:
    path = tmp_path / "backup"
    origin.back_up(path)
    return path


def content_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def nothing_changed(target: Place) -> bool:
    store = target.store()
    try:
        return is_empty(store) and target.leftovers() == [] and not any(target.settings.journal_dir.glob("snmp-*"))
    finally:
        store.close()


def is_a_file(target: Place) -> bool:
    store = target.store()
    try:
        return store.file is not None
    finally:
        store.close()


def change_manifest(backup: Path, change: Callable[[dict[str, object]], object]) -> None:
    raw = json.loads((backup / NAME).read_bytes())
    change(raw)
    (backup / NAME).write_text(json.dumps(raw), encoding="utf-8")


# Backups


def test_nobody_else_can_read_a_backup_and_the_settings_are_in_it(origin: Place, tmp_path: Path) -> None:
    packs, overrides, config = tmp_path / "packs", tmp_path / "days.yaml", tmp_path / "mine.toml"
    packs.mkdir()
    (packs / "own.yaml").write_text("pack: own\n", encoding="utf-8")
    overrides.write_text("days: []\n", encoding="utf-8")
    config.write_text('site = "TST"\n', encoding="utf-8")
    rules = origin.settings.rules.model_copy(update={"packs_dir": packs})
    sla = origin.settings.sla.model_copy(update={"overrides": overrides})
    settings = origin.settings.model_copy(update={"rules": rules, "sla": sla})
    store = origin.store()
    what = writing.Installation(settings, config, store, origin.journal())
    writing.back_up(what, tmp_path / "backup", clock=World(store).clock, say=lambda _: None)
    store.close()
    found = content_of(tmp_path / "backup")
    assert found["settings/collector.toml"] == config.read_bytes()
    assert found["settings/overrides.yaml"] == overrides.read_bytes()
    assert found["settings/packs/own.yaml"] == b"pack: own\n"
    named = {file["path"] for file in json.loads(found["manifest.json"])["files"]}
    assert named == found.keys() - {"manifest.json"}
    for path in [tmp_path / "backup", *(tmp_path / "backup").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_backup_overwrites_nothing(origin: Place, backup: Path) -> None:
    before = content_of(backup)
    with pytest.raises(ConfigurationError, match="is there already"):
        origin.back_up(backup)
    assert content_of(backup) == before


def test_a_backup_in_a_directory_that_is_not_there_is_refused(origin: Place, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        origin.back_up(tmp_path / "not" / "there")


def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(
    origin: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = sorted(path.name for path in tmp_path.iterdir())
    for broken in ("copy_file", "write_file", "sync"):
        with monkeypatch.context() as patch:
            patch.setattr(writing, broken, full)
            with pytest.raises(Unavailable, match="No space left on device"):
                origin.back_up(tmp_path / "backup")
        assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_stream_that_cannot_be_read_is_not_left_out_silently(origin: Place, tmp_path: Path) -> None:
    next(origin.settings.journal_dir.glob("*/*.marker")).unlink()
    with pytest.raises(JournalError, match="cannot be copied"):
        origin.back_up(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_store_and_journal_that_do_not_belong_together_are_no_backup(origin: Place, tmp_path: Path) -> None:
    shutil.rmtree(next(origin.settings.journal_dir.glob("snmp-*")))
    with pytest.raises(ConfigurationError, match="do not belong together"):
        origin.back_up(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_the_copy_is_of_one_moment_while_others_write(
    origin: Place, target: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer commits between any two pages that are copied."""
    monkeypatch.setattr(dialect, "_PAGES_AT_ONCE", 1)
    store, others = origin.store(), origin.store()
    expected = rows_of(store)
    copied: list[int] = []

    def write(_: str, done: int, whole: int) -> None:
        copied.append(done)
        assert done <= whole
        with others.write() as connection:
            save_customer(connection, code=f"C{len(copied)}", name="written meanwhile", language="es")

    monkeypatch.setattr(Progress, "tell", lambda _self, what, done, whole: write(what, done, whole))
    origin.back_up(tmp_path / "backup", store_only=True, store=store)
    monkeypatch.undo()
    assert len(copied) > 50
    assert rows_of(store) != expected
    store.close()
    others.close()
    target.restore(tmp_path / "backup", store_only=True)
    restored = target.store()
    assert rows_of(restored) == expected
    restored.close()


# Restores


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        pytest.param(lambda path: path.write_bytes(b"x" + path.read_bytes()[1:]), "SHA-256 differ", id="an octet is another"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-1]), "size or SHA-256 differ", id="too short"),
        pytest.param(lambda path: path.unlink(), "is not the file that was backed up", id="gone"),
    ],
)
@pytest.mark.parametrize("file", ["store.db", "journal/*/*.seg"])
def test_a_damaged_backup_is_not_restored(
    target: Place, backup: Path, file: str, harm: Callable[[Path], object], sentence: str
) -> None:
    harm(next(backup.glob(file)))
    with pytest.raises(ConfigurationError, match=sentence):
        target.restore(backup)
    assert nothing_changed(target)


def test_a_damaged_journal_does_not_keep_the_store_from_coming_back(target: Place, backup: Path) -> None:
    shutil.rmtree(backup / "journal")
    target.restore(backup, store_only=True)
    assert not nothing_changed(target)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(lambda raw: raw.update(schema="9999"), "version 9999, this program knows up to", id="a newer schema"),
        pytest.param(lambda raw: raw.update(site="ELSE"), "site ELSE, but the settings say TST", id="another site"),
        pytest.param(lambda raw: raw.update(streams=None), "holds no journal", id="no journal"),
        pytest.param(lambda raw: raw.update(files=[]), "names no store.db", id="no store"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(
    target: Place, backup: Path, change: Callable[[dict[str, object]], object], sentence: str
) -> None:
    change_manifest(backup, change)
    with pytest.raises(ConfigurationError, match=sentence):
        target.restore(backup)
    assert nothing_changed(target)


def test_a_store_that_holds_something_is_not_overwritten(target: Place, backup: Path) -> None:
    store = target.store()
    migrate(store)
    with store.write() as connection:
        save_customer(connection, code="MINE", name="Mine", language="es")
    before = rows_of(store)
    with pytest.raises(ConfigurationError, match="the store is not empty"):
        target.restore(backup)
    assert rows_of(store) == before
    store.close()


def test_a_migrated_store_without_rows_is_empty(target: Place, backup: Path, origin: Place) -> None:
    store = target.store()
    migrate(store)
    store.close()
    target.restore(backup)
    restored, original = target.store(), origin.store()
    assert rows_of(restored)["notifications"] == rows_of(original)["notifications"]
    restored.close()
    original.close()


@pytest.mark.parametrize("kept", ["snmp-0-k3f9ab", "snmp-0-k3f9ab.set-aside"])
def test_a_journal_that_holds_something_is_not_overwritten(target: Place, backup: Path, kept: str) -> None:
    (target.settings.journal_dir / kept).mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="the journal is not empty"):
        target.restore(backup)
    assert [path.name for path in target.settings.journal_dir.iterdir()] == [kept]


def test_what_a_killed_restore_left_is_in_nobodys_way(target: Place, backup: Path) -> None:
    target.journal()  # an empty journal's locks
    (target.settings.data_dir / "journal.restoring" / "snmp-0-k3f9ab").mkdir(parents=True)
    (target.settings.data_dir / "store.restoring").write_bytes(b"half a store")
    target.restore(backup)
    assert not (target.settings.data_dir / "journal.restoring").exists()
    assert not nothing_changed(target)


@pytest.mark.parametrize("broken", ["sync_directory", "copy_tables"])
def test_a_restore_that_fails_at_its_very_end_takes_everything_back(
    target: Place, backup: Path, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    if broken == "copy_tables" and is_a_file(target):
        pytest.skip("a store that is a file is not copied row by row")
    real = restoring._back_if_it_fails
    monkeypatch.setattr(
        restoring, "_back_if_it_fails", lambda places: monkeypatch.setattr(restoring, broken, fail) or real(places)
    )
    with pytest.raises(Unavailable, match="Input/output error"):
        target.restore(backup)
    assert nothing_changed(target)
    monkeypatch.undo()
    target.restore(backup)
    assert not nothing_changed(target)


def test_a_restore_that_is_killed_never_leaves_a_journal_without_its_store(
    target: Place, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be processed into an empty store, its customers unknown; a store without its journal stops the start."""
    if not is_a_file(target):
        pytest.skip("the server shows the store when the journal has its name")
    moments: list[tuple[bool, bool]] = []
    rename = Path.rename

    def watched(path: Path, name: Path) -> Path:
        done = rename(path, name)
        store = target.store()
        moments.append((schema_version(store) is not None, target.settings.journal_dir.exists()))
        store.close()
        return done

    monkeypatch.setattr(Path, "rename", watched)
    target.restore(backup)
    assert moments[-1] == (True, True)
    assert (False, True) not in moments


def test_a_backup_of_an_older_version_is_brought_to_this_one(target: Place, backup: Path) -> None:
    (backup / "store.db").unlink()
    old = Store(f"sqlite:///{backup / 'store.db'}")
    with old.write() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO customers (code, name, language) VALUES ('OLD', 'Old', 'es')"))
    old.close()
    dialect.leave_wal(backup / "store.db")
    digest = digest_of(backup / "store.db")
    size = (backup / "store.db").stat().st_size
    file = {"path": "store.db", "size": size, "sha256": digest}
    change_manifest(backup, lambda raw: raw.update(schema="0001", files=[file]))
    target.restore(backup, store_only=True)
    restored = target.store()
    assert schema_version(restored) == SCHEMA_VERSION
    assert "OLD" in {row[1] for row in rows_of(restored)["customers"]}
    restored.close()
