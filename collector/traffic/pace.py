"""When the next of a row of things is due. It only calculates; waiting is the caller's business."""

from collector.domain.clock import NS_PER_SECOND


class Pace:
    """An even rate from `start_ns` on (monotonic). What could not be done in its time is made up for, but not more than a second
    of it, so that a stall is not followed by a flood. `per_second` 0 means: at once."""

    def __init__(self, per_second: float, start_ns: int) -> None:
        self._interval_ns = NS_PER_SECOND / per_second if per_second else 0.0
        self._next_ns = float(start_ns)

    def due(self, now_ns: int, at_most: int) -> int:
        """How many may be done now; they count as done."""
        if not self._interval_ns:
            return at_most
        self._next_ns = max(self._next_ns, now_ns - NS_PER_SECOND)
        if now_ns < self._next_ns:
            return 0
        count = min(at_most, int((now_ns - self._next_ns) / self._interval_ns) + 1)
        self._next_ns += count * self._interval_ns
        return count

    def seconds_left(self, now_ns: int) -> float:
        """Until the next one is due, 0 when it is."""
        return max(0.0, (self._next_ns - now_ns) / NS_PER_SECOND) if self._interval_ns else 0.0
