"""Commands that root runs on somebody's data: whatever they make there, the roles can use it at the next start."""

import os
import shutil
from pathlib import Path

import pytest

from collector import cli
from collector.app.paths import loaded_names
from collector.config import load
from collector.store.engine import Store
from tests.builders import REPOSITORY

OWNER = 65_534
MIBS = REPOSITORY / "tests/data/mibs/good"
CUSTOMERS = """
customers:
  - code: ACME
    name: Acme
    sources:
      - {name: sepm-1, snmp: {version: v2c, community: c4k9, networks: [192.0.2.7]}}
"""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another user's, and empty."""
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)
    return a_directory(tmp_path / "data", monkeypatch)


def a_directory(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path.mkdir()
    os.chown(path, OWNER, OWNER)
    monkeypatch.setenv("COLLECTOR__DATA_DIR", str(path))
    return path


def run(*words: str | Path) -> None:
    assert cli.main([*map(str, words)]) == 0
    directory = load(None, os.environ).data_dir
    left = [path for path in directory.rglob("*") if path.lstat().st_uid != OWNER]
    assert left == [], f"after {words}"


def test_nothing_of_a_command_stays_roots(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "customers.yaml").write_text(CUSTOMERS, encoding="utf-8")
    (tmp_path / "password").write_text("la primera clave\n", encoding="utf-8")
    run("migrate")
    run("customers", "import", tmp_path / "customers.yaml")
    run("user", "create", "ana", "--password-file", tmp_path / "password")
    run("api-key", "create", "--name", "bridge", "--scopes", "all")
    run("snmp", "engines")
    run("secrets", "seal")
    run("mib", "load", MIBS)
    run("mib", "remove", "EXAMPLE-CONSOLE-MIB")
    run("backup", tmp_path / "backup")
    run("journal", "accept-loss")
    assert {path.name for path in data.iterdir()} >= {"collector.db", "journal", "mibs", "run", "secret.key"}
    assert (tmp_path / "backup").stat().st_uid == 0, "a backup is of whom made it"

    restored = a_directory(tmp_path / "restored", monkeypatch)
    run("restore", tmp_path / "backup")
    (restored / "secret.key").unlink()
    run("secrets", "forget", "--yes")
    assert {path.name for path in restored.iterdir()} >= {"collector.db", "journal", "run", "secret.key"}


def test_what_the_database_makes_beside_the_store_is_its_owners_at_once(data: Path) -> None:
    run("migrate")
    store = Store(load(None, os.environ).store_url)
    with store.write():
        beside = {path.name: path.stat().st_uid for path in data.glob("collector.db-*")}
    store.close()
    assert beside == {"collector.db-wal": OWNER, "collector.db-shm": OWNER}


def test_names_in_a_directory_that_an_earlier_command_left_to_root_are_mended(data: Path) -> None:
    run("mib", "load", MIBS)
    names = loaded_names(load(None, os.environ))
    for path in (names, names.parent):
        shutil.chown(path, 0, 0)
    run("mib", "remove", "EXAMPLE-CONSOLE-MIB")
