"""The names of a program that runs long: read when asked for, read again after a change, by several threads at once."""

import logging
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.names import present
from collector.names.book import NameBook
from collector.names.file import write_modules
from collector.names.model import Module, Name, NameKind
from collector.names.present import PresentNames
from collector.privileges import Account, acting_as

OID = "1.3.6.1.4.1.32473.0.1"


def trap(symbol: str) -> list[Module]:
    return [Module("X-MIB", {OID: Name("X-MIB", symbol, NameKind.TRAP)})]


def test_a_change_is_seen_at_the_next_question_and_read_once(tmp_path: Path) -> None:
    file = tmp_path / "names.json"
    names = PresentNames(file)
    assert names().trap(OID) is None
    write_modules(file, trap("one"))
    first = names()
    assert first.trap(OID) == "X-MIB::one"
    assert names() is first
    write_modules(file, trap("two"))
    assert names().trap(OID) == "X-MIB::two"
    assert first.trap(OID) == "X-MIB::one"
    file.unlink()
    assert names().trap(OID) is None


def test_a_directory_in_its_place_is_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "names.json"
    file.mkdir()
    names = PresentNames(file)
    with caplog.at_level(logging.WARNING):
        assert names().trap("1.3.6.1.6.3.1.1.5.1") == "SNMPv2-MIB::coldStart"
        names()
    assert [record.message for record in caplog.records] == ["loaded names cannot be read; only those of the collector are shown"]


@pytest.mark.skipif(os.geteuid() != 0, reason="being refused and allowed again needs root")
@pytest.mark.parametrize("refused", ["names.json", "."])
def test_names_that_may_not_be_read_are_said_and_read_once_they_may(refused: str, caplog: pytest.LogCaptureFixture) -> None:
    with tempfile.TemporaryDirectory(prefix="collector-test-") as directory:
        file = Path(directory) / "mibs" / "names.json"
        file.parent.mkdir()
        write_modules(file, trap("one"))
        for readable in (file, file.parent, Path(directory)):
            readable.chmod(0o755)
        (file.parent / refused).chmod(0o700)
        names = PresentNames(file)
        with caplog.at_level(logging.WARNING), acting_as(Account.named("nobody")):
            assert names().trap(OID) is None
            names()
        assert [(record.message, "Permission denied" in str(record.__dict__)) for record in caplog.records] == [
            ("loaded names cannot be read; only those of the collector are shown", True)
        ]
        (file.parent / refused).chmod(0o755)
        with acting_as(Account.named("nobody")):
            assert names().trap(OID) == "X-MIB::one"


def test_many_threads_read_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_modules(tmp_path / "names.json", trap("one"))
    made: list[int] = []

    def counted(*modules: object) -> NameBook:
        made.append(1)
        return NameBook(*modules)  # type: ignore[arg-type]

    monkeypatch.setattr(present, "NameBook", counted)
    names = PresentNames(tmp_path / "names.json")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: names(), range(32)))
    assert len(made) == 1
    assert len({id(book) for book in found}) == 1
