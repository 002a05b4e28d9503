"""How far a long copy has come, told now and then."""

from collections.abc import Callable

from collector.domain.clock import NS_PER_SECOND, Clock

_EVERY_NS = 2 * NS_PER_SECOND


class Progress:
    """Says something at most every two seconds, so that a short copy says nothing."""

    def __init__(self, clock: Clock, say: Callable[[str], None]) -> None:
        self._clock = clock
        self._say = say
        self._said_ns = clock.monotonic_ns()

    def tell(self, what: str, done: int, whole: int) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._said_ns >= _EVERY_NS:
            self._said_ns = now_ns
            self._say(f"{what}: {done:,} of {whole:,}")

    def counting(self, what: str, whole: int) -> Callable[[int], None]:
        """Tell of something of which more and more is done: call it with how much more."""
        done = 0

        def moved(more: int) -> None:
            nonlocal done
            done += more
            self.tell(what, done, whole)

        return moved
