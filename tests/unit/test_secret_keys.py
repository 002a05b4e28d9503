"""Where keys come from: the settings first, else a file of the collector's own that two roles may make at once."""

import os
import threading
from pathlib import Path

import pytest

from collector.config import Settings
from collector.config.load import load
from collector.domain.errors import ConfigurationError
from collector.secret_keys import (
    exposure,
    keys_of_settings,
    make_own_key,
    new_key,
    own_key_file,
    weaknesses_of_key_file,
    write_keys,
)
from collector.secrets import SecretBox

GIVEN = "given" * 8


def settings_in(directory: Path, **environment: str) -> Settings:
    return load(None, {"COLLECTOR__DATA_DIR": str(directory), **environment})


def refused(settings: Settings) -> str:
    with pytest.raises(ConfigurationError) as caught:
        keys_of_settings(settings)
    assert GIVEN not in f"{caught.value!r} {caught.value.__context__!r}"
    return str(caught.value)


def test_a_key_of_the_settings_comes_before_the_own_file(tmp_path: Path) -> None:
    make_own_key(settings_in(tmp_path))
    settings = settings_in(tmp_path, COLLECTOR__SECRETS__KEY=f"{GIVEN} {'b' * 32}")
    assert keys_of_settings(settings) == ([GIVEN, "b" * 32], "[secrets] key")
    assert own_key_file(settings) is None
    assert GIVEN not in f"{settings!r}{settings.secrets.model_dump()}"


def test_a_key_file_may_hold_a_key_on_each_line(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere"
    file.write_text(f"{GIVEN}\n{'b' * 32}\n\n", encoding="ascii")
    file.chmod(0o600)
    settings = settings_in(tmp_path, COLLECTOR__SECRETS__KEY_FILE=str(file))
    assert keys_of_settings(settings)[0] == [GIVEN, "b" * 32]


@pytest.mark.parametrize("content", ["", "\n", "\r\n\n"])
def test_an_empty_key_file_does_not_let_another_key_be_made(tmp_path: Path, content: str) -> None:
    file = tmp_path / "elsewhere"
    file.write_text(content, encoding="ascii", newline="")
    with pytest.raises(ConfigurationError, match=r"key_file: .* is empty"):
        settings_in(tmp_path, COLLECTOR__SECRETS__KEY_FILE=str(file))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("  ", id="blanks"),
        pytest.param(f"{GIVEN} short", id="one of them short"),
        pytest.param("ñ" * 40, id="not ASCII"),
    ],
)
def test_bad_keys_of_the_settings_are_refused_without_showing_them(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"\[secrets\] key: a key has at least 32 characters of ASCII") as caught:
        settings_in(tmp_path, COLLECTOR__SECRETS__KEY=text)
    assert GIVEN not in str(caught.value)
    assert "ñ" not in str(caught.value)


def test_the_own_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "new" / "data")
    make_own_key(settings)
    path = settings.secret_key_file
    first = path.read_text(encoding="ascii")
    make_own_key(settings)
    assert path.read_text(encoding="ascii") == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]
    assert keys_of_settings(settings) == (first.split(), str(path))


def test_two_that_make_the_key_at_once_get_the_same_one(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    found: list[bytes] = []
    together = threading.Barrier(8)

    def begin() -> None:
        together.wait()
        make_own_key(settings)
        found.append(SecretBox.of_settings(settings).seal(b"x", "x", "y"))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    box = SecretBox.of_settings(settings)
    assert [box.open(sealed, "x", "y") for sealed in found] == [b"x"] * 8
    assert list(tmp_path.iterdir()) == [settings.secret_key_file]


def test_no_role_makes_a_key_in_place_of_one_that_is_lost(tmp_path: Path) -> None:
    told = refused(settings_in(tmp_path))
    assert told.startswith(
        f"{tmp_path}/secret.key: the key of the secrets is missing, and [secrets] key names none. Bring it back"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"", "holds no key", id="empty"),
        pytest.param(b" \n", "holds no key", id="blank"),
        pytest.param(b"short\n", "a key has at least 32 characters", id="short"),
        pytest.param(GIVEN.encode() + b"\xff", "is damaged", id="not text"),
    ],
)
def test_a_damaged_own_file_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    settings = settings_in(tmp_path)
    settings.secret_key_file.write_bytes(content)
    settings.secret_key_file.chmod(0o600)
    with pytest.raises(ConfigurationError, match=told) as caught:
        SecretBox.of_settings(settings)
    assert str(caught.value).startswith(f"{settings.secret_key_file}: ")
    assert GIVEN not in f"{caught.value}{caught.value!r}"


def test_a_directory_in_the_place_of_the_key_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    settings.secret_key_file.mkdir()
    assert "cannot be read: Is a directory" in refused(settings)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigurationError, match=r"secret\.key: the key of the secrets cannot be written: Not a directory"):
        make_own_key(settings_in(tmp_path / "file" / "data"))


