"""MIB files of a directory: good ones become names, bad ones are told with line and reason, hostile ones cost little."""

import os
import socket
from pathlib import Path

import pytest

from collector.domain.errors import Unavailable
from collector.names import sources
from collector.names.catalogue import catalogue
from collector.names.definitions import Flaw
from collector.names.load import MOST_NAMES, LoadReport, load_folder
from collector.names.model import Module, Name, NameKind
from collector.names.parsing import Limits, parse_files
from tests.builders import REPOSITORY

GOOD = REPOSITORY / "tests" / "data" / "mibs" / "good"
BAD = REPOSITORY / "tests" / "data" / "mibs" / "bad"
ROOT = "1.3.6.1.4.1.32473"
MODULE = b"%b DEFINITIONS ::= BEGIN IMPORTS enterprises FROM SNMPv2-SMI; some OBJECT IDENTIFIER ::= { enterprises 32473 } END"


def load(folder: Path, **loaded: Module) -> LoadReport:
    return load_folder(folder, ours=catalogue(), loaded=loaded, limits=Limits())


@pytest.fixture(scope="module")
def good() -> LoadReport:
    return load(GOOD)


@pytest.fixture(scope="module")
def bad() -> LoadReport:
    return load(BAD)


def test_every_good_module_is_loaded_with_the_name_of_its_file(good: LoadReport) -> None:
    assert good.skipped == []
    assert {module.name: module.file for module in good.modules} == {
        "EXAMPLE-SMI": "EXAMPLE-SMI.mib",
        "EXAMPLE-CONSOLE-MIB": "EXAMPLE-CONSOLE-MIB.mib",
        "EXAMPLE-OLD-MIB": "example-old.my",
        "EXAMPLE-LEFT-MIB": "TWO.txt",
        "EXAMPLE-RIGHT-MIB": "TWO.txt",
    }


def test_what_is_no_mib_file_is_said_and_no_fault(good: LoadReport) -> None:
    assert good.without == ["README.txt"]


@pytest.mark.parametrize(
    ("oid", "kind", "name", "labels"),
    [
        (f"{ROOT}.2.0.1", "trap", "EXAMPLE-CONSOLE-MIB::exampleDiskChanged", {}),
        (f"{ROOT}.2.1.99", "trap", "EXAMPLE-CONSOLE-MIB::exampleStopped", {}),
        (f"{ROOT}.3.0.5", "trap", "EXAMPLE-OLD-MIB::oldFailed", {}),
        ("1.3.6.1.6.3.1.1.5.1", "trap", "EXAMPLE-OLD-MIB::oldColdStart", {}),
        (f"{ROOT}.3.1", "object", "EXAMPLE-OLD-MIB::oldMessage", {}),
        (f"{ROOT}.2.1.1.1.2", "column", "EXAMPLE-CONSOLE-MIB::exampleDiskState", {1: "ok", 2: "warning", 3: "critical"}),
        (f"{ROOT}.2.1.3", "object", "EXAMPLE-CONSOLE-MIB::exampleMode", {-1: "unknown", 0: "passive", 1: "active"}),
        (f"{ROOT}.2.1.4", "object", "EXAMPLE-CONSOLE-MIB::exampleEnabled", {1: "true", 2: "false"}),
        (f"{ROOT}.2.1.5", "object", "EXAMPLE-CONSOLE-MIB::exampleFlags", {}),
        (f"{ROOT}.2.1.1.1", "node", "EXAMPLE-CONSOLE-MIB::exampleDiskEntry", {}),
        (f"{ROOT}.1.7", "node", "EXAMPLE-CONSOLE-MIB::exampleConsole-1000", {}),
        (f"{ROOT}.4.1.1", "node", "EXAMPLE-LEFT-MIB::leftAgain", {}),
    ],
)
def test_what_the_files_define_has_its_name(good: LoadReport, oid: str, kind: str, name: str, labels: dict[int, str]) -> None:
    [found] = [module.names[oid] for module in good.modules if oid in module.names]
    assert (found.kind.value, str(found), found.labels) == (kind, name, labels)


def test_labels_of_a_standard_type_are_known(good: LoadReport) -> None:
    [console] = [module for module in good.modules if module.name == "EXAMPLE-CONSOLE-MIB"]
    assert console.names[f"{ROOT}.2.1.6"].labels[16] == "dns"


@pytest.mark.parametrize("file", sorted(path.name for path in BAD.iterdir()))
def test_a_bad_file_is_told_as_its_first_line_says(bad: LoadReport, file: str) -> None:
    expected = (BAD / file).read_bytes().split(b"\n")[0].removeprefix(b"-- ").decode()
    assert [str(skipped) for skipped in bad.skipped if skipped.file == file] == [expected]


def test_nothing_of_a_bad_file_is_loaded(bad: LoadReport) -> None:
    assert bad.modules == []
    assert bad.without == []


