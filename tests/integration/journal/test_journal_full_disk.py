"""A journal on a file system that is really full."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from collector.domain.clock import SystemClock
from collector.domain.errors import JournalFull
from collector.journal.interface import JournalWriter
from collector.journal.streams import Journal
from tests.journal_records import datagrams, numbers_kept, open_journal

pytestmark = pytest.mark.full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Two mebibytes of memory."""
    point = tmp_path / "small"
    point.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small tmpfs")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(point)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this machine does not let us mount a small tmpfs: {mounted.stderr.strip()}")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def fill(writer: JournalWriter) -> NoReturn:
    while True:
        writer.append(datagrams(writer.next_seq, 100, octets=500))


def test_a_journal_in_memory_says_that_it_is_not_durable(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    Journal(small_disk / "journal", clock=SystemClock())
    assert [record.message for record in caplog.records] == ["the journal is not durable"]


def test_a_full_disk_refuses_batches_and_the_same_writer_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    journal = open_journal(small_disk / "journal", segment_bytes=150_000)
    with journal.open_writer("snmp-0") as writer:
        with pytest.raises(JournalFull):
            fill(writer)
        kept = writer.next_seq - 1
        assert kept > 0
        for _ in range(20):
            with pytest.raises(JournalFull):
                writer.append(datagrams(writer.next_seq, 300, octets=500))
        assert numbers_kept(journal, writer.stream) == list(range(1, kept + 1))
        ballast.unlink()
        assert writer.append(datagrams(kept + 1, 300, octets=500)) == kept + 1
        assert numbers_kept(journal, writer.stream) == list(range(1, kept + 301))


def test_a_journal_can_be_opened_on_a_full_disk(small_disk: Path) -> None:
    with open_journal(small_disk / "journal").open_writer("snmp-0") as writer:
        writer.append(datagrams(1, 100))
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(4 << 20))
    journal = open_journal(small_disk / "journal")
    with journal.open_writer("snmp-0") as writer:
        with pytest.raises(JournalFull):
            writer.append(datagrams(101, 100, octets=500))
        (small_disk / "ballast").unlink()
        assert writer.append(datagrams(101, 100, octets=500)) == 101
    assert numbers_kept(journal, writer.stream) == list(range(1, 201))
