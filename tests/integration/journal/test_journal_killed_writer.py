"""A writer process killed by SIGKILL at any moment loses nothing that it said was durable, while another process reads along."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from collector.domain.ids import StreamName
from collector.journal.interface import JournalReader
from tests.journal_records import datagram, numbers_kept, open_journal, record_of

WRITER = """
import random, sys
from pathlib import Path
from tests.journal_records import datagrams, open_journal
draw = random.Random(sys.argv[2])
writer = open_journal(Path(sys.argv[1]), segment_bytes=20_000).open_writer("snmp-0")
print(writer.stream, flush=True)
while True:
    batch = datagrams(writer.next_seq, draw.randrange(1, 40), octets=draw.randrange(20, 90))
    writer.append(batch)
    print(writer.next_seq - 1, flush=True)
"""
ROUNDS = 6
DEADLINE_SECONDS = 30


def start_writer(directory: Path, seed: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(directory), str(seed)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONPATH": "."}
    )


def follow(reader: JournalReader, stream: StreamName, after: int) -> int:
    """Read on to the present end, check every item, and return the new position."""
    while items := reader.read(stream, after=after, limit=50):
        for item in items:
            after += 1
            assert item.seq == after
            assert record_of(item) == datagram(after, octets=len(item.payload))
    return after


def test_nothing_acknowledged_is_lost_and_the_reader_never_sees_half_a_batch(tmp_path: Path) -> None:
    draw = random.Random(7)
    position = acknowledged = 0
    reader = open_journal(tmp_path).reader()
    for number in range(ROUNDS):
        child = start_writer(tmp_path, number)
        assert child.stdout is not None
        try:
            stream = StreamName.parse(child.stdout.readline().strip())
            goal = acknowledged + draw.randrange(1, 1500)
            deadline = time.monotonic() + DEADLINE_SECONDS
            while acknowledged < goal:
                assert time.monotonic() < deadline
                acknowledged = latest(child.stdout, acknowledged)
                position = follow(reader, stream, position)
        finally:
            os.kill(child.pid, signal.SIGKILL)
            rest = child.stdout.read().splitlines()
            child.wait()
            child.stdout.close()
        acknowledged = max([acknowledged, *(int(line) for line in rest if line)])
        with open_journal(tmp_path, segment_bytes=20_000).open_writer("snmp-0") as successor:
            assert successor.next_seq > acknowledged
            acknowledged = successor.next_seq - 1
        position = follow(reader, stream, position)
        assert position == acknowledged
    reader.close()
    assert numbers_kept(open_journal(tmp_path), stream) == list(range(1, acknowledged + 1))


def latest(lines: IO[str], before: int) -> int:
    """The newest number that the child acknowledged; waits a little for the first."""
    if not select.select([lines], [], [], 0.1)[0]:
        return before
    return int(lines.readline())
