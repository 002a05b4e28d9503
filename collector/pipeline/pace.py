"""How many items a batch may take, so that its transaction does not keep other writers waiting for long."""

_TARGET_SECONDS = 0.020
_SMALLEST = 500
_WEIGHT = 0.3


class Pace:
    """Learns what an item costs inside the transaction and allows as many as fit into 20 ms: an acknowledge through
    the API must not feel the traffic.

    Between 500 and `most`: a smaller batch would spend its time on the commit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._cost = _TARGET_SECONDS / most

    @property
    def limit(self) -> int:
        """Items of the next batch."""
        return max(min(_SMALLEST, self._most), min(self._most, int(_TARGET_SECONDS / self._cost)))

    def note(self, items: int, seconds: float) -> None:
        """A batch of so many items held the write lock for so long. Small batches say little: their commit is most of it."""
        if items >= _SMALLEST // 2:
            self._cost += _WEIGHT * (max(seconds, 1e-6) / items - self._cost)
