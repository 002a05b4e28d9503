"""The mailboxes that the mail receiver knows: taken from the store, kept in a file for when the store is away."""

from pathlib import Path

import pytest

from collector import snapshot
from collector.app.refresh import SnapshotRefresher
from collector.domain.clock import SystemClock
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpAccess, SnmpUser
from collector.secrets import SecretBox
from collector.snapshot import Snapshot
from collector.store.engine import Store
from collector.store.registry import SourceRecord, raise_registry_version, save_customer, save_sources
from tests.builders import BOX, KEY

DOMAINS = ("alerts.example",)
COMMUNITY = SnmpAccess.with_community("v2c", b"c0mmunity", ["192.0.2.0/24", "2001:db8::/32"], listener="127.0.0.1:162")
USER = SnmpAccess(
    "v3",
    COMMUNITY.networks,
    user=SnmpUser(b"traps", AuthProtocol.SHA256, b"first phrase", PrivProtocol.AES256_C, b"second phrase", (b"\x80\0\0\0\1",)),
)


def register(store: Store, *mailboxes: str) -> int:
    """Give ACME these mailboxes and return the registry's new version."""
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme S.A.", language="es")
        save_sources(connection, acme, [SourceRecord(name, (), name) for name in mailboxes], BOX)
        return raise_registry_version(connection)


def register_accesses(store: Store) -> int:
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme S.A.", language="es")
        records = [SourceRecord(name, (), snmp=access) for name, access in (("one", COMMUNITY), ("two", USER))]
        save_sources(connection, acme, records, BOX)
        return raise_registry_version(connection)


def a_refresher(store: Store, path: Path) -> SnapshotRefresher:
    return SnapshotRefresher(store, path, domains=DOMAINS, box=BOX, clock=SystemClock())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "snapshot.json"


def test_what_the_store_says_is_known_fresh_and_kept_in_the_file(store: Store, path: Path) -> None:
    version = register(store, "one")
    refresher = a_refresher(store, path)
    refresher.refresh()
    assert refresher.view.current() == Snapshot(version, frozenset({"one"}), frozenset(DOMAINS)) == snapshot.load(path, BOX)
    assert refresher.view.fresh()


def test_communities_and_users_are_known_and_sealed_in_the_file(store: Store, path: Path) -> None:
    version = register_accesses(store)
    refresher = a_refresher(store, path)
    refresher.refresh()
    known = refresher.view.current()
    assert known == Snapshot(version, frozenset(), frozenset(DOMAINS), (COMMUNITY, USER)) == snapshot.load(path, BOX)
    written = path.read_text(encoding="utf-8") + repr(known)
    assert not [secret for secret in ("c0mmunity", "first phrase", "second phrase") if secret in written]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_sealed_with_another_key_is_as_good_as_none(store: Store, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    version = register_accesses(store)
    snapshot.save(path, Snapshot(version, frozenset(), frozenset(DOMAINS), (COMMUNITY,)), SecretBox(["k" * 40]))
    refresher = a_refresher(store, path)
    assert refresher.view.current() is None
    assert "cannot be read" in caplog.text
    refresher.refresh()
    assert snapshot.load(path, BOX) == refresher.view.current()


def test_the_first_question_seals_the_file_with_the_newest_key(store: Store, path: Path) -> None:
    register_accesses(store)
    a_refresher(store, path).refresh()
    newer = SecretBox(["n" * 40, KEY])
    SnapshotRefresher(store, path, domains=DOMAINS, box=newer, clock=SystemClock()).refresh()
    assert snapshot.load(path, SecretBox(["n" * 40])) is not None


def test_an_import_is_taken_over(store: Store, path: Path) -> None:
    register(store, "one")
    refresher = a_refresher(store, path)
    refresher.refresh()
    register(store, "two")
    refresher.refresh()
    known = refresher.view.current()
    assert known is not None
    assert known.mailboxes == {"one", "two"}


def test_a_file_of_another_store_is_not_believed_whatever_its_version(store: Store, path: Path) -> None:
    """A store restored from a backup gives its next import a number that the lost one had given already."""
    version = register(store, "new")
    snapshot.save(path, Snapshot(version, frozenset({"lost"}), frozenset(DOMAINS)), BOX)
    refresher = a_refresher(store, path)
    refresher.refresh()
    known = refresher.view.current()
    assert known is not None
    assert known.mailboxes == {"new"}
    assert snapshot.load(path, BOX) == known


def test_domains_are_those_of_the_settings_and_not_of_the_file(store: Store, path: Path) -> None:
    snapshot.save(path, Snapshot(register(store, "one"), frozenset({"one"}), frozenset({"former.example"})), BOX)
    refresher = a_refresher(store, path)
    refresher.refresh()
    known = refresher.view.current()
    assert known is not None
    assert known.domains == set(DOMAINS)


def test_without_the_store_the_file_is_used_and_not_fresh(path: Path, tmp_path: Path) -> None:
    kept = Snapshot(7, frozenset({"one"}), frozenset(DOMAINS))
    snapshot.save(path, kept, BOX)
    absent = Store(f"sqlite:///{tmp_path / 'no-such-directory' / 'collector.db'}")
    refresher = a_refresher(absent, path)
    refresher.refresh()
    assert refresher.view.current() == kept
    assert not refresher.view.fresh()
    absent.close()


def test_a_damaged_file_is_as_good_as_none(store: Store, path: Path) -> None:
    version = register(store, "one")
    path.write_text("{", encoding="utf-8")
    refresher = a_refresher(store, path)
    assert refresher.view.fresh_snapshot() == (None, False)
    refresher.refresh()
    assert refresher.view.fresh_snapshot() == (Snapshot(version, frozenset({"one"}), frozenset(DOMAINS)), True)
    assert snapshot.load(path, BOX) == refresher.view.current()


def test_whatever_the_store_answers_the_last_snapshot_stays_and_the_next_question_is_asked(store: Store, path: Path) -> None:
    register(store, "one")
    refresher = a_refresher(store, path)
    refresher.refresh()
    known = refresher.view.current()
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = 'nonsense' WHERE key = 'registry_version'")
    refresher.refresh()
    assert refresher.view.current() == known
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '7' WHERE key = 'registry_version'")
    register(store, "two")
    refresher.refresh()
    now = refresher.view.current()
    assert now is not None
    assert now.mailboxes == {"one", "two"}
