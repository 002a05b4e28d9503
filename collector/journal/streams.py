"""Opening a journal's directory: which streams there are, making new ones, and handing out writers, readers and the keeper."""

import fcntl
import os
import secrets
import shutil
import string
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError, JournalError
from collector.domain.ids import StreamName
from collector.journal.copying import StreamFiles, files_of
from collector.journal.counts import JournalCounts
from collector.journal.disk import Disk, journal_error, sync_directory
from collector.journal.durability import check_durable
from collector.journal.ended import is_ended, mark_ended
from collector.journal.endword import EndWord
from collector.journal.frames import MARKER_SIZE
from collector.journal.keeper import SegmentKeeper, nothing_dropped
from collector.journal.reader import SegmentReader
from collector.journal.recovery import lock_stream, open_end_word, recover, settle, try_lock
from collector.journal.segments import marker_path, read_marker, stream_directories
from collector.journal.writer import SEGMENT_BYTES, SegmentWriter
from collector.logs import Log
from collector.metrics import Family

_log = Log(__name__)
_NEW = ".new-"
_LOCK = ".lock"
_ASIDE = ".set-aside"
"""Makes a directory's name that of no stream: it is neither read nor written nor cleared away any more."""


class Journal:
    """A journal in a directory of its own (made when missing, mode 0700), `data_dir/journal` in the product."""

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock,
        segment_bytes: int = SEGMENT_BYTES,
        allow_volatile: bool = False,
        disk: Disk | None = None,
    ) -> None:
        """Raise ConfigurationError when the directory cannot be used or is on a file system that forgets."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            warning = check_durable(directory, allow_volatile=allow_volatile)
            sync_directory(directory.parent)
        except OSError as error:
            raise ConfigurationError(f"{directory}: the journal cannot be kept here: {error.strerror}") from error
        if warning:
            _log.warning("the journal is not durable", reason=warning)
        self._root = directory
        self._clock = clock
        self._segment_bytes = segment_bytes
        self._disk = disk or Disk()
        self._counts = JournalCounts()

    def open_writer(self, lane: str) -> SegmentWriter:
        """The writer of a lane (`snmp-0`, `snmp-0-bulk`, `smtp-0`), whose stream is made with a random epoch the first time, and
        when the one that it had has ended.

        Raise ConfigurationError when the lane's name is none or it has two streams, JournalError when another process is its
        writer and stays for 5 s, or the disk refuses.
        """
        try:
            stream = self._stream_of(lane)
            return self._writer(stream)
        except OSError as error:
            raise journal_error(lane, error) from error

    def reader(self) -> SegmentReader:
        """Streams that nobody has opened since the machine started are recovered first, so that their ends are true.

        Raise JournalError when the disk does not let us.
        """
        self._settle()
        return SegmentReader(self._root, counts=self._counts)

    def keeper(self) -> SegmentKeeper:
        return SegmentKeeper(self._root)

    def nothing_dropped(self) -> AbstractContextManager[None]:
        """Retention waits meanwhile. Raise OSError when the disk refuses."""
        return nothing_dropped(self._root)

    def files(self) -> list[StreamFiles]:
        """What is durable now of every stream, to be copied while `nothing_dropped` holds. Raise JournalError when one of them
        cannot be read: it would be missing from the copy."""
        self._settle()
        return [files_of(stream, directory) for stream, directory in sorted(stream_directories(self._root).items())]

    def directories(self) -> set[StreamName]:
        """Every stream that has a directory, whether it can be read or not."""
        return set(stream_directories(self._root))

    def going_on(self) -> set[StreamName]:
        """Those that have not ended."""
        return {stream for stream, directory in stream_directories(self._root).items() if not is_ended(directory)}

    def aside(self, stream: StreamName) -> Path:
        return self._root / f"{stream}{_ASIDE}"

    def set_aside(self, stream: StreamName) -> None:
        """Give up a stream, keeping its files under another name; the next writer of its lane begins a new one.

        Raise JournalError when somebody writes it, or the disk refuses.
        """
        directory = self._root / str(stream)
        try:
            lock = lock_stream(directory, stream)
            try:
                directory.rename(self.aside(stream))
                sync_directory(self._root)
            finally:
                os.close(lock)
        except OSError as error:
            raise JournalError(f"{stream}: cannot be set aside as {self.aside(stream)}: {error.strerror}") from error

    def end(self, stream: StreamName) -> bool:
        """Nobody writes the stream from now on: it is read to its end and cleared away in time, and its lane goes on in another
        one. False when somebody writes it at this moment. Raise JournalError when the disk refuses."""
        directory = self._root / str(stream)
        try:
            lock = try_lock(directory)
            if lock is None:
                return False
            try:
                mark_ended(directory, self._last_of(stream, directory))
                sync_directory(directory)
            finally:
                os.close(lock)
        except (OSError, ValueError) as error:
            raise JournalError(f"{stream}: cannot be ended: {error}") from error
        return True

    def _last_of(self, stream: StreamName, directory: Path) -> int:
        """The last number that the stream has given, made durable. The caller holds the lock."""
        words = open_end_word(directory)
        try:
            counts = self._counts.of(stream)
            tail, _ = recover(stream, directory, read_marker(directory), words=words, disk=self._disk, counts=counts)
        finally:
            words.close()
        return tail.next_seq - 1

    def families(self) -> Iterable[Family]:
        return self._counts.families()

    def _writer(self, stream: StreamName) -> SegmentWriter:
        try:
            return SegmentWriter(
                stream,
                self._root / str(stream),
                clock=self._clock,
                counts=self._counts.of(stream),
                disk=self._disk,
                segment_bytes=self._segment_bytes,
            )
        except ValueError as error:
            raise JournalError(f"{stream}: {error}") from error

    def _settle(self) -> None:
        for stream, directory in stream_directories(self._root).items():
            try:
                settle(stream, directory, disk=self._disk, counts=self._counts.of(stream))
            except (OSError, ValueError) as error:
                _log.error("a stream of the journal cannot be opened", stream=str(stream), reason=str(error))

    def _stream_of(self, lane: str) -> StreamName:
        fresh = _fresh_name(lane)
        with _only_one(self._root):
            directories = stream_directories(self._root).items()
            found = [stream for stream, place in directories if stream.lane == fresh.lane and not is_ended(place)]
            if len(found) > 1:
                names = ", ".join(map(str, sorted(found)))
                raise ConfigurationError(
                    f"{self._root}: the lane {lane} has more than one stream ({names}); move away the wrong ones"
                )
            if found:
                return found[0]
            _make_stream(self._root, fresh)
            return fresh


def _fresh_name(lane: str) -> StreamName:
    letters = string.ascii_lowercase
    epoch = secrets.choice(letters) + "".join(secrets.choice(letters + string.digits) for _ in range(5))
    try:
        return StreamName.parse(f"{lane}-{epoch}")
    except ValueError as error:
        raise ConfigurationError(f"not the name of a lane: {lane!r}") from error


def _make_stream(root: Path, stream: StreamName) -> None:
    """In one step: the directory gets its name when everything in it is there."""
    for leftover in root.glob(f"{_NEW}*"):
        shutil.rmtree(leftover)
    directory = root / f"{_NEW}{stream}"
    directory.mkdir(mode=0o700)
    marker = marker_path(directory, secrets.token_bytes(MARKER_SIZE))
    os.close(os.open(marker, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    EndWord.create(directory).close()
    sync_directory(directory)
    directory.rename(root / str(stream))
    sync_directory(root)


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Two processes must not make the same lane's stream at once. Held for milliseconds."""
    descriptor = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
