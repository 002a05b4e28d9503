"""Where keys come from: the settings first, else a file of the collector's own that two roles may make at once."""

import threading
from pathlib import Path

import pytest

from collector.config import Settings
from collector.config.load import load
from collector.domain.errors import ConfigurationError
from collector.secret_keys import keys_of_settings, make_own_key, new_key, own_key_file, write_keys
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
