"""Reading the durable part of every stream, in order or one by one, from any process of the machine."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from collector.domain.errors import JournalError
from collector.domain.ids import StreamName
from collector.domain.item import Item
from collector.journal.counts import JournalCounts
from collector.journal.frames import decode_items
from collector.journal.interface import StreamState
from collector.journal.segments import stream_directories
from collector.journal.view import RANDOM, SEQUENTIAL, Place, StreamView
from collector.logs import Log

_log = Log(__name__)


class SegmentReader:
    """A JournalReader over segment files. Any number of threads: calls wait for each other."""

    def __init__(self, root: Path, *, counts: JournalCounts) -> None:
        self._root = root
        self._counts = counts
        self._lock = threading.Lock()
        self._views: dict[StreamName, StreamView] = {}
        self._places: dict[StreamName, tuple[int, Place]] = {}
        self._unreadable: set[StreamName] = set()

    def streams(self) -> list[StreamState]:
        """Every stream's state, by name. A stream whose directory is damaged is logged once and left out."""
        with self._lock:
            self._look_for_streams()
            return [view.state() for _, view in sorted(self._views.items())]

    def read(self, stream: StreamName, *, after: int, limit: int, max_bytes: int = 8 << 20) -> list[Item]:
        """See JournalReader. A damaged frame is skipped: the sequence numbers jump. A stream that is not there has no items."""
        with self._lock:
            view = self._view(stream)
            if view is None or limit < 1 or after >= view.refresh():
                return []
            known, place = self._places.get(stream, (-1, None))
            if place is None or known != after:
                place = view.locate(after + 1, ahead=SEQUENTIAL)
            if place is None:
                return []
            items = _read_on(view, place, str(stream), after=after, limit=limit, max_bytes=max_bytes)
            self._places[stream] = (items[-1].seq if items else after, place)
            return items

    def get(self, stream: StreamName, seq: int) -> Item | None:
        """See JournalReader. None also when the item's frame is damaged."""
        with self._lock:
            view = self._view(stream)
            if view is None or not 0 < seq <= view.refresh():
                return None
            return _get(view, str(stream), seq)

    def close(self) -> None:
        with self._lock:
            for view in self._views.values():
                view.close()
            self._views.clear()
            self._places.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _view(self, stream: StreamName) -> StreamView | None:
        view = self._views.get(stream)
        if view is None:
            self._look_for_streams()
            view = self._views.get(stream)
        return view

    def _look_for_streams(self) -> None:
        for stream, directory in stream_directories(self._root).items():
            if stream not in self._views:
                self._open_view(stream, directory)

    def _open_view(self, stream: StreamName, directory: Path) -> None:
        try:
            self._views[stream] = StreamView(stream, directory, counts=self._counts.of(stream))
        except (OSError, ValueError) as error:
            if stream not in self._unreadable:
                self._unreadable.add(stream)
                _log.error("a stream of the journal cannot be read", stream=str(stream), reason=str(error))


def _get(view: StreamView, stream: str, seq: int) -> Item | None:
    place = view.locate(seq, ahead=RANDOM)
    while place is not None and (found := view.next_frame(place, ahead=RANDOM)) is not None:
        window, at, header = found
        if header.last < seq:
            place.at = at + header.size
            continue
        if header.first <= seq:
            number = seq - header.first
            with suppress(JournalError):
                if (frame := window.frame(at, header)) is not None:
                    return decode_items(frame, stream, number, number + 1)[0]
            view.skip(place, header)
        return None
    return None


def _read_on(view: StreamView, place: Place, stream: str, *, after: int, limit: int, max_bytes: int) -> list[Item]:
    """Items from the place on, which moves to where the next read goes on."""
    items: list[Item] = []
    octets = 0
    while len(items) < limit and octets < max_bytes and (frame := view.next_whole_frame(place, ahead=SEQUENTIAL)) is not None:
        header = frame.header
        low = max(after + 1 - header.first, 0)
        high = min(header.records, low + limit - len(items))
        if low < high:
            try:
                items += decode_items(frame, stream, low, high)
            except JournalError:
                view.skip(place, header)  # the check sum is right, the form is not: a later version wrote it
                continue
            octets += header.length
        if high < header.records:
            break
        place.at += header.size
    return items
