"""A directory is a backup when its manifest says so, and nothing in a manifest leads out of the directory."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.backup.manifest import FORMAT, NAME, BackedUpFile, BackedUpStream, Manifest, encode, read_manifest
from collector.backup.progress import Progress
from collector.domain.errors import ConfigurationError
from tests.builders import SetClock

GOOD = Manifest(
    format=FORMAT,
    program="1.2.3",
    schema="0002",
    site="NOC1",
    created_at="2026-03-02T12:00:00.000Z",
    rows={"cases": 3},
    files=(BackedUpFile("store.db", 10, "ab" * 32), BackedUpFile("journal/snmp-0-k3f9ab/1.seg", 20, "cd" * 32)),
    streams=(BackedUpStream("snmp-0-k3f9ab", "0011223344556677", 17),),
)


def put(directory: Path, **changed: Any) -> Path:
    (directory / NAME).write_text(json.dumps({**json.loads(encode(GOOD)), **changed}), encoding="utf-8")
    return directory


def test_what_was_written_is_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(encode(GOOD))
    assert read_manifest(tmp_path) == GOOD


def test_a_backup_of_the_store_alone_has_no_streams(tmp_path: Path) -> None:
    assert read_manifest(put(tmp_path, streams=None)).streams is None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        pytest.param({"format": 2}, "format 2, this program knows 1", id="a later format"),
        pytest.param({"files": [{"path": "../store.db", "size": 1, "sha256": ""}]}, "no place in a backup", id="a way up"),
        pytest.param(
            {"files": [{"path": "/etc/passwd", "size": 1, "sha256": ""}]}, "no place in a backup", id="a place elsewhere"
        ),
        pytest.param({"files": [{"path": "", "size": 1, "sha256": ""}]}, "no place in a backup", id="no name"),
        pytest.param({"files": [{"path": "store.db"}]}, "is damaged", id="no size"),
        pytest.param({"streams": [{"name": "../x", "marker": "00", "end": 1}]}, "not a stream name", id="a stream elsewhere"),
        pytest.param({"streams": [{"name": "snmp-0-k3f9ab", "marker": "x", "end": 1}]}, "is damaged", id="no marker"),
        pytest.param({"rows": 3}, "is damaged", id="rows of no table"),
    ],
)
def test_what_no_backup_says_is_refused(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        read_manifest(put(tmp_path, **changed))


@pytest.mark.parametrize("octets", [b"", b"[]", b"{}", b"\xff", b'{"format": 1}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / NAME).write_bytes(octets)
    with pytest.raises(ConfigurationError, match="is damaged"):
        read_manifest(tmp_path)


def test_a_directory_without_a_manifest_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no backup"):
        read_manifest(tmp_path)
    with pytest.raises(ConfigurationError, match="is no backup"):
        read_manifest(tmp_path / "nowhere")


def test_progress_is_told_every_two_seconds_and_never_of_something_short() -> None:
    clock, said = SetClock(), list[str]()
    progress = Progress(clock, said.append)
    moved = progress.counting("octets", 4_000)
    for _ in range(4):
        moved(1_000)
    assert said == []
    clock.move(timedelta(seconds=2))
    progress.tell("rows of cases", 1_500, 2_000)
    progress.tell("rows of cases", 1_600, 2_000)
    assert said == ["rows of cases: 1,500 of 2,000"]
