"""The segment files of one stream: their names, and a window through which frames are found in them. Damage is stepped over here:
whatever is not a whole, checked frame is skipped up to the next marker."""

import errno
import os
from pathlib import Path

from collector.domain.ids import StreamName
from collector.journal.frames import FRAME_BYTES, HEADER_SIZE, MARKER_SIZE, Frame, Header, body_is_intact, parse_header

SEGMENT = ".seg"
INDEX = ".idx"
_MARKER = ".marker"
_FORMAT = "v1-"
_PAGE = 4096
_KEEP = 2 * FRAME_BYTES  # only one mail in a frame of its own is longer; it is not held in memory


def segment_path(directory: Path, first: int) -> Path:
    """Segments carry the sequence number that their first record has, so that names sort and bound each other."""
    return directory / f"{first:020d}{SEGMENT}"


def index_path(directory: Path, first: int) -> Path:
    return directory / f"{first:020d}{INDEX}"


def list_segments(directory: Path) -> list[int]:
    """The first sequence numbers of the segments, ascending."""
    with os.scandir(directory) as entries:
        names = [entry.name.removesuffix(SEGMENT) for entry in entries if entry.name.endswith(SEGMENT)]
    return sorted(int(name) for name in names if name.isdecimal())


def marker_path(directory: Path, marker: bytes) -> Path:
    """The marker lies in the name of an empty file: a name cannot rot unseen, and no record has to be read to learn it."""
    return directory / f"{_FORMAT}{marker.hex()}{_MARKER}"


def read_marker(directory: Path) -> bytes:
    """The octets that begin every frame of the stream. Random and never shown outside, so that nobody can send a datagram
    that looks like a frame to whoever searches behind damage. Raise ValueError when the directory does not say."""
    names = [path.name for path in directory.glob(f"{_FORMAT}*{_MARKER}")]
    if len(names) != 1:
        raise ValueError(f"{directory}: expected one file named {_FORMAT}*{_MARKER}, found {len(names)}")
    marker = bytes.fromhex(names[0].removeprefix(_FORMAT).removesuffix(_MARKER))
    if len(marker) != MARKER_SIZE:
        raise ValueError(f"{directory}: {names[0]} does not hold {MARKER_SIZE} octets")
    return marker


def stream_directories(root: Path) -> dict[StreamName, Path]:
    """Every stream in the journal's directory; other names are passed over."""
    found = {}
    for entry in os.scandir(root):
        try:
            name = StreamName.parse(entry.name)
        except ValueError:
            continue
        found[name] = Path(entry.path)
    return found


class Window:
    """One segment file, seen through one buffer that reads `ahead` octets at a time and never beyond the `stop` it is asked with:
    what lies behind the durable end may still change."""

    def __init__(self, descriptor: int, marker: bytes, *, ahead: int = 1 << 20) -> None:
        self._descriptor = descriptor
        self._marker = marker
        self._ahead = ahead
        self._buffer = b""
        self._start = 0

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        os.close(self._descriptor)

    def next_frame(self, at: int, stop: int) -> tuple[int, Header] | None:
        """The first frame at `at` or later that ends by `stop` and whose header is good; its body is not looked at."""
        while stop - at >= HEADER_SIZE:
            buffer, index = self._view(at, HEADER_SIZE, stop)
            header = parse_header(buffer, index, self._marker)
            if header is not None and at + header.size <= stop:
                return at, header
            at = self._next_marker(at + 1, stop)
        return None

    def frame(self, at: int, header: Header) -> Frame | None:
        """The frame whose header stands at `at`, or None when its body is damaged."""
        buffer, index = self._view(at, header.size, at + header.size)
        body = index + HEADER_SIZE
        return Frame(header, buffer, body) if body_is_intact(header, buffer, body) else None

    def _next_marker(self, at: int, stop: int) -> int:
        while stop - at >= HEADER_SIZE:
            buffer, index = self._view(at, HEADER_SIZE, stop)
            seen = len(buffer) - index
            if seen < HEADER_SIZE:
                break  # the file is shorter than it should be
            found = buffer.find(self._marker, index)
            if found >= 0:
                return at + found - index
            at += seen - MARKER_SIZE + 1
        return stop

    def _view(self, at: int, size: int, stop: int) -> tuple[bytes, int]:
        """A buffer and the index of `at` in it; `size` octets follow unless the file ends."""
        index = at - self._start
        if index < 0 or index + size > len(self._buffer):
            buffer = self._read(at, min(max(size, self._ahead), stop - at))
            if size > _KEEP:
                return buffer, 0
            self._buffer, self._start, index = buffer, at, 0
        return self._buffer, index

    def _read(self, at: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, at)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
        return b"".join(self._read_page(begin, min(_PAGE, at + size - begin)) for begin in range(at, at + size, _PAGE))

    def _read_page(self, at: int, size: int) -> bytes:
        """A page that the disk cannot give back reads as zeros; the checks find it damaged."""
        try:
            return os.pread(self._descriptor, size, at)
        except OSError:
            return bytes(size)


def open_window(directory: Path, first: int, marker: bytes, *, ahead: int = 1 << 20) -> Window:
    """Raise FileNotFoundError when the segment was dropped."""
    descriptor = os.open(segment_path(directory, first), os.O_RDONLY | os.O_CLOEXEC)
    return Window(descriptor, marker, ahead=ahead)
