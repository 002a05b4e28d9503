"""When memory against repeats may go. What is remembered of informs to our engine must outlive their time window, and that
is measured on the monotonic clock (RFC 3414 section 3.2 step 7a), while arrivals are dated by the wall clock, which somebody may
set."""

from datetime import datetime, timedelta

from collector.domain.clock import EPOCH, Clock
from collector.pipeline.repeats import REPLAY_WINDOW_US

HELD = timedelta(microseconds=REPLAY_WINDOW_US)
STEP_NS = 5 * 1_000_000_000
"""How far the two clocks may part unnoticed: `HELD` is longer than our window by more than that."""


class Forgetting:
    """For as long as the window is wide nothing goes after a start, nor after the wall clock was set: when it was set before the
    start is not known. `before`: what has expired by then may go."""

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