def test_keys_are_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    first, second = new_key(), new_key()
    write_keys(path, [first], replace=False)
    write_keys(path, [second], replace=False)
    assert path.read_text(encoding="ascii").split() == [first]
    write_keys(path, [second, first], replace=True)
    assert path.read_text(encoding="ascii").split() == [second, first]
    assert path.stat().st_mode & 0o777 == 0o600


def test_made_keys_are_long_and_differ() -> None:
    made = {new_key() for _ in range(50)}
    assert len(made) == 50
    assert {len(key) for key in made} == {43}


OWNER, STRANGER = 1000, 1001


def status(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((0o100000 | mode, 1, 1, 1, owner, owner, 44, 0, 0, 0))


@pytest.mark.parametrize(
    ("mode", "owner", "user", "told"),
    [
        pytest.param(0o600, OWNER, OWNER, "", id="as it is made"),
        pytest.param(0o400, OWNER, OWNER, "", id="read only"),
        pytest.param(0o600, 0, OWNER, "", id="of root"),
        pytest.param(0o600, OWNER, 0, "", id="root looks"),
        pytest.param(0o640, OWNER, OWNER, "has mode 0640: its group may read it", id="a group reads"),
        pytest.param(0o604, OWNER, OWNER, "has mode 0604: others may read it", id="others read"),
        pytest.param(0o666, OWNER, 0, "has mode 0666: its group and others may change it", id="all write, root looks"),
        pytest.param(0o600, STRANGER, OWNER, "belongs to 1001, who is neither root nor the user that this runs as", id="other's"),
    ],
)
def test_a_key_among_the_data_is_for_one_user_alone(mode: int, owner: int, user: int, told: str) -> None:
    assert exposure(status(mode, owner), user, allowed=0o700) == told


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
@pytest.mark.parametrize("named", [False, True], ids=["the own file", "named in the settings"])
def test_a_key_among_the_data_that_others_could_read_is_refused_with_what_to_run(tmp_path: Path, mode: int, named: bool) -> None:
    file = settings_in(tmp_path / "a place").secret_key_file
    make_own_key(settings_in(tmp_path / "a place"))
    file.chmod(mode)
    settings = settings_in(tmp_path / "a place", **({"COLLECTOR__SECRETS__KEY_FILE": str(file)} if named else {}))
    told = refused(settings)
    assert told.startswith(f"{file}: the key of the secrets has mode {mode:04o}: ")
    assert f"run `chmod 0600 '{file}'`, and change the key" in told
    assert file.read_text(encoding="ascii").strip() not in told
    file.chmod(0o600)
    assert SecretBox.of_settings(settings)
    assert weaknesses_of_key_file(settings) == []


def test_a_key_of_a_stranger_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)
    make_own_key(settings)
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)
    if settings.secret_key_file.stat().st_uid == 0:
        os.chown(settings.secret_key_file, OWNER, -1)
    told = refused(settings)
    assert "who is neither root nor the user that this runs as; run `chown 1001 " in told


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        pytest.param(0o400, "", id="a credential of systemd"),
        pytest.param(0o440, "", id="a credential that an ACL opens"),
        pytest.param(0o640, "", id="as deploy/install makes it"),
        pytest.param(0o444, "has mode 0444: others may read it", id="a secret of Docker"),
        pytest.param(0o660, "has mode 0660: its group may change it", id="a group writes"),
    ],
)
def test_a_key_from_elsewhere_is_used_and_what_is_too_open_is_said(tmp_path: Path, mode: int, told: str) -> None:
    file = tmp_path / "secret_key"
    file.write_text(GIVEN, encoding="ascii")
    file.chmod(mode)
    settings = settings_in(tmp_path / "data", COLLECTOR__SECRETS__KEY_FILE=str(file))
    assert keys_of_settings(settings)[0] == [GIVEN]
    said = [f"[secrets] key_file: {file} {told}; whoever can read it opens every secret in the store"] if told else []
    assert weaknesses_of_key_file(settings) == said


def test_a_link_out_of_the_data_is_what_it_leads_to(tmp_path: Path) -> None:
    file, link = tmp_path / "elsewhere", tmp_path / "data" / "link"
    file.write_text(GIVEN, encoding="ascii")
    file.chmod(0o640)
    link.parent.mkdir()
    link.symlink_to(file)
    assert keys_of_settings(settings_in(tmp_path / "data", COLLECTOR__SECRETS__KEY_FILE=str(link)))[0] == [GIVEN]


def test_a_key_in_the_settings_themselves_has_no_file(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, COLLECTOR__SECRETS__KEY=GIVEN)
    assert (settings.secrets.file, weaknesses_of_key_file(settings)) == (None, [])
