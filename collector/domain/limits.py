"""How much somebody may send in how much time: a rate with a burst, and the bucket that keeps count of it."""

from dataclasses import dataclass

from collector.domain.clock import NS_PER_SECOND

OCTETS_PER_TOKEN = 1_500
"""What fits into one packet of Ethernet. What is larger costs more to store and to decode, so it takes more tokens."""

_MOST_TOKENS = 65_535 // OCTETS_PER_TOKEN + 1
_LATE_NS = 10 * NS_PER_SECOND
"""How much later than another one an earlier arrival may be looked at."""


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` tokens a second (0 = no limit), and `burst` at once."""

    rate: int
    burst: int


def tokens_of(octets: int) -> int:
    """What a datagram of so many octets costs: one, and one more for each further packet that it fills."""
    return 1 + octets // OCTETS_PER_TOKEN


class Bucket:
    """A token bucket, kept as the time at which it will be full again (generic cell rate algorithm, ITU-T I.371). Times are
    nanoseconds of one clock. What comes late finds what those before it left; when the clock was set back, the bucket is full."""

    __slots__ = ("_cost_ns", "_depth_ns", "_longest_ns", "full_at_ns")

    def __init__(self, limit: Limit, *, full_at_ns: int = 0) -> None:
        self._cost_ns = NS_PER_SECOND // limit.rate
        self._depth_ns = self._cost_ns * max(limit.burst, 1)
        self._longest_ns = self._depth_ns + self._cost_ns * _MOST_TOKENS + _LATE_NS
        self.full_at_ns = full_at_ns

    def take(self, now_ns: int, tokens: int) -> bool:
        """Whether there were enough; otherwise none is taken. A full bucket gives what it has not, else what costs more than a
        burst would never pass."""
        full_at_ns = self.full_at_ns
        if full_at_ns < now_ns or full_at_ns - now_ns > self._longest_ns:
            full_at_ns = now_ns
        after_ns = full_at_ns + self._cost_ns * tokens
        if after_ns - now_ns > self._depth_ns and full_at_ns > now_ns:
            return False
        self.full_at_ns = after_ns
        return True
