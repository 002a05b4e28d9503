"""Taking a copy of streams while they are written, and laying a copy down as streams that are never written again. Where copies
are kept, and whether they are whole, is collector.backup's business."""

import os
from dataclasses import dataclass
from pathlib import Path

from collector.domain.errors import JournalError
from collector.domain.ids import StreamName
from collector.journal.disk import sync_directory
from collector.journal.ended import is_ended, mark_ended
from collector.journal.endword import EndWord, Published
from collector.journal.segments import list_segments, marker_path, read_marker, segment_path

_TRIES = 1000


@dataclass(frozen=True, slots=True)
class StreamFiles:
    """What a copy of a stream consists of. `octets` of each file are durable and do not change any more; `end` is the number of
    the last item in them. Whoever knows `marker` could forge items behind damage."""

    stream: StreamName
    marker: bytes
    end: int
    ended: bool
    octets: dict[Path, int]


def files_of(stream: StreamName, directory: Path) -> StreamFiles:
    """What is durable now. The stream has been opened since the machine started. Raise JournalError when it cannot be read."""
    try:
        words = EndWord(directory, writable=False)
        try:
            published = _published(words, directory)
        finally:
            words.close()
        firsts = [first for first in list_segments(directory) if first <= published.active]
        sizes = {segment_path(directory, first): segment_path(directory, first).stat().st_size for first in firsts}
        if published.active in firsts:
            sizes[segment_path(directory, published.active)] = published.octets
        elif published.octets and not is_ended(directory):
            raise ValueError(f"{directory}: its last segment is missing")
        return StreamFiles(stream, read_marker(directory), published.end, is_ended(directory), sizes)
    except (OSError, ValueError) as error:
        raise JournalError(f"{stream}: cannot be copied: {error}") from error


def _published(words: EndWord, directory: Path) -> Published:
    """A writer that begins a segment tells its octets before its name: what was read in between belongs to neither segment."""
    for _ in range(_TRIES):
        published = words.published()
        if published.octets or published.end < published.active or not published.active:
            return published
    raise ValueError(f"{directory}: the published end makes no sense")


def lay_down(root: Path, stream: StreamName, marker: bytes, *, end: int) -> Path:
    """Make the directory of a stream that has ended; its segments are put into it afterwards, under the names they had. Raise
    OSError when the disk refuses or it is there."""
    directory = root / str(stream)
    directory.mkdir(mode=0o700)
    os.close(os.open(marker_path(directory, marker), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    EndWord.create(directory).close()
    mark_ended(directory, end)
    sync_directory(directory)
    return directory
