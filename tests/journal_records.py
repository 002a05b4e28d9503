"""Records to put into journals, and the ways in which tests open, damage and check journals."""

from pathlib import Path

from collector.domain.clock import SystemClock
from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind, Record
from collector.journal.disk import Disk
from collector.journal.interface import JournalReader
from collector.journal.streams import Journal

START_NS = 1_750_000_000_000_000_000


def datagram(number: int, *, octets: int = 20, at_ns: int | None = None) -> Record:
    """A record that can be told from every other one."""
    payload = f"{number}:".encode().ljust(octets, b".")
    received_at_ns = START_NS + number if at_ns is None else at_ns
    return Record(
        ItemKind.DATAGRAM, received_at_ns, number, "127.0.0.1:1162", f"192.0.2.{number % 7}", 40_000 + number % 9, b"", payload
    )


def datagrams(first: int, count: int, *, octets: int = 20) -> list[Record]:
    """Records whose numbers are the sequence numbers they should get."""
    return [datagram(number, octets=octets) for number in range(first, first + count)]


def record_of(item: Item) -> Record:
    return Record._make(item[2:])


def open_journal(directory: Path, *, disk: Disk | None = None, segment_bytes: int = 64 << 20) -> Journal:
    return Journal(directory, clock=SystemClock(), disk=disk, segment_bytes=segment_bytes, allow_volatile=True)


def read_all(reader: JournalReader, stream: StreamName, *, limit: int = 1000) -> list[Item]:
    """Everything from the start, in steps of `limit`. Fails when the sequence numbers do not rise."""
    items: list[Item] = []
    while step := reader.read(stream, after=items[-1].seq if items else 0, limit=limit):
        assert len(step) <= limit
        items += step
    numbers = [item.seq for item in items]
    assert numbers == sorted(set(numbers))
    return items


def numbers_kept(journal: Journal, stream: StreamName) -> list[int]:
    """The sequence numbers that a fresh reader finds, each with the very record that `datagram` makes for it."""
    with journal.reader() as reader:
        items = read_all(reader, stream)
    for item in items:
        made = datagram(item.seq, octets=len(item.payload))
        assert record_of(item) == made
    return [item.seq for item in items]


def segments_of(journal_directory: Path, stream: StreamName) -> list[Path]:
    return sorted((journal_directory / str(stream)).glob("*.seg"))


def cut_power(journal_directory: Path, stream: StreamName) -> None:
    """Forget what only lived in memory: the published end."""
    (journal_directory / str(stream) / "end").write_bytes(bytes(32))


class QuickDisk(Disk):
    """Does not wait for the disk, for tests that open hundreds of journals."""

    def sync(self, descriptor: int) -> None: ...

    def sync_directory(self, path: Path) -> None: ...