def test_what_was_loaded_before_can_be_imported(tmp_path: Path, good: LoadReport) -> None:
    (tmp_path / "new.mib").write_text(
        "NEW-MIB DEFINITIONS ::= BEGIN IMPORTS example-products FROM EXAMPLE-SMI; newRoot OBJECT IDENTIFIER ::= "
        "{ example-products 9 } END"
    )
    assert [str(skipped) for skipped in load(tmp_path).skipped] == ["new.mib:1: NEW-MIB: imports EXAMPLE-SMI, which is not there"]
    again = load(tmp_path, **{module.name: module for module in good.modules})
    assert [list(module.names) for module in again.modules] == [[f"{ROOT}.1.9"]]


def test_links_and_what_is_no_file_are_left_out_and_the_others_load(tmp_path: Path) -> None:
    (tmp_path / "good.mib").write_bytes(MODULE % b"A-MIB")
    (tmp_path / "link.mib").symlink_to("/etc/passwd")
    (tmp_path / "linked").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo.mib")
    (tmp_path / ".hidden.mib").write_bytes(b"no text \0")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.mib"))
        report = load(tmp_path)
    assert [module.name for module in report.modules] == ["A-MIB"]
    assert [str(skipped) for skipped in report.skipped] == [
        "fifo.mib: not a plain file",
        "link.mib: a symbolic link",
        "linked: a symbolic link",
        "s.mib: not a plain file",
    ]


def test_directories_are_followed_to_a_depth(tmp_path: Path) -> None:
    deep = tmp_path / "/".join(f"d{depth}" for depth in range(9))
    deep.mkdir(parents=True)
    (deep.parent / "last.mib").write_bytes(MODULE % b"A-MIB")
    (deep / "beyond.mib").write_bytes(MODULE % b"B-MIB")
    report = load(tmp_path)
    assert [module.name for module in report.modules] == ["A-MIB"]
    assert [skipped.message for skipped in report.skipped] == ["not a plain file"]


def test_a_file_without_measure_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.mib").open("wb") as sparse:
        sparse.truncate(1 << 40)
    assert [str(skipped) for skipped in load(tmp_path).skipped] == ["huge.mib: longer than 4 MB"]


def test_files_without_number_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_FILES", 2)
    for name in "abcd":
        (tmp_path / f"{name}.mib").write_bytes(MODULE % f"{name.upper()}-MIB".encode())
    report = load(tmp_path)
    assert [module.name for module in report.modules] == ["A-MIB", "B-MIB"]
    assert [str(skipped) for skipped in report.skipped] == ["c.mib: beyond the 2 files or 128 MB that are loaded at once"]


def test_names_without_number_are_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "one.mib").write_bytes(MODULE % b"ONE-MIB")
    full = Module("FULL-MIB", {f"1.3.{number}": Name("FULL-MIB", "x", NameKind.NODE) for number in range(MOST_NAMES)})
    report = load(tmp_path, **{"FULL-MIB": full})
    assert [str(skipped) for skipped in report.skipped] == ["one.mib: ONE-MIB: beyond the 50000 names that can be loaded"]


def test_one_module_in_two_files_is_taken_from_the_first(tmp_path: Path) -> None:
    for name in ("b.mib", "a.mib"):
        (tmp_path / name).write_bytes(MODULE % b"SAME-MIB")
    report = load(tmp_path)
    assert [module.file for module in report.modules] == ["a.mib"]
    assert [str(skipped) for skipped in report.skipped] == ["b.mib: SAME-MIB: is in a.mib too, which is taken"]


def test_the_language_itself_stays_the_collectors(tmp_path: Path) -> None:
    (tmp_path / "smi.mib").write_text("SNMPv2-SMI DEFINITIONS ::= BEGIN enterprises OBJECT IDENTIFIER ::= { 1 2 } END")
    (tmp_path / "x.mib").write_bytes(MODULE % b"X-MIB")
    report = load(tmp_path)
    assert report.kept == [("smi.mib", "SNMPv2-SMI")]
    assert [list(module.names) for module in report.modules] == [[ROOT]]


def test_a_name_of_a_file_that_is_no_text_is_harmless(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9\x1b[31m.mib")
    (tmp_path / name).write_bytes(MODULE % b"X-MIB")
    assert [module.file for module in load(tmp_path).modules] == [name]


HOSTILE = {
    "time": b"X-MIB DEFINITIONS " + b"MACRO " * 200_000,
    "memory": b"X-MIB DEFINITIONS ::= BEGIN x OBJECT IDENTIFIER ::= {" + b" iso 1" * 100_000 + b"} END",
}


@pytest.mark.full
@pytest.mark.parametrize("hostile", [pytest.param(octets, id=name) for name, octets in HOSTILE.items()])
def test_a_hostile_file_ends_its_process_and_the_others_are_parsed(hostile: bytes) -> None:
    before, found, after = parse_files([MODULE % b"A-MIB", hostile, MODULE % b"B-MIB"], Limits(0.3, 256 << 20))
    assert isinstance(found, Flaw)
    assert "the parser" in found.reason
    assert [module.name for told in (before, after) if not isinstance(told, Flaw) for module in told] == ["A-MIB", "B-MIB"]


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/python"])
def test_a_parser_that_cannot_start_is_nobodys_fault(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", program)
    with pytest.raises(Unavailable, match="does not start"):
        parse_files([MODULE % b"A-MIB"], Limits())
