"""`collector mib`: load, list, remove, with exit codes; and what was loaded is there for the API."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector import cli
from collector.app.paths import loaded_names
from collector.config import load
from collector.names.present import PresentNames
from tests.builders import REPOSITORY

MIBS = REPOSITORY / "tests" / "data" / "mibs"
Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith("COLLECTOR")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLLECTOR__DATA_DIR", str(tmp_path / "data"))
    before = os.umask(0o022)
    yield tmp_path / "data"
    os.umask(before)


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str | Path) -> tuple[int, list[str], str]:
        code = cli.main(["mib", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err

    return command


def test_good_files_are_loaded_and_listed_and_removed(run: Run, data: Path) -> None:
    code, lines, _ = run("load", MIBS / "good")
    assert code == 0
    assert lines[0] == "loaded   EXAMPLE-CONSOLE-MIB: 9 names, 2 of them traps (EXAMPLE-CONSOLE-MIB.mib)"
    assert lines[-2:] == ["no MIB   README.txt: no module begins in it", "5 modules loaded, 0 skipped"]
    code, listed, _ = run("list")
    assert (code, len(listed)) == (0, 5)
    assert listed[0] == lines[0]
    assert run("remove", "EXAMPLE-CONSOLE-MIB") == (0, ["EXAMPLE-CONSOLE-MIB is forgotten"], "")
    assert not any("EXAMPLE-CONSOLE-MIB" in line for line in run("list")[1])
    assert stat.S_IMODE((data / "mibs" / "names.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "mibs").stat().st_mode) == 0o700


def test_a_bad_file_among_good_ones_is_told_and_the_others_are_there(run: Run, data: Path, tmp_path: Path) -> None:
    for file in (MIBS / "good" / "EXAMPLE-SMI.mib", MIBS / "bad" / "syntax.mib", MIBS / "bad" / "control.mib"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    code, lines, _ = run("load", tmp_path)
    assert code == 1
    assert [line for line in lines if line.startswith("skipped")] == [
        "skipped  control.mib:4: not understood: red [31mname OBJECT IDENTIFIER ::= { enterprises 32473 }",
        "skipped  syntax.mib:5: not understood: here it @@ breaks ::= { enterprises 32473 }",
    ]
    assert lines[-1] == "1 modules loaded, 2 skipped"
    assert PresentNames(data / "mibs" / "names.json")().value("1.3.6.1.4.1.32473") == "EXAMPLE-SMI::exampleRoot"


def test_loading_again_replaces_and_keeps_the_rest(run: Run, tmp_path: Path) -> None:
    run("load", MIBS / "good")
    (tmp_path / "smi.mib").write_text(
        "EXAMPLE-SMI DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI; other OBJECT IDENTIFIER ::= { enterprises 1 } END"
    )
    assert run("load", tmp_path)[0] == 0
    listed = run("list")[1]
    assert len(listed) == 5
    assert "loaded   EXAMPLE-SMI: 0 names, 0 of them traps (smi.mib)" in listed


def test_nothing_to_load_is_a_failure(run: Run, tmp_path: Path, data: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("load", empty) == (1, ["0 modules loaded, 0 skipped"], "")
    assert not (data / "mibs" / "names.json").exists()
    code, _, error = run("load", tmp_path / "nowhere")
    assert (code, error) == (1, f"collector: DIR: {tmp_path / 'nowhere'} is not a directory\n")


def test_what_was_not_loaded_cannot_be_removed(run: Run) -> None:
    code, _, error = run("remove", "IF-MIB")
    assert (code, error) == (1, "collector: MODULE: IF-MIB was not loaded; `collector mib list` says what was\n")
    assert run("remove", "../../x")[0] == 1


def test_the_list_shows_what_came_with_the_collector_when_asked(run: Run) -> None:
    assert run("list") == (0, ["no MIB file was loaded"], "")
    code, lines, _ = run("list", "--all")
    assert code == 0
    assert [line.endswith(", 2 of them traps") for line in lines if line.startswith("ours     IF-MIB: ")] == [True]


def test_damaged_names_are_a_wrong_configuration_and_are_left_alone(run: Run, data: Path) -> None:
    (data / "mibs").mkdir(parents=True)
    file = data / "mibs" / "names.json"
    file.write_text("{", encoding="utf-8")
    for words in (["list"], ["remove", "X-MIB"], ["load", MIBS / "good"]):
        code, _, error = run(*words)
        assert code == 78
        assert error.startswith(f"collector: {file}: the names cannot be read: ")
    assert file.read_text(encoding="utf-8") == "{"


def test_a_data_directory_that_cannot_be_made_is_a_wrong_configuration(run: Run, data: Path) -> None:
    data.write_text("a file", encoding="ascii")
    code, _, error = run("load", MIBS / "good")
    assert (code, error) == (78, f"collector: data_dir: {data / 'mibs'} cannot be used: Not a directory\n")


def test_the_api_finds_what_was_loaded_where_it_looks(run: Run, data: Path) -> None:
    run("load", MIBS / "good")
    settings = load(None, {"COLLECTOR__DATA_DIR": str(data)})
    assert PresentNames(loaded_names(settings))().trap("1.3.6.1.4.1.32473.2.1.0.99") == "EXAMPLE-CONSOLE-MIB::exampleStopped"
