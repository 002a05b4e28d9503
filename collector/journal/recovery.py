"""Opening a stream after whatever happened: finds the durable end in the last segment, cuts off an unfinished batch,
publishes the end. Whoever calls this holds the stream's lock."""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

from collector.domain.errors import JournalError
from collector.domain.ids import StreamName
from collector.journal.counts import StreamCounts
from collector.journal.disk import Disk, journal_error
from collector.journal.ended import end_of
from collector.journal.endword import EndWord, Published
from collector.journal.frames import Header
from collector.journal.index import SparseIndex
from collector.journal.segments import Window, list_segments, read_marker, segment_path
from collector.logs import Log
from collector.ownership import like_its_directory

_log = Log(__name__)
_LOCK = "lock"
LOCK_TRIES = 100
_LOCK_PAUSE = 0.05
_TRIES_OF_READERS = 5
"""How often a reader leaves it to the writer to make the lock of a stream that has none: a writer that just begins it must be
able to use it, whoever reads."""


@dataclass(slots=True)
class Tail:
    """The last segment: `octets` of it are whole batches, `next_seq` follows them, `began_ns` is about when its first item
    arrived.

    `sealed` means that nothing may be written behind them: items were acknowledged that are not there any more.
    """

    first: int
    next_seq: int
    octets: int = 0
    size: int = 0
    began_ns: int | None = None
    sealed: bool = False


def lock_stream(directory: Path, stream: StreamName) -> int:
    """Be the only writer; a predecessor that is dying gets 5 s. Raise JournalError when somebody else stays."""
    for _ in range(LOCK_TRIES):
        descriptor = try_lock(directory)
        if descriptor is not None:
            return descriptor
        time.sleep(_LOCK_PAUSE)
    raise JournalError(f"{stream}: another process is writing this stream")


def settle(stream: StreamName, directory: Path, *, disk: Disk, counts: StreamCounts) -> None:
    """Make the published end true when nobody has done so since the machine started. Raise JournalError when the disk does
    not let us, ValueError when the directory is damaged."""
    marker = read_marker(directory)
    for attempt in range(LOCK_TRIES):
        if _is_settled(directory):
            return
        descriptor = try_lock(directory, may_make=attempt >= _TRIES_OF_READERS)
        if descriptor is not None:
            words = open_end_word(directory)
            try:
                recover(stream, directory, marker, words=words, disk=disk, counts=counts)
            finally:
                words.close()
                os.close(descriptor)
        else:
            time.sleep(_LOCK_PAUSE)
    raise JournalError(f"{stream}: its writer does not finish opening it")


def try_lock(directory: Path, *, may_make: bool = True) -> int | None:
    """Be the only writer, or None when there is one. The lock lasts until the descriptor is closed. Unless `may_make`, None when
    there is no file for it yet either."""
    try:
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        if not may_make:
            return None
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        like_its_directory(directory / _LOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _is_settled(directory: Path) -> bool:
    try:
        words = EndWord(directory, writable=False)
    except (OSError, ValueError):
        return False
    try:
        return words.is_current()
    finally:
        words.close()


def open_end_word(directory: Path) -> EndWord:
    """The shared word for writing, made anew when it was lost."""
    try:
        return EndWord(directory, writable=True)
    except (FileNotFoundError, ValueError):
        (directory / "end").unlink(missing_ok=True)
        made = EndWord.create(directory)
        like_its_directory(directory / "end")
        return made


def recover(
    stream: StreamName, directory: Path, marker: bytes, *, words: EndWord, disk: Disk, counts: StreamCounts
) -> tuple[Tail, SparseIndex]:
    """Raise JournalError when the disk does not let us."""
    try:
        tail, index = _survey(directory, marker)
        _settle(stream, directory, tail, words=words, disk=disk, counts=counts)
    except OSError as error:
        raise journal_error(stream, error) from error
    counts.durable_end = tail.next_seq - 1
    return tail, index


def _settle(stream: StreamName, directory: Path, tail: Tail, *, words: EndWord, disk: Disk, counts: StreamCounts) -> None:
    acknowledged = words.published().end if words.is_current() else 0
    if acknowledged >= tail.next_seq:
        _log.error(
            "acknowledged items are missing from the journal; their numbers are not given again",
            stream=str(stream),
            first_missing=tail.next_seq,
            last_missing=acknowledged,
        )
        tail.next_seq, tail.octets, tail.sealed = acknowledged + 1, tail.size, True
    if tail.first:
        _cut(stream, directory, tail, disk=disk, counts=counts)
    disk.sync_directory(directory)
    words.restate(Published(tail.next_seq - 1, tail.first, tail.octets))


def _cut(stream: StreamName, directory: Path, tail: Tail, *, disk: Disk, counts: StreamCounts) -> None:
    """What was written but not synced by a killed writer becomes durable now; what is no whole batch goes."""
    descriptor = os.open(segment_path(directory, tail.first), os.O_RDWR | os.O_CLOEXEC)
    try:
        torn = not _is_blank(descriptor, tail.octets, tail.size)
        if tail.size > tail.octets:
            disk.truncate(descriptor, tail.octets)
        if torn:
            counts.torn_tails += 1
            _log.warning(
                "an unfinished batch at the end of the journal was cut off",
                stream=str(stream),
                after=tail.next_seq - 1,
                octets=tail.size - tail.octets,
            )
        disk.sync(descriptor)
    finally:
        os.close(descriptor)


def _is_blank(descriptor: int, at: int, size: int) -> bool:
    """Whether only zeros lie there: a writer that was killed had filled them in for its next batches."""
    while at < size and (octets := os.pread(descriptor, 1 << 20, at)):
        if octets.count(0) != len(octets):
            return False
        at += len(octets)
    return True


def _survey(directory: Path, marker: bytes) -> tuple[Tail, SparseIndex]:
    segments = list_segments(directory)
    if not segments:
        return Tail(0, (end_of(directory) or 0) + 1), SparseIndex()
    descriptor = os.open(segment_path(directory, segments[-1]), os.O_RDONLY | os.O_CLOEXEC)
    window = Window(descriptor, marker)
    try:
        return _survey_segment(window, segments[-1])
    finally:
        window.close()


def _survey_segment(window: Window, first: int) -> tuple[Tail, SparseIndex]:
    """Find the end of the last whole batch. Damage before it is rot and stays for the readers to step over; behind it nothing was
    ever acknowledged, as a batch is begun only when the one before is durable."""
    tail, index = Tail(first, first, size=window.size()), SparseIndex()
    seen: list[tuple[int, Header]] = []
    at = run = following = 0
    while found := window.next_frame(at, tail.size):
        at, header = found
        if window.frame(at, header) is None or header.first < tail.next_seq:
            run = -1
        else:
            run = 0 if header.part == 0 else run
            run = run + 1 if header.part == run and (run == 0 or header.first == following) else -1
            following = header.last + 1
            seen.append((at, header))
        at += header.size
        if run == header.parts:
            tail.octets, tail.next_seq = at, header.last + 1
            tail.began_ns = header.newest_ns if tail.began_ns is None else tail.began_ns
            for place in seen:
                index.note(*place)
            seen.clear()
    return tail, index
