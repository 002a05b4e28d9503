"""What `process` writes for the receivers: who may send, as the store says it, sealed; and a beat while it says the same."""

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from collector import snapshot
from collector.app import snapshot_keeping
from collector.app.snapshot_keeping import SnapshotKeeper
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SnmpAccess, SnmpUser
from collector.sealed_access import access_of
from collector.secret_keys import new_key
from collector.secrets import SecretBox
from collector.snapshot import SEALED_FOR, Snapshot
from collector.store.engine import Connection, Store
from collector.store.registry import (
    Registry,
    SourceRecord,
    load_registry,
    raise_registry_version,
    registry_version,
    save_customer,
    save_sources,
)
from tests.builders import BOX, KEY

COMMUNITY = SnmpAccess.with_community("v2c", b"c0mmunity", ["192.0.2.0/24", "2001:db8::/32"], listener="127.0.0.1:162")
USER = SnmpAccess(
    "v3",
    COMMUNITY.networks,
    user=SnmpUser(b"traps", AuthProtocol.SHA256, b"first phrase", PrivProtocol.AES256_C, b"second phrase", (b"\x80\0\0\0\1",)),
)


def register(store: Store, *records: SourceRecord, box: SecretBox = BOX) -> int:
    """Give ACME these sources and return the registry's new version."""
    with store.write() as connection:
        acme = save_customer(connection, code="ACME", name="Acme S.A.", language="es")
        save_sources(connection, acme, records, box)
        return raise_registry_version(connection)


def mailbox(name: str) -> SourceRecord:
    return SourceRecord(name, (), name)


def opener(box: SecretBox = BOX) -> Callable[[str], SnmpAccess]:
    return partial(access_of, box=box, owner=SEALED_FOR)


@dataclass(frozen=True, slots=True)
class Kept:
    """A keeper and what it writes."""

    store: Store
    directory: Path

    @property
    def file(self) -> Path:
        return self.directory / "snapshot.json"

    @property
    def beat(self) -> Path:
        return self.directory / "snapshot.beat"

    def keeper(self, box: SecretBox = BOX) -> SnapshotKeeper:
        return SnapshotKeeper(self.store, self.file, self.beat, box)

    def present(self, box: SecretBox = BOX) -> Snapshot | None:
        return snapshot.load(self.file, open_access=opener(box))

    def beats(self, keeper: SnapshotKeeper) -> bool:
        """Whether the keeper touches the beat when it looks again."""
        self.beat.unlink(missing_ok=True)
        keeper.refresh()
        return self.beat.exists()


@pytest.fixture
def kept(store: Store, tmp_path: Path) -> Kept:
    return Kept(store, tmp_path)


def failures(keeper: SnapshotKeeper) -> float:
    [family] = keeper.families()
    [(_, number)] = family.samples
    return number


def test_what_the_store_says_stands_in_the_file(kept: Kept) -> None:
    version = register(kept.store, mailbox("one"), SourceRecord("two", (), snmp=COMMUNITY), SourceRecord("three", (), snmp=USER))
    kept.keeper().refresh()
    assert kept.present() == Snapshot(version, frozenset({"one"}), frozenset(), (COMMUNITY, USER))
    assert kept.beat.exists()


def test_secrets_are_sealed_in_it_and_nobody_else_can_read_it(kept: Kept) -> None:
    register(kept.store, SourceRecord("one", (), snmp=COMMUNITY), SourceRecord("two", (), snmp=USER))
    kept.keeper().refresh()
    written = kept.file.read_text(encoding="ascii") + repr(kept.present())
    assert not [secret for secret in ("c0mmunity", "first phrase", "second phrase") if secret in written]
    assert {file.stat().st_mode & 0o777 for file in (kept.file, kept.beat)} == {0o600}


def test_what_was_sealed_for_a_source_in_the_store_is_not_taken_for_the_snapshot(kept: Kept) -> None:
    register(kept.store, SourceRecord("one", (), snmp=COMMUNITY))
    kept.keeper().refresh()
    with kept.store.read() as connection:
        stored = connection.exec_driver_sql("SELECT snmp FROM sources WHERE snmp IS NOT NULL").scalar_one()
    assert stored not in json.loads(kept.file.read_bytes())["accesses"]


def test_the_first_look_seals_with_the_newest_key(kept: Kept) -> None:
    register(kept.store, SourceRecord("one", (), snmp=COMMUNITY))
    kept.keeper().refresh()
    newest = new_key()
    kept.keeper(SecretBox([newest, KEY])).refresh()
    assert kept.present(SecretBox([newest])) is not None


