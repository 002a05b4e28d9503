"""What root makes among somebody's data is theirs; root's rights are not lent to whoever owns the directory."""

import logging
import os
from pathlib import Path

import pytest

from collector import ownership
from collector.ownership import inherited, like_its_directory

OWNER, GROUP = 65_534, 65_533
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")


def owners(directory: Path) -> dict[str, int]:
    return {str(path.relative_to(directory)): path.lstat().st_uid for path in directory.rglob("*")}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Another user's directory."""
    directory = tmp_path / "data"
    directory.mkdir()
    os.chown(directory, OWNER, GROUP)
    return directory


@is_root
def test_what_root_makes_meanwhile_belongs_to_the_owner_of_the_data(data: Path) -> None:
    with inherited(data):
        (data / "journal/snmp-0").mkdir(parents=True)
        (data / "journal/snmp-0/1.segment").write_bytes(b"1")
        (data / "collector.db").touch(mode=0o600)
    assert owners(data) == dict.fromkeys(["journal", "journal/snmp-0", "journal/snmp-0/1.segment", "collector.db"], OWNER)
    assert (data / "collector.db").stat().st_gid == GROUP


@is_root
def test_it_is_given_away_also_after_an_error(data: Path) -> None:
    with pytest.raises(ZeroDivisionError), inherited(data):
        (data / "half").write_text(str(1 / (data / "half").write_text("", encoding="ascii")), encoding="ascii")
    assert owners(data) == {"half": OWNER}


@is_root
def test_what_was_roots_before_stays_so_until_it_is_replaced(data: Path) -> None:
    for name in ("old", "replaced"):
        (data / name).touch()
    with inherited(data):
        (data / "old").write_text("changed", encoding="ascii")
        (data / "new").touch()
        (data / "new").replace(data / "replaced")
    assert owners(data) == {"old": 0, "replaced": OWNER}


@is_root
def test_a_link_that_the_owner_put_there_gives_nothing_of_roots_away(data: Path, tmp_path: Path) -> None:
    (tmp_path / "passwords").touch()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwords").touch()
    with inherited(data):
        (data / "hard").hardlink_to(tmp_path / "passwords")
        (data / "soft").symlink_to(tmp_path / "etc/passwords")
        (data / "mibs").symlink_to(tmp_path / "etc")
    for name in ("hard", "mibs/passwords"):
        like_its_directory(data / name)
    assert {owners(tmp_path)[name] for name in ("passwords", "etc", "etc/passwords")} == {0}


@is_root
def test_one_that_another_process_waits_for_is_given_at_once(data: Path) -> None:
    (data / "mibs").mkdir()
    like_its_directory(data / "mibs")
    (data / "mibs/names.json").touch()
    like_its_directory(data / "mibs/names.json")
    assert set(owners(data).values()) == {OWNER}


@is_root
def test_below_a_directory_of_root_everything_stays_roots(tmp_path: Path) -> None:
    with inherited(tmp_path), inherited(tmp_path / "is not there"):
        (tmp_path / "file").touch()
    like_its_directory(tmp_path / "file")
    assert owners(tmp_path) == {"file": 0}


@is_root
def test_what_cannot_be_given_is_said_and_the_command_goes_on(
    data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", forbidden)
    with caplog.at_level(logging.WARNING), inherited(data):
        (data / "file").touch()
    assert [record.message for record in caplog.records] == ["what root made among the data stays root's"]


def test_who_is_not_root_gives_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    monkeypatch.setattr(os, "fchown", lambda *words: given.append(words))
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    with inherited(tmp_path):
        (tmp_path / "file").touch()
    like_its_directory(tmp_path / "file")
    assert given == []


def test_the_heir_has_the_user_and_the_group_of_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being root: what this user makes is taken for root's, the directory for another's."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    monkeypatch.setattr(ownership, "_is_own", lambda _: True)
    monkeypatch.setattr(ownership, "_heir", lambda _: ownership._Heir(OWNER, GROUP))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with inherited(tmp_path):
        (tmp_path / "file").touch()
    like_its_directory(tmp_path / "file")
    assert given == [(OWNER, GROUP)] * 2
