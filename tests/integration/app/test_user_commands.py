"""`collector user`: who may sign in, by commands. The password comes by file or standard input, never as an argument."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import cli
from collector.passwords import verify
from collector.store.engine import Store
from collector.store.users import find_credentials


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLLECTOR__DATA_DIR", str(tmp_path / "data"))
    before = os.umask(0o022)
    assert cli.main(["migrate"]) == 0
    capsys.readouterr()
    yield tmp_path
    os.umask(before)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def password_of(data: Path, name: str) -> str:
    store = Store(f"sqlite:///{data / 'data/collector.db'}")
    with store.read() as connection:
        found = find_credentials(connection, name)
    store.close()
    assert found is not None
    return found.password_hash


def test_somebody_is_made_from_standard_input_and_listed(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "una clave larga\r\nmore\n")
    assert cli.main(["user", "create", "ana", "--full-name", "Ana Pérez", "--role", "viewer", "--language", "en"]) == 0
    assert cli.main(["user", "list"]) == 0
    assert capsys.readouterr().out.splitlines() == ["ana may sign in (viewer)", "ana\tviewer\ten\tactive\tAna Pérez"]
    assert verify(password_of(data, "ana"), "una clave larga").fits


def test_a_password_comes_from_a_file_and_is_changed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = data / "password"
    file.write_text("la primera clave\n", encoding="utf-8")
    assert cli.main(["user", "create", "ana", "--password-file", str(file)]) == 0
    first = password_of(data, "ana")
    file.write_text("la segunda clave\n", encoding="utf-8")
    assert cli.main(["user", "password", "ana", "--password-file", str(file)]) == 0
    assert verify(first, "la primera clave").fits
    assert verify(password_of(data, "ana"), "la segunda clave").fits
    assert cli.main(["user", "disable", "ana"]) == 0
    assert cli.main(["user", "list"]) == 0
    assert "disabled" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        pytest.param(["create", "ana"], "short\n", "10 to 256", id="short password"),
        pytest.param(["create", "Ana Perez"], "long enough 1\n", "small letters", id="bad name"),
        pytest.param(["create", "ana", "--full-name", "a\x1bb"], "long enough 1\n", "--full-name", id="bad full name"),
        pytest.param(["password", "bob"], "long enough 1\n", "no user named bob", id="unknown for a password"),
        pytest.param(["disable", "bob"], "", "no user named bob", id="unknown to disable"),
        pytest.param(["create", "ana", "--password-file", "/nonexistent"], "", "cannot be read", id="no file"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(
    data: Path, words: list[str], password: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, password)
    assert cli.main(["user", *words]) != 0
    told = capsys.readouterr().err
    assert said in told
    assert not password.strip() or password.strip() not in told


def test_on_a_terminal_the_password_is_asked_for_twice(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["una clave larga", "otra clave larga", "una clave larga", "una clave larga"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert cli.main(["user", "create", "ana"]) != 0
    assert "differ" in capsys.readouterr().err
    assert cli.main(["user", "create", "ana"]) == 0
