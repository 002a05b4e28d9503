"""The key of the secrets as people meet it: made once, refused when it is missing or another one, changed, and lost for good."""

import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import update

from collector import cli
from collector.domain.clock import SystemClock
from collector.domain.errors import ConfigurationError
from collector.domain.ids import CaseId
from collector.domain.item import ItemKind
from collector.secrets import SecretBox
from collector.store.dialect import table_of
from collector.store.engine import Store
from collector.store.originals import Original, find_original, replace_originals
from collector.store.registry import load_registry
from collector.store.sealing import Lost, Sealed, forget_lost, seal_again
from collector.store.tables import OriginalRow
from tests.builders import BOX, KEY

CUSTOMERS = """\
customers:
  - code: ACME
    name: Acme
    sources:
      - {name: proxy-1, snmp: {version: v2c, community: s3cret-community, networks: ["192.0.2.0/24"]}}
      - name: sepm-1
        mailbox: acme
        snmp:
          version: v3
          user: traps
          auth: s3cret-auth
          auth_protocol: MD5
          priv: s3cret-priv
          priv_protocol: DES
          networks: ["192.0.2.0/24"]
"""
SECRETS = ("s3cret-community", "s3cret-auth", "s3cret-priv")
ORIGINALS = table_of(OriginalRow)
NEW, OTHER = "n" * 32, "o" * 32


