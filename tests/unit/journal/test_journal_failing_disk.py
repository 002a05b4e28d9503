"""A disk that fails loses the batch at hand and nothing else, and the same writer goes on when it works again."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.domain.errors import JournalError, JournalFull
from collector.journal.disk import Disk
from tests.journal_records import cut_power, datagrams, numbers_kept, open_journal, segments_of


class FailingDisk(Disk):
    """Fails the calls named in `failing` with their errno; a failing write still writes its first half."""

    def __init__(self) -> None:
        self.failing: dict[str, int] = {}
        self.failed_syncs: set[int] = set()

    def create(self, path: Path) -> int:
        self._fail("create")
        return super().create(path)

    def write(self, descriptor: int, octets: bytes | bytearray, at: int) -> None:
        if "write" in self.failing:
            super().write(descriptor, octets[: len(octets) // 2], at)
        self._fail("write")
        super().write(descriptor, octets, at)

    def sync(self, descriptor: int) -> None:
        file = os.fstat(descriptor).st_ino
        assert file not in self.failed_syncs, "a file whose sync failed was synced again"
        if "sync" in self.failing:
            self.failed_syncs.add(file)
        self._fail("sync")
        super().sync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        self._fail("truncate")
        super().truncate(descriptor, size)

    def remove(self, path: Path) -> None:
        self._fail("remove")
        if path.exists():
            self.failed_syncs.discard(path.stat().st_ino)  # a new file may get the number
        super().remove(path)

    def _fail(self, call: str) -> None:
        if call in self.failing:
            raise OSError(self.failing[call], os.strerror(self.failing[call]))


FAILURES = [
    pytest.param({"write": errno.ENOSPC}, JournalFull, id="no space"),
    pytest.param({"write": errno.EDQUOT}, JournalFull, id="no quota"),
    pytest.param({"write": errno.EFBIG}, JournalFull, id="the file may not grow"),
    pytest.param({"write": errno.EIO}, JournalError, id="the write fails"),
    pytest.param({"sync": errno.EIO}, JournalError, id="the sync fails"),
    pytest.param({"sync": errno.ENOSPC}, JournalFull, id="the sync finds no space"),
    pytest.param({"write": errno.ENOSPC, "truncate": errno.ENOSPC}, JournalFull, id="no space, and the torn batch stays"),
    pytest.param({"sync": errno.EIO, "truncate": errno.EIO}, JournalError, id="the sync fails, and the whole batch stays"),
    pytest.param(
        {"sync": errno.EIO, "truncate": errno.EIO, "create": errno.ENOSPC}, JournalError, id="and no fresh segment either"
    ),
    pytest.param({"sync": errno.EIO, "remove": errno.EROFS}, JournalError, id="the sync fails, and nothing can be removed"),
]


@pytest.mark.parametrize("kept", [0, 3], ids=["in an empty journal", "after three items"])
@pytest.mark.parametrize("tries", [1, 3])
@pytest.mark.parametrize(("failing", "error"), FAILURES)
def test_a_failed_batch_is_gone_and_the_writer_goes_on(
    tmp_path: Path, failing: dict[str, int], error: type[JournalError], tries: int, kept: int
) -> None:
    disk = FailingDisk()
    journal = open_journal(tmp_path, disk=disk)
    with journal.open_writer("snmp-0") as writer:
        writer.append(datagrams(1, kept))
        disk.failing = failing
        for number in range(tries):
            with pytest.raises(error if number == 0 else JournalError):
                writer.append(datagrams(1000, 5 + number))
            assert numbers_kept(journal, writer.stream) == list(range(1, kept + 1))
        disk.failing = {}
        assert writer.append(datagrams(kept + 1, 4)) == kept + 1
        assert numbers_kept(journal, writer.stream) == list(range(1, kept + 5))
        assert next(family for family in journal.families() if family.name.endswith("failed_commits")).samples[0][1] == tries
    cut_power(tmp_path, writer.stream)
    with open_journal(tmp_path).open_writer("snmp-0") as successor:
        assert successor.next_seq == kept + 5
    assert numbers_kept(open_journal(tmp_path), writer.stream) == list(range(1, kept + 5))


def test_a_full_disk_does_not_scatter_segments(tmp_path: Path) -> None:
    disk = FailingDisk()
    journal = open_journal(tmp_path, disk=disk)
    with journal.open_writer("snmp-0") as writer:
        for number in range(1, 20):
            disk.failing = {"write": errno.ENOSPC} if number % 2 else {}
            if number % 2:
                with pytest.raises(JournalFull):
                    writer.append(datagrams(1000, 1))
            else:
                writer.append(datagrams(writer.next_seq, 1))
        assert len(segments_of(tmp_path, writer.stream)) == 1
        assert numbers_kept(journal, writer.stream) == list(range(1, 10))


@contextmanager
def file_size_limit(octets: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_limit_on_file_size_by_the_kernel_is_a_full_journal_and_a_fresh_segment_after_it(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    with journal.open_writer("snmp-0") as writer:
        with file_size_limit(20_000):
            writer.append(datagrams(1, 10, octets=1000))
            with pytest.raises(JournalFull):
                writer.append(datagrams(11, 10, octets=1000))
            assert writer.append(datagrams(11, 9, octets=1000)) == 11
        assert len(segments_of(tmp_path, writer.stream)) == 2
        assert numbers_kept(journal, writer.stream) == list(range(1, 20))


def test_a_disk_that_refuses_at_opening_is_named(tmp_path: Path) -> None:
    disk = FailingDisk()
    with open_journal(tmp_path).open_writer("snmp-0") as writer:
        writer.append(datagrams(1, 1))
    disk.failing = {"sync": errno.EIO}
    with pytest.raises(JournalError, match=str(writer.stream)):
        open_journal(tmp_path, disk=disk).open_writer("snmp-0")
    with open_journal(tmp_path).open_writer("snmp-0") as writer:
        assert writer.next_seq == 2
