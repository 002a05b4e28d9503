"""Retention: whole closed segments go when their time has come. The last segment of a stream is the writer's and stays, unless
the stream has ended."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from collector.domain.clock import to_ns
from collector.domain.ids import StreamName
from collector.journal.disk import sync_directory
from collector.journal.ended import end_of
from collector.journal.index import SparseIndex
from collector.journal.interface import Rescue
from collector.journal.segments import index_path, list_segments, open_window, read_marker, segment_path, stream_directories
from collector.logs import Log

_log = Log(__name__)
_LOCK = ".keep"


class SegmentKeeper:
    """A JournalKeeper over segment files. Readers and the writer need not know of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def drop(self, *, older_than: datetime, processed: dict[StreamName, int], before: Rescue) -> int:
        """See JournalKeeper. `processed` holds the last processed number of each stream; a stream that it does not name is
        kept whole.

        A segment that cannot be removed is logged and stays for the next time, and all of them do while somebody copies them.
        """
        with _locked(self._root, fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            return self._drop(older_than, processed, before) if alone else 0

    def _drop(self, older_than: datetime, processed: dict[StreamName, int], before: Rescue) -> int:
        dropped = 0
        directories = stream_directories(self._root)
        for stream in sorted(directories.keys() & processed.keys()):
            try:
                dropped += _drop(stream, directories[stream], to_ns(older_than), processed[stream], before)
            except (OSError, ValueError) as error:
                _log.error("old segments of the journal could not be removed", stream=str(stream), reason=str(error))
        return dropped


@contextmanager
def nothing_dropped(root: Path) -> Iterator[None]:
    """Keep every segment where it is; waits for a keeper that is dropping some. Raise OSError when the disk refuses."""
    with _locked(root, fcntl.LOCK_SH):
        yield


@contextmanager
def _locked(root: Path, how: int) -> Iterator[bool]:
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _lock(descriptor, how)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True


def _drop(stream: StreamName, directory: Path, older_than_ns: int, processed: int, before: Rescue) -> int:
    marker = read_marker(directory)
    bounds, ended = list_segments(directory), end_of(directory)
    if ended is not None:
        bounds.append(ended + 1)
    old = [
        (first, following)
        for first, following in pairwise(bounds)
        if following - 1 <= processed and _newest_ns(directory, first, following, marker) < older_than_ns
    ]
    for first, following in old:
        before(stream, first, following - 1)
        index_path(directory, first).unlink(missing_ok=True)
        segment_path(directory, first).unlink(missing_ok=True)
    if old:
        sync_directory(directory)
    return len(old)


def _newest_ns(directory: Path, first: int, following: int, marker: bytes) -> int:
    """The latest arrival in a closed segment; 0 when nothing in it can be read any more."""
    window = open_window(directory, first, marker)
    try:
        size = window.size()
        index = SparseIndex.load(index_path(directory, first), size) or SparseIndex()
        if index.scanned < size:
            index.extend(window, size, following)
            index.save(index_path(directory, first))
    finally:
        window.close()
    return index.newest_ns or 0
