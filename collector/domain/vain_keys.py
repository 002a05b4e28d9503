"""How many keys are tried in vain. A v3 message names its user, and a thousand consoles may have users of one name: of what a
relay passes on nothing else tells who sent it, so a forged message would cost a thousand digests, and relays have no rate."""

from collector.domain.limits import Bucket, Limit

FEW_KEYS = 16
"""Tried for every message: 0.1 ms of work, less than a trap costs that becomes a case."""
MANY_KEYS = Limit(rate=10_000, burst=100_000)
"""Of more: a key costs 3 to 10 us, so that is a tenth of a processor at most, and a second of one at once."""


class VainKeys:
    """Those of one thread, by one clock. Who finds the right key may look for it as often as he likes: the others count."""

    def __init__(self, limit: Limit = MANY_KEYS) -> None:
        self._bucket = Bucket(limit)
        self._most = limit.burst
        self._full_at_ns = 0

    def begin(self, keys: int, now_ns: int) -> bool:
        """Whether so many may be tried now; they count until one of them is `found`."""
        self._full_at_ns = self._bucket.full_at_ns
        return keys <= FEW_KEYS or self._bucket.take(now_ns, min(keys, self._most))

    def found(self) -> None:
        """What began last was not in vain."""
        self._bucket.full_at_ns = self._full_at_ns
