"""Which v3 messages to our own engine were taken: a copy of one counts nothing, wherever it comes from.

The receiver takes a copy while it is within the time window of our engine, 150 s to either side (RFC 3414 section 3.2 step 7a),
by the clock that nobody sets. So it is forgotten by that clock too, and then only once everything that the journal held when the
window was over is processed: no wall clock that is set, no stop and no lane that is behind opens a gap. After a start everything
that the store remembers is held as if it had come just now: when it came, and on which clock, is not asked."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from collector.domain.clock import NS_PER_SECOND
from collector.domain.ids import StreamName
from collector.domain.own_engine import WINDOW_SECONDS

COPY_MARK = b"copy "
"""What a remembered message begins with, before the 16 octets of its digest."""
OUTLIVES_CLOCKS_US = 253_370_764_800 * 1_000_000
"""Until when such a one is remembered, to the store: 9999-01-01. It is told when it may go."""
HELD_NS = (2 * WINDOW_SECONDS + 60) * NS_PER_SECOND
"""Longer than the whole window by a minute: so long may a disk take to make durable what came while it was open."""
TOGETHER_NS = 30 * NS_PER_SECOND
"""What was taken within that time is forgotten together."""

COPY_OCTETS = len(COPY_MARK) + 16


@dataclass(slots=True)
class _Taken:
    """What was taken since `begun_ns`. `ended_ns` is when it was complete, None while it grows; `fence` are the ends that the
    streams had when nothing of it was in time any more."""

    begun_ns: int
    digests: list[bytes] = field(default_factory=list)
    ended_ns: int | None = None
    fence: Mapping[StreamName, int] | None = None


class Copies:
    """`now_ns` is the monotonic clock's time everywhere. A batch becomes part of it only when it is committed."""

    def __init__(self, known: Iterable[bytes] = (), *, now_ns: int = 0) -> None:
        self._digests = set(filter(is_copy, known))
        self._taken = deque([_Taken(now_ns, list(self._digests), ended_ns=now_ns)] if self._digests else [])
        self.gone: deque[bytes] = deque()
        """Forgotten here, and still to be forgotten by the store."""

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    def __len__(self) -> int:
        return len(self._digests)

    def commit(self, digests: Iterable[bytes], *, now_ns: int) -> None:
        """Take a committed batch's ones over."""
        added = [digest for digest in digests if is_copy(digest) and digest not in self._digests]
        if not added:
            return
        if not self._taken or self._taken[-1].ended_ns is not None:
            self._taken.append(_Taken(now_ns))
        self._taken[-1].digests += added
        self._digests.update(added)

    def forget(self, *, now_ns: int, ends: Mapping[StreamName, int], done: Mapping[StreamName, int]) -> None:
        """Let go of what no copy can be in time of any more. `ends`: up to where the streams are durable; `done`: up to where
        they are processed. A stream that is given up holds nothing back."""
        for taken in self._taken:
            if taken.ended_ns is None and now_ns - taken.begun_ns >= TOGETHER_NS:
                taken.ended_ns = now_ns
            if taken.fence is None and taken.ended_ns is not None and now_ns - taken.ended_ns >= HELD_NS:
                taken.fence = ends
        while self._taken and _is_behind(self._taken[0].fence, done):
            forgotten = self._taken.popleft().digests
            self._digests.difference_update(forgotten)
            self.gone += forgotten

    def forgotten(self, digests: Collection[bytes]) -> None:
        """The store has forgotten those, the first of `gone`."""
        for _ in digests:
            self.gone.popleft()


def is_copy(digest: bytes) -> bool:
    return len(digest) == COPY_OCTETS and digest.startswith(COPY_MARK)


def _is_behind(fence: Mapping[StreamName, int] | None, done: Mapping[StreamName, int]) -> bool:
    if fence is None:
        return False
    return all(done.get(stream, end) >= end for stream, end in fence.items())
