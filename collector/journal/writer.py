"""The single writer of a stream: one append is one write, one sync and one store to the shared end word."""

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import JournalError
from collector.domain.ids import StreamName
from collector.domain.item import Record
from collector.journal.counts import StreamCounts
from collector.journal.disk import Disk, journal_error
from collector.journal.frames import Header, encode_batch
from collector.journal.index import SparseIndex
from collector.journal.recovery import lock_stream, open_end_word, recover
from collector.journal.segments import index_path, read_marker, segment_path

SEGMENT_BYTES = 64 << 20
SEGMENT_AGE_NS = 24 * 3600 * NS_PER_SECOND
"""A segment is also closed after a day, so that retention by whole segments works for streams with little traffic."""

_SMALL = 64 << 10
_FILL = 1 << 20


class SegmentWriter:
    """A JournalWriter over segment files. One thread at a time."""

    def __init__(
        self,
        stream: StreamName,
        directory: Path,
        *,
        clock: Clock,
        counts: StreamCounts,
        disk: Disk,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Raise JournalError when the stream has another writer that does not go away, or the disk refuses."""
        self._stream = stream
        self._directory = directory
        self._clock = clock
        self._counts = counts
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._descriptor: int | None = None
        self._filled = 0
        self._closed = False
        self._lock = lock_stream(directory, stream)
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        self._marker = read_marker(self._directory)
        self._words = open_end_word(self._directory)
        tail, self._index = recover(
            self._stream, self._directory, self._marker, words=self._words, disk=self._disk, counts=self._counts
        )
        self._first, self._next_seq, self._octets = tail.first, tail.next_seq, tail.octets
        self._began_ns = tail.began_ns
        if tail.first and not tail.sealed:
            self._descriptor = os.open(segment_path(self._directory, tail.first), os.O_RDWR | os.O_CLOEXEC)

    @property
    def stream(self) -> StreamName:
        return self._stream

    @property
    def next_seq(self) -> int:
        return self._next_seq

    def append(self, records: Sequence[Record]) -> int:
        """See JournalWriter. An empty batch is durable at once. A batch that failed may be found again by the next opening
        when the disk did not even let it be cut off and the process was then killed: it was not acknowledged, so its sender
        repeats it."""
        if self._closed:
            raise JournalError(f"{self._stream}: the writer is closed")
        if not records:
            return self._next_seq
        first = self._next_seq
        frames = encode_batch(self._marker, first, records)
        began = self._clock.monotonic_ns()
        try:
            self._commit([octets for _, octets in frames], records[0].received_at_ns)
        except OSError as error:
            self._counts.failures += 1
            raise journal_error(self._stream, error) from error
        self._publish([header for header, _ in frames])
        self._count(len(records), sum([len(octets) for _, octets in frames]), self._clock.monotonic_ns() - began)
        return first

    def close(self) -> None:
        """Let the next writer in. What was appended is durable already."""
        if self._closed:
            return
        self._closed = True
        self._leave_segment()
        self._words.close()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit(self, frames: list[bytearray], now_ns: int) -> None:
        descriptor = self._segment_for(sum(map(len, frames)), now_ns)
        at = self._octets
        try:
            for octets in frames:
                self._disk.write(descriptor, octets, at)
                at += len(octets)
            self._fill_ahead(descriptor, at)
        except OSError as error:
            self._cut_back(keep=error.errno != errno.EFBIG)  # that one is the file's own limit: a fresh file has room
            raise
        try:
            self._disk.sync(descriptor)
        except OSError:
            # The kernel may have dropped the pages and call the next sync of this file a success: never ask it again.
            self._cut_back(keep=False)
            raise

    def _fill_ahead(self, descriptor: int, at: int) -> None:
        """Small commits overwrite zeros that an earlier one has written: such a sync need not record that the file grew, which
        costs the file system a commit of its own."""
        if at - self._octets > _SMALL or at <= self._filled:
            return
        try:
            self._disk.write(descriptor, bytes(_FILL), at)
        except OSError:
            return  # no room for zeros; the batch itself is written
        self._filled = at + _FILL

    def _publish(self, headers: list[Header]) -> None:
        at = self._octets
        for header in headers:
            self._index.note(at, header)
            at += header.size
        self._octets = at
        self._next_seq = headers[-1].last + 1
        self._words.advance(self._next_seq - 1, at)

    def _count(self, items: int, octets: int, spent_ns: int) -> None:
        counts = self._counts
        counts.items += items
        counts.octets += octets
        counts.commits += 1
        counts.commit_ns += spent_ns
        counts.durable_end = self._next_seq - 1

    def _segment_for(self, size: int, now_ns: int) -> int:
        """The open segment, or a fresh one when it is full or old."""
        if self._descriptor is not None and self._octets and self._is_done(size, now_ns):
            self._leave_segment()
            self._index.save(index_path(self._directory, self._first))
        if self._descriptor is None:
            self._begin_segment()
        if not self._octets:
            self._began_ns = now_ns
        assert self._descriptor is not None  # noqa: S101 - for the type checker
        return self._descriptor

    def _is_done(self, size: int, now_ns: int) -> bool:
        old = self._began_ns is not None and now_ns - self._began_ns >= SEGMENT_AGE_NS
        return old or self._octets + size > self._segment_bytes

    def _begin_segment(self) -> None:
        """Nothing durable can lie under this name: it is the number of the next record. A failed attempt may have left it."""
        first = self._next_seq
        path = segment_path(self._directory, first)
        self._disk.remove(path)
        self._descriptor = self._disk.create(path)
        self._first, self._octets, self._filled, self._index = first, 0, 0, SparseIndex()
        self._words.begin_segment(first)

    def _cut_back(self, *, keep: bool) -> None:
        """Forget the batch, and go on in a fresh segment unless this one may be kept. What cannot be cut off is bounded by
        the name of the next segment, and readers stop at it."""
        assert self._descriptor is not None  # noqa: S101 - for the type checker
        try:
            self._disk.truncate(self._descriptor, self._octets)
            self._filled = self._octets
        except OSError:
            keep = False
        if not keep:
            self._leave_segment()

    def _leave_segment(self) -> None:
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with suppress(OSError):  # zeros behind the last frame are a waste of room, no harm
            if self._filled > self._octets:
                self._disk.truncate(descriptor, self._octets)
        os.close(descriptor)
