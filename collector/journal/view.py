"""One stream as a reader sees it: which segments there are, how far they are durable, and the way from a sequence number to
a frame."""

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from collector.domain.ids import StreamName
from collector.journal.counts import StreamCounts
from collector.journal.ended import is_ended
from collector.journal.endword import EndWord, Published
from collector.journal.frames import Frame, Header
from collector.journal.index import SparseIndex
from collector.journal.interface import StreamState
from collector.journal.segments import Window, index_path, list_segments, open_window, read_marker
from collector.logs import Log

_log = Log(__name__)
_OPEN_WINDOWS = 4
_KEPT_INDEXES = 64
_KEPT_DAMAGES = 1024
_NO_BOUND = 1 << 63
SEQUENTIAL = 1 << 20
RANDOM = 96 << 10


@dataclass(slots=True)
class Place:
    """Somewhere in a segment, named by its first sequence number. `expected` is the number that should come next there, 0
    when unknown."""

    segment: int
    at: int
    expected: int = 0


class StreamView:
    """Not for several threads at once. Raises OSError or ValueError when the stream's directory is not what a writer makes."""

    def __init__(self, stream: StreamName, directory: Path, *, counts: StreamCounts) -> None:
        self._stream = stream
        self._directory = directory
        self._counts = counts
        self._marker = read_marker(directory)
        self._ended = is_ended(directory)
        self._words = EndWord(directory, writable=False)
        self._published = Published(0, 0, 0)
        self._changed_ns = -1
        self._segments: list[int] = []
        self._windows: OrderedDict[tuple[int, int], Window] = OrderedDict()
        self._indexes: OrderedDict[int, SparseIndex] = OrderedDict()
        self._damages: set[tuple[int, int]] = set()

    def refresh(self) -> int:
        """Look at the shared word and, when segments came or went, at the directory; return the newest durable number."""
        published = self._words.published() if self._words.is_current() else Published(0, 0, 0)
        changed_ns = self._directory.stat().st_mtime_ns
        if published.active != self._published.active or changed_ns != self._changed_ns or not self._segments:
            self._list_segments(changed_ns)
        self._published = published
        self._counts.durable_end = published.end
        return published.end

    def state(self) -> StreamState:
        end = self.refresh()
        first = self._segments[0] if self._segments else end + 1
        return StreamState(self._stream, min(first, end + 1), end, self._ended)

    def locate(self, seq: int, *, ahead: int) -> Place | None:
        """A place at or before the frame that holds `seq`; when that is gone, before the next one. None when nothing is
        durable."""
        if not self._segments:
            return None
        segment = self._segments[max(bisect_right(self._segments, seq) - 1, 0)]
        place = Place(segment, 0)
        window = self._enter(place, ahead=ahead)
        if window is None:
            return None
        if place.segment == segment:
            place.at = self._index(segment, window).offset(seq)
        return place

    def next_frame(self, place: Place, *, ahead: int) -> tuple[Window, int, Header] | None:
        """The first frame at the place or behind it, which moves there; None at the durable end. Damage is stepped over."""
        while (window := self._enter(place, ahead=ahead)) is not None:
            stop, bound = self._limits(place.segment, window)
            found = window.next_frame(place.at, stop)
            if found is not None and found[1].first < bound:
                at, header = found
                if at > place.at:
                    self._damaged(place.segment, place.at)
                place.at, place.expected = at, header.last + 1
                return window, at, header
            if not self._next_segment(place, stop, bound):
                return None
        return None

    def next_whole_frame(self, place: Place, *, ahead: int) -> Frame | None:
        """As next_frame, past frames whose body is damaged too."""
        while (found := self.next_frame(place, ahead=ahead)) is not None:
            window, at, header = found
            frame = window.frame(at, header)
            if frame is not None:
                return frame
            self.skip(place, header)
        return None

    def skip(self, place: Place, header: Header) -> None:
        """The frame at the place is of no use: count it and go behind it."""
        self._damaged(place.segment, place.at)
        place.at += header.size

    def close(self) -> None:
        for window in self._windows.values():
            window.close()
        self._windows.clear()
        self._words.close()

    def _list_segments(self, changed_ns: int) -> None:
        self._segments = list_segments(self._directory)
        self._changed_ns = changed_ns
        kept = set(self._segments)
        for key in [key for key in self._windows if key[0] not in kept]:
            self._windows.pop(key).close()
        for segment in [segment for segment in self._indexes if segment not in kept]:
            del self._indexes[segment]

    def _enter(self, place: Place, *, ahead: int) -> Window | None:
        """The window of the place's segment; when that was dropped, of the next one."""
        while True:
            window = self._window(place.segment, ahead=ahead)
            if window is not None:
                return window
            position = bisect_right(self._segments, place.segment)
            if position == len(self._segments):
                return None
            place.segment, place.at, place.expected = self._segments[position], 0, 0

    def _next_segment(self, place: Place, stop: int, bound: int) -> bool:
        """Go behind what is left in this segment; False when there is no segment behind it."""
        if bound == _NO_BOUND:
            if stop > place.at:
                self._damaged(place.segment, place.at)
                place.at = stop
            return False
        if place.expected and place.expected < bound:
            self._damaged(place.segment, place.at)
        place.segment, place.at, place.expected = bound, 0, bound
        return True

    def _limits(self, segment: int, window: Window) -> tuple[int, int]:
        """Where durable octets stop in the segment, and the first number that is not its own."""
        if segment == self._published.active:
            return self._published.octets, _NO_BOUND
        position = bisect_right(self._segments, segment)
        bound = self._segments[position] if position < len(self._segments) else _NO_BOUND
        return window.size(), bound

    def _window(self, segment: int, *, ahead: int) -> Window | None:
        """None when the segment is not there, or nothing in it is durable yet."""
        active = self._published.active
        if segment > active or (segment == active and not self._published.octets):
            return None
        window = self._windows.get((segment, ahead))
        if window is None:
            try:
                window = open_window(self._directory, segment, self._marker, ahead=ahead)
            except FileNotFoundError:
                self._segments = [other for other in self._segments if other != segment]
                return None
            self._windows[segment, ahead] = window
            if len(self._windows) > _OPEN_WINDOWS:
                self._windows.popitem(last=False)[1].close()
        self._windows.move_to_end((segment, ahead))
        return window

    def _index(self, segment: int, window: Window) -> SparseIndex:
        stop, bound = self._limits(segment, window)
        closed = bound != _NO_BOUND
        index = self._indexes.get(segment)
        if index is None:
            index = (SparseIndex.load(index_path(self._directory, segment), stop) if closed else None) or SparseIndex()
            self._indexes[segment] = index
            if len(self._indexes) > _KEPT_INDEXES:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(segment)
        if index.scanned < stop:
            index.extend(window, stop, bound)
            if closed:
                index.save(index_path(self._directory, segment))
        return index

    def _damaged(self, segment: int, at: int) -> None:
        """Count and log each damaged place once."""
        if (segment, at) in self._damages:
            return
        if len(self._damages) < _KEPT_DAMAGES:
            self._damages.add((segment, at))
            _log.error("a damaged place in the journal was stepped over", stream=str(self._stream), segment=segment, offset=at)
        self._counts.corrupt_frames += 1