class Machine:
    """A data directory and the commands on it."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.data = directory / "data"
        self.key = self.data / "secret.key"
        self.customers = directory / "customers.yaml"
        self.customers.write_text(CUSTOMERS, encoding="utf-8")
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str) -> tuple[int, list[str], list[str]]:
        """Exit code, lines on standard output and on standard error, in which no secret stands."""
        code = cli.main(arguments)
        said = self._capsys.readouterr()
        assert not [secret for secret in (*SECRETS, *self._keys()) if secret in said.out + said.err]
        return code, said.out.splitlines(), said.err.splitlines()

    def _keys(self) -> list[str]:
        return [NEW, OTHER, *(self.key.read_text(encoding="ascii").split() if self.key.is_file() else [])]

    def give_keys(self, *keys: str) -> None:
        self._monkeypatch.setenv("COLLECTOR__SECRETS__KEY", " ".join(keys))

    def store(self) -> Store:
        return Store(f"sqlite:///{self.data / 'collector.db'}")

    def imported(self) -> None:
        assert self.run("migrate")[0] == 0
        assert self.run("customers", "import", str(self.customers))[0] == 0


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Machine]:
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLLECTOR__DATA_DIR", str(tmp_path / "data"))
    before = os.umask(0o022)
    yield Machine(tmp_path, monkeypatch, capsys)
    os.umask(before)


def test_migrate_makes_the_key_once_and_only_for_its_owner(machine: Machine) -> None:
    machine.imported()
    key = machine.key.read_bytes()
    assert machine.key.stat().st_mode & 0o777 == 0o600
    assert machine.run("migrate")[:2] == (0, ["the store is at version 0003"])
    assert machine.key.read_bytes() == key


def test_nothing_under_the_data_directory_shows_a_secret(machine: Machine) -> None:
    machine.imported()
    octets = b"".join(path.read_bytes() for path in machine.data.rglob("*") if path.is_file())
    assert not [secret for secret in SECRETS if secret.encode() in octets]


def test_an_import_warns_of_what_others_could_forge(machine: Machine) -> None:
    machine.run("migrate")
    code, told, warned = machine.run("customers", "import", "--dry-run", str(machine.customers))
    assert (code, len(told)) == (0, 4)
    assert [line.split(";")[0] for line in warned] == [
        "collector: warning: ACME/sepm-1: MD5 and DES can be broken",
        "collector: warning: ACME/proxy-1: v1 and v2c prove nothing",
    ]


def test_an_import_warns_of_a_phrase_that_a_source_in_the_store_has_too(machine: Machine) -> None:
    machine.imported()
    machine.customers.write_text(
        CUSTOMERS.replace("ACME", "BETA").replace("mailbox: acme", "mailbox: beta").replace("192.0.2.0", "198.51.100.0"),
        encoding="utf-8",
    )
    code, _, warned = machine.run("customers", "import", "--dry-run", str(machine.customers))
    assert code == 0
    shared = "BETA/sepm-1, ACME/sepm-1: share a pass phrase across customers; "
    assert [line for line in warned if line.startswith(f"collector: warning: {shared}")] == warned[1:2]
    assert not [line for line in warned if line.startswith("collector: warning: ACME/")]
    machine.run("customers", "import", str(machine.customers))
    assert [line for line in machine.run("check-config")[1] if "share a pass phrase across customers" in line]


def test_an_import_warns_of_a_listener_that_nobody_has(machine: Machine) -> None:
    machine.run("migrate")
    machine.customers.write_text(
        CUSTOMERS.replace("user: traps", 'user: traps\n          listener: "192.0.2.1:162"'), encoding="utf-8"
    )
    assert machine.run("customers", "import", str(machine.customers))[2][0] == (
        "collector: warning: ACME/sepm-1: [snmp] listen has no 192.0.2.1:162, so nothing can come from it"
    )


def test_the_check_names_weak_users_once_there_is_a_store(machine: Machine) -> None:
    assert not [line for line in machine.run("check-config")[1] if "warning" in line]
    machine.imported()
    warned = [line for line in machine.run("check-config")[1] if line.startswith("warning: ")]
    assert warned[0] == "warning: ACME/sepm-1: MD5 and DES can be broken; use SHA-256 and AES, or stronger"
    assert len(warned) == 2


def test_the_check_changes_nothing_where_there_is_nothing(machine: Machine) -> None:
    assert machine.run("check-config")[0] == 0
    assert not machine.data.exists()


def test_a_key_that_is_missing_is_not_replaced_but_named(machine: Machine) -> None:
    machine.imported()
    machine.key.unlink()
    for command in (("check-config",), ("migrate",), ("secrets", "seal"), ("customers", "import", str(machine.customers))):
        code, _, told = machine.run(*command)
        assert code == 78, command
        assert told[-1].startswith(f"collector: {machine.key}: the key of the secrets is missing")
    assert not machine.key.exists()


def test_a_key_that_others_could_read_is_refused_with_what_to_run(machine: Machine) -> None:
    machine.imported()
    machine.key.chmod(0o644)
    for command in (("check-config",), ("migrate",), ("secrets", "seal"), ("secrets", "forget", "--yes")):
        code, _, told = machine.run(*command)
        assert code == 78, command
        assert f"{machine.key}: the key of the secrets has mode 0644: its group and others may read it" in told[-1]
        assert f"run `chmod 0600 {machine.key}`" in told[-1]
    machine.key.chmod(0o600)
    assert machine.run("check-config")[0] == 0


def test_the_check_refuses_a_key_that_others_could_read_where_there_is_no_store_yet(machine: Machine) -> None:
    machine.data.mkdir()
    machine.key.write_text(OTHER, encoding="ascii")
    machine.key.chmod(0o640)
    code, _, told = machine.run("check-config")
    assert (code, "its group may read it" in told[-1]) == (78, True)
    assert machine.run("migrate")[0] == 78


def test_the_check_says_that_a_key_from_elsewhere_is_open_to_others(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret_key"
    file.write_text(NEW, encoding="ascii")
    file.chmod(0o444)
    monkeypatch.setenv("COLLECTOR__SECRETS__KEY_FILE", str(file))
    [told] = [line for line in machine.run("check-config")[1] if line.startswith("warning: ")]
    assert told.startswith(f"warning: [secrets] key_file: {file} has mode 0444: others may read it; ")


def test_another_key_is_refused_with_the_source_that_it_does_not_open(machine: Machine) -> None:
    machine.imported()
    machine.give_keys(OTHER)
    for command in (("check-config",), ("migrate",), ("customers", "import", str(machine.customers))):
        code, _, told = machine.run(*command)
        assert code == 78, command
        assert "[secrets] key: a community was sealed with another key; put back the key that sealed it" in told[-1]
    assert "(source ACME/proxy-1)" in machine.run("check-config")[2][-1]


def test_a_new_key_in_front_is_taken_and_the_old_one_can_go(machine: Machine) -> None:
    machine.imported()
    old = machine.key.read_text(encoding="ascii").strip()
    machine.give_keys(NEW, old)
    assert machine.run("check-config")[0] == 0
    sealed = "the secrets of 2 sources were sealed with the newest key"
    assert machine.run("secrets", "seal")[1] == [sealed, "the newest key seals everything in the store"]
    assert machine.run("secrets", "seal")[1] == ["the newest key seals everything in the store"]
    machine.give_keys(NEW)
    machine.key.unlink()
    assert machine.run("check-config")[0] == 0
    assert machine.run("customers", "import", str(machine.customers))[1] == ["nothing to change"]


def test_migrate_takes_a_new_key_too(machine: Machine) -> None:
    machine.imported()
    machine.give_keys(NEW, machine.key.read_text(encoding="ascii").strip())
    assert machine.run("migrate")[1][0] == "the secrets of 2 sources were sealed with the newest key"
    machine.give_keys(NEW)
    assert machine.run("check-config")[0] == 0


def test_after_a_lost_key_the_customers_are_imported_again(machine: Machine) -> None:
    machine.imported()
    machine.key.unlink()
    lost = [f"source ACME/{name}: without SNMP until it is imported again" for name in ("proxy-1", "sepm-1")]
    code, told, _ = machine.run("secrets", "forget")
    assert (code, told[:2]) == (0, lost)
    assert told[2:] == [
        f"bring back {machine.key}, which is missing, from a backup for instance, and nothing of this is lost",
        "nothing was forgotten; `collector secrets forget --yes` does it, for good",
    ]
    assert not machine.key.exists()
    assert machine.run("secrets", "forget", "--yes")[:2] == (0, lost)
    assert machine.run("secrets", "forget", "--yes")[1] == ["every secret can be opened; nothing to forget"]
    assert machine.run("customers", "import", str(machine.customers))[1] == [
        "~ source ACME/proxy-1: snmp: nothing → v2c from 192.0.2.0/24",
        "~ source ACME/sepm-1: snmp: nothing → v3 user traps from 192.0.2.0/24",
        "2 changed",
    ]
    assert machine.run("check-config")[0] == 0


def test_to_look_at_what_would_be_forgotten_changes_nothing(machine: Machine) -> None:
    machine.imported()
    keep(machine.store(), SecretBox(machine.key.read_text(encoding="ascii").split()), original(1, 1), original(2, 1))
    before = everything_in(machine.store())
    machine.give_keys(OTHER)
    told = machine.run("secrets", "forget")[1]
    assert told[2:] == [
        "kept originals of traps: 2, of 2 cases, are gone for good; the cases stay",
        "bring back the key that sealed them from a backup for instance, and nothing of this is lost",
        "nothing was forgotten; `collector secrets forget --yes` does it, for good",
    ]
    assert everything_in(machine.store()) == before
    assert machine.run("secrets", "forget", "--yes")[1] == told[:3]
    assert everything_in(machine.store()) != before


def everything_in(store: Store) -> list[object]:
    with store.read() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1").all() for table in ("meta", "sources", "originals")
        ]


def test_what_opens_is_not_forgotten(machine: Machine) -> None:
    machine.imported()
    before = machine.key.read_bytes()
    assert machine.run("secrets", "forget", "--yes")[1] == ["every secret can be opened; nothing to forget"]
    assert machine.key.read_bytes() == before
    assert machine.run("customers", "import", str(machine.customers))[1] == ["nothing to change"]


def original(case: int, number: int, kind: ItemKind = ItemKind.DATAGRAM) -> Original:
    return Original(CaseId(case), f"snmp-0-aaaaaa-{case}{number}", kind, SystemClock().now(), b"octets with s3cret-community")


def keep(store: Store, box: SecretBox, *originals: Original) -> None:
    with store.write() as connection:
        for one in originals:
            replace_originals(connection, one.case_id, kept=[], added=[one], box=box)


def test_originals_of_traps_are_sealed_and_those_of_mails_are_not(store: Store) -> None:
    trap, mail = original(1, 1), original(2, 1, ItemKind.MAIL)
    keep(store, BOX, trap, mail)
    with store.read() as connection:
        assert [find_original(connection, one.notification, BOX) for one in (trap, mail)] == [trap, mail]
        rows = connection.exec_driver_sql("SELECT payload, sealed FROM originals ORDER BY case_id").all()
    assert [(b"s3cret" in bytes(payload), bool(sealed)) for payload, sealed in rows] == [(False, True), (True, False)]


def test_originals_of_many_cases_are_sealed_anew(store: Store) -> None:
    kept = [original(case, number) for case in range(1, 131) for number in (1,)]
    keep(store, BOX, *kept, original(500, 1, ItemKind.MAIL))
    newer = SecretBox([NEW, KEY])
    assert seal_again(store, newer, turn=nullcontext) == Sealed(originals=130)
    assert seal_again(store, newer, turn=nullcontext) == Sealed()
    with store.read() as connection:
        assert [find_original(connection, one.notification, SecretBox([NEW])) for one in kept] == kept


def test_originals_that_nobody_can_open_go(store: Store) -> None:
    keep(store, BOX, original(1, 1))
    keep(store, SecretBox([NEW]), original(2, 1))
    before = Lost((), 1, 1)
    assert forget_lost(store, SecretBox([NEW]), turn=nullcontext, dry_run=True) == before
    assert forget_lost(store, SecretBox([NEW]), turn=nullcontext, dry_run=False) == before
    with store.read() as connection:
        assert find_original(connection, original(1, 1).notification, SecretBox([NEW])) is None
        assert find_original(connection, original(2, 1).notification, SecretBox([NEW])) is not None
        assert load_registry(connection, BOX).version == 1


def test_an_access_that_was_copied_to_another_source_is_refused_and_named(machine: Machine) -> None:
    """Who may write to the store and has no key makes nobody's pass phrase another's."""
    machine.imported()
    proxy = "(SELECT snmp FROM sources WHERE name = 'proxy-1')"
    with machine.store().write() as connection:
        connection.exec_driver_sql(f"UPDATE sources SET snmp = {proxy} WHERE name = 'sepm-1'")
    code, _, told = machine.run("check-config")
    assert code == 78
    assert "a community that was sealed is damaged, or is another's" in told[-1]
    assert told[-1].endswith("(source ACME/sepm-1)")
    lost = "source ACME/sepm-1: without SNMP until it is imported again"
    assert machine.run("secrets", "forget", "--yes")[1] == [lost]
    assert machine.run("customers", "import", str(machine.customers))[1][-1] == "1 changed"
    assert machine.run("check-config")[0] == 0


def test_an_access_stays_its_sources_when_names_change(machine: Machine) -> None:
    machine.imported()
    with machine.store().write() as connection:
        connection.exec_driver_sql("UPDATE customers SET code = 'NEWCODE' WHERE code = 'ACME'")
        connection.exec_driver_sql("UPDATE sources SET name = 'new-' || name")
    assert machine.run("check-config")[0] == 0


def test_originals_that_were_damaged_or_exchanged_go_too(store: Store) -> None:
    keep(store, BOX, *(original(case, 1) for case in (1, 2, 3)))
    with store.write() as connection:
        first, second, _ = connection.exec_driver_sql("SELECT payload FROM originals ORDER BY case_id").scalars()
        for case, octets in ((1, bytes(second)), (2, bytes(first)[:-1])):
            connection.execute(update(ORIGINALS).where(ORIGINALS.c.case_id == case).values(payload=octets))
    with store.read() as connection, pytest.raises(ConfigurationError, match="is another's"):
        find_original(connection, original(1, 1).notification, BOX)
    assert forget_lost(store, BOX, turn=nullcontext, dry_run=False) == Lost((), 2, 2)
    with store.read() as connection:
        assert find_original(connection, original(3, 1).notification, BOX) is not None


def test_originals_of_many_cases_that_nobody_can_open_go(store: Store) -> None:
    keep(store, BOX, *(original(case, 1) for case in range(1, 231)))
    keep(store, SecretBox([NEW]), original(500, 1))
    assert forget_lost(store, SecretBox([NEW]), turn=nullcontext, dry_run=False) == Lost((), 230, 230)
    assert forget_lost(store, SecretBox([NEW]), turn=nullcontext, dry_run=False) == Lost()


def test_a_backup_says_whether_the_key_is_in_it(machine: Machine, tmp_path: Path) -> None:
    machine.imported()
    code, told, _ = machine.run("backup", str(tmp_path / "with"))
    assert (code, told[-1]) == (0, "secret.key: is in the backup; whoever has it can read communities and pass phrases")
    code, told, _ = machine.run("backup", "--without-key", str(tmp_path / "without"))
    elsewhere = "keep it too, a restore needs it"
    assert (code, told[-1]) == (0, f"without the key of the secrets, which is in {machine.key}: {elsewhere}")
    machine.give_keys(machine.key.read_text(encoding="ascii").strip())
    code, told, _ = machine.run("backup", str(tmp_path / "settings"))
    assert (code, told[-1]) == (0, f"without the key of the secrets, which is in [secrets] key: {elsewhere}")
    assert [(tmp_path / name / "secret.key").exists() for name in ("with", "without", "settings")] == [True, False, False]


def test_a_restore_says_what_it_forgot(machine: Machine, tmp_path: Path) -> None:
    machine.imported()
    machine.run("backup", "--without-key", str(tmp_path / "backup"))
    shutil.rmtree(machine.data)
    code, _, told = machine.run("restore", str(tmp_path / "backup"))
    assert code == 78
    assert "--forget-secrets restores without what cannot be opened" in told[-1]
    code, said, _ = machine.run("restore", "--forget-secrets", str(tmp_path / "backup"))
    lost = [f"source ACME/{name}: without SNMP until it is imported again" for name in ("proxy-1", "sepm-1")]
    assert (code, said[-2:]) == (0, lost)
    assert machine.run("check-config")[0] == 0