def test_an_import_is_taken_over_and_nothing_is_written_between(kept: Kept) -> None:
    register(kept.store, mailbox("one"))
    keeper = kept.keeper()
    keeper.refresh()
    before = snapshot.identity(kept.file)
    assert kept.beats(keeper)
    assert snapshot.identity(kept.file) == before
    register(kept.store, mailbox("two"))
    keeper.refresh()
    present = kept.present()
    assert present is not None
    assert present.mailboxes == {"one", "two"}


def test_a_file_of_another_store_is_replaced_whatever_its_version(kept: Kept) -> None:
    """A store restored from a backup gives its next import a number that the lost one had given already."""
    version = register(kept.store, mailbox("new"))
    snapshot.write(kept.file, snapshot.body_of(version, {"lost"}, ()))
    kept.keeper().refresh()
    assert kept.present() == Snapshot(version, frozenset({"new"}), frozenset())


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_text("{")], ids=["removed", "damaged"])
def test_a_file_that_is_not_what_was_written_is_written_again(kept: Kept, harm: Callable[[Path], object]) -> None:
    version = register(kept.store, mailbox("one"))
    keeper = kept.keeper()
    keeper.refresh()
    harm(kept.file)
    keeper.refresh()
    assert kept.present() == Snapshot(version, frozenset({"one"}), frozenset())


def test_while_the_store_is_away_the_file_stays_and_there_is_no_beat(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    absent = Store(f"sqlite:///{tmp_path / 'no-such-directory' / 'collector.db'}")
    kept = Kept(absent, tmp_path)
    snapshot.write(kept.file, snapshot.body_of(7, {"one"}, ()))
    keeper = kept.keeper()
    assert not kept.beats(keeper)
    assert kept.present() == Snapshot(7, frozenset({"one"}), frozenset())
    assert not caplog.records
    assert failures(keeper) == 0
    absent.close()


def test_an_import_with_another_key_changes_nothing_and_is_told_once(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    register(kept.store, SourceRecord("one", (), snmp=COMMUNITY))
    keeper = kept.keeper()
    keeper.refresh()
    before = kept.file.read_bytes()
    register(kept.store, SourceRecord("two", (), snmp=USER), box=SecretBox([new_key()]))
    assert not kept.beats(keeper)
    assert not kept.beats(keeper)
    assert kept.file.read_bytes() == before
    told = "the secrets in the store cannot be opened; the snapshot stays as it was"
    assert [one.message for one in caplog.records] == [told]
    register(kept.store, SourceRecord("two", (), snmp=USER))
    assert kept.beats(keeper)
    present = kept.present()
    assert present is not None
    assert len(present.accesses) == 2


def test_secrets_that_cannot_be_opened_are_not_read_again_before_the_next_import(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[int] = []

    def counted(connection: Connection, box: SecretBox) -> Registry:
        loaded.append(registry_version(connection))
        return load_registry(connection, box)

    monkeypatch.setattr(snapshot_keeping, "load_registry", counted)
    refused = register(kept.store, SourceRecord("one", (), snmp=COMMUNITY), box=SecretBox([new_key()]))
    keeper = kept.keeper()
    assert [kept.beats(keeper) for _ in range(3)] == [False] * 3
    mended = register(kept.store, SourceRecord("one", (), snmp=COMMUNITY))
    assert [kept.beats(keeper) for _ in range(3)] == [True] * 3
    assert loaded == [refused, mended]


def test_a_full_disk_leaves_the_old_file_is_told_once_and_counted_and_tried_again(
    kept: Kept, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = register(kept.store, mailbox("one"))
    keeper = kept.keeper()
    keeper.refresh()
    register(kept.store, mailbox("two"))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert not kept.beats(keeper)
        assert not kept.beats(keeper)
    assert kept.present() == Snapshot(version, frozenset({"one"}), frozenset())
    assert [one.message for one in caplog.records] == ["the snapshot cannot be written; the receivers go on with the last one"]
    assert failures(keeper) == 2
    assert [file.name for file in kept.directory.iterdir()] == ["snapshot.json"]
    assert kept.beats(keeper)
    present = kept.present()
    assert present is not None
    assert present.mailboxes == {"one", "two"}


def test_whatever_the_store_answers_the_file_stays_and_the_next_question_is_asked(kept: Kept) -> None:
    version = register(kept.store, mailbox("one"))
    keeper = kept.keeper()
    keeper.refresh()
    with kept.store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = 'nonsense' WHERE key = 'registry_version'")
    assert not kept.beats(keeper)
    assert kept.present() == Snapshot(version, frozenset({"one"}), frozenset())
    with kept.store.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = '7' WHERE key = 'registry_version'")
    assert kept.beats(keeper)
    present = kept.present()
    assert present is not None
    assert present.version == 7
