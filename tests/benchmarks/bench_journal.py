"""The journal's engine against the obvious alternative, SQLite in WAL mode with full syncs, on the disk that holds the
directory given (default: here). Run as `python -m tests.benchmarks.bench_journal [directory]`; the figures of docs/adr/0001
come from it."""

import argparse
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Protocol

from collector.domain.clock import SystemClock
from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind, Record
from collector.journal.streams import Journal

PAYLOAD_OCTETS = 250
READ_LIMIT = 2000
LANE = "snmp-0"
_clock = SystemClock()


class Engine(Protocol):
    """What both engines are asked to do. A process opens its own one and either writes or reads."""

    def append(self, records: Sequence[Record]) -> int: ...

    def read(self, after: int) -> Sequence[object]: ...

    def get(self, seq: int) -> object: ...


class Segments:
    """The engine of the product."""

    def __init__(self, directory: Path, *, writes: bool) -> None:
        journal = Journal(directory / "journal", clock=_clock)
        self._writer = journal.open_writer(LANE) if writes else None
        self._reader = journal.reader()
        self._stream: StreamName = self._reader.streams()[0].stream

    def append(self, records: Sequence[Record]) -> int:
        assert self._writer is not None
        return self._writer.append(records)

    def read(self, after: int) -> list[Item]:
        return self._reader.read(self._stream, after=after, limit=READ_LIMIT)

    def get(self, seq: int) -> Item | None:
        return self._reader.get(self._stream, seq)


class Sqlite:
    """The throw-away alternative: one table, one transaction per batch, one sync of the log per commit."""

    _COLUMNS = "seq, kind, received_at_ns, monotonic_ns, listener, peer_address, peer_port, envelope, payload"

    def __init__(self, directory: Path, *, writes: bool) -> None:
        self._connection = sqlite3.connect(directory / "journal.sqlite", isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA synchronous=FULL")
        if writes:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS item ({self._COLUMNS}, PRIMARY KEY (seq)) WITHOUT ROWID")
        self._next_seq = 1

    def append(self, records: Sequence[Record]) -> int:
        first, self._next_seq = self._next_seq, self._next_seq + len(records)
        rows = [(first + number, *record) for number, record in enumerate(records)]
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")
        return first

    def read(self, after: int) -> list[Item]:
        rows = self._connection.execute(
            f"SELECT {self._COLUMNS} FROM item WHERE seq > ? ORDER BY seq LIMIT ?", (after, READ_LIMIT)
        )
        return [Item(LANE, row[0], ItemKind(row[1]), *row[2:]) for row in rows]

    def get(self, seq: int) -> object:
        return self._connection.execute(f"SELECT {self._COLUMNS} FROM item WHERE seq = ?", (seq,)).fetchone()


ENGINES: dict[str, type[Segments] | type[Sqlite]] = {"segment files": Segments, "SQLite WAL+FULL": Sqlite}


class Written(NamedTuple):
    """What a writer measured: commit times in seconds, CPU seconds."""

    items: int
    elapsed: float
    cpu: float
    commits: list[float]


class Read(NamedTuple):
    """What a reader measured while it followed the writer."""

    items: int
    elapsed: float
    cpu: float


def write(engine: Engine, batch: int, seconds: float) -> Written:
    records = [_datagram(number) for number in range(batch)]
    commits: list[float] = []
    cpu, start = time.process_time(), time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        engine.append(records)
        commits.append(time.perf_counter() - now)
    return Written(len(commits) * batch, time.perf_counter() - start, time.process_time() - cpu, commits)


def _datagram(number: int) -> Record:
    payload = random.Random(number).randbytes(PAYLOAD_OCTETS)
    return Record(
        ItemKind.DATAGRAM, _clock.now_ns(), _clock.monotonic_ns(), "0.0.0.0:162", f"192.0.2.{number % 50}", 40_000, b"", payload
    )


def follow(name: str, directory: Path, channel: Connection) -> None:
    """A reader process: reads on until it has everything up to the number that comes through the channel."""
    engine = ENGINES[name](directory, writes=False)
    channel.send("ready")
    goal: int | None = None
    position = 0
    cpu, start = time.process_time(), time.perf_counter()
    while goal is None or position < goal:
        items = engine.read(position)
        position += len(items)
        if goal is None and channel.poll(0 if items else 0.001):
            goal = int(channel.recv())
    channel.send(Read(position, time.perf_counter() - start, time.process_time() - cpu))


def across_processes(name: str, batch: int, seconds: float, directory: Path) -> tuple[Written, Read]:
    engine = ENGINES[name](directory, writes=True)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=follow, args=(name, directory, there))
    process.start()
    here.recv()
    written = write(engine, batch, seconds)
    here.send(written.items)
    read: Read = here.recv()
    process.join()
    return written, read


def random_gets(name: str, directory: Path) -> float:
    """Milliseconds for 100 items at random places of a full segment's worth, in a fresh reader."""
    engine = ENGINES[name](directory, writes=True)
    records = [_datagram(number) for number in range(1000)]
    items = (64 << 20) // PAYLOAD_OCTETS // 1000 * 1000
    for _ in range(items // 1000):
        engine.append(records)
    reader = ENGINES[name](directory, writes=False)
    draw = random.Random(1)
    start = time.perf_counter()
    for _ in range(100):
        assert reader.get(draw.randrange(1, items + 1)) is not None
    return (time.perf_counter() - start) * 1e3


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", nargs="?", type=Path, default=Path())
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each writer writes")
    parser.add_argument("--rounds", type=int, default=5, help="the one with the median throughput is shown")
    options = parser.parse_args(arguments)
    print(f"{PAYLOAD_OCTETS}-octet datagrams; a writer process, and a reader process that follows it\n")
    print("| engine | items per commit | items/s | commit p50 ms | p99 ms | max ms | writer CPU us/item | reader CPU us/item |")
    print("|---|---|---|---|---|---|---|---|")
    for batch in (1, 10, 100, 1000):
        rounds: dict[str, list[tuple[Written, Read]]] = {name: [] for name in ENGINES}
        for _ in range(options.rounds):
            for name in ENGINES:  # in turn, so that other work on the machine disturbs both
                with tempfile.TemporaryDirectory(dir=options.directory) as directory:
                    rounds[name].append(across_processes(name, batch, options.seconds, Path(directory)))
        for name, results in rounds.items():
            results.sort(key=lambda result: result[1].items / result[1].elapsed)
            print(_row(name, batch, *results[len(results) // 2]), flush=True)
    print()
    for name in ENGINES:
        with tempfile.TemporaryDirectory(dir=options.directory) as directory:
            print(f"{name}: 100 random gets in 64 MiB: {random_gets(name, Path(directory)):.1f} ms", flush=True)
    return 0


def _row(name: str, batch: int, written: Written, read: Read) -> str:
    ordered = sorted(written.commits)
    p50, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return (
        f"| {name} | {batch:,} | {read.items / read.elapsed:,.0f} | {p50 * 1e3:.2f} | {p99 * 1e3:.2f} | {ordered[-1] * 1e3:.1f} "
        f"| {written.cpu / written.items * 1e6:.2f} | {read.cpu / read.items * 1e6:.2f} |"
    )


if __name__ == "__main__":
    sys.exit(main())
