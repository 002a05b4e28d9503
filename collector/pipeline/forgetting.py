"""When memory against repeats may go. It lasts until some time of the wall clock, which somebody may set; copies of v3 messages,
which somebody plays back, have a memory of their own that asks no such clock (`copies`)."""

from datetime import datetime, timedelta

from collector.domain.clock import EPOCH, Clock

HELD = timedelta(minutes=5)
STEP_NS = 5 * 1_000_000_000
"""How far the two clocks may part unnoticed."""


class Forgetting:
    """For a while nothing goes after a start, nor after the wall clock was set: it may be set back again, and when it was set
    before the start is not known. `before`: what has expired by then may go."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart_ns = self._apart()
        self._held_until = clock.now() + HELD
        self.before: datetime = EPOCH

    def note(self, nothing_before: datetime) -> None:
        """Nothing that arrived before that will come any more."""
        apart_ns = self._apart()
        if abs(apart_ns - self._apart_ns) > STEP_NS:
            self._apart_ns, self._held_until = apart_ns, self._clock.now() + HELD
        held = nothing_before <= self._held_until
        self.before = min(self.before, nothing_before) if held else nothing_before

    def _apart(self) -> int:
        return self._clock.now_ns() - self._clock.monotonic_ns()
