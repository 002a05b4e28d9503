"""How often somebody may try to sign in: failures are remembered per name and address, and for a while nothing more is tried.
Memory is bounded; whether a password fits is decided elsewhere."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from collector.domain.clock import NS_PER_SECOND
from collector.metrics import Family

BLOCKED_FOR = timedelta(minutes=1)
FROM_ONE_PLACE = 5
"""Failures of one name from one address."""
FROM_ANYWHERE = 30
"""Failures of one name, or from one address. More than of the pair: a stranger must not lock a colleague out with five guesses,
and many people may share the address of an office."""
REMEMBERED = 10_000
_BLOCKED_NS = int(BLOCKED_FOR.total_seconds()) * NS_PER_SECOND


class SignIn(StrEnum):
    """How an attempt ended."""

    OK = "ok"
    WRONG = "wrong"
    BLOCKED = "blocked"
    BUSY = "busy"


class SignInCounters:
    """Attempts since the start of the role."""

    def __init__(self) -> None:
        self.ended: Counter[SignIn] = Counter()

    def families(self) -> Iterator[Family]:
        samples = [((result.value,), float(self.ended[result])) for result in SignIn]
        yield Family("collector_sign_ins", "Attempts to sign in on the page, by how they ended", "counter", ("result",), samples)


@dataclass(slots=True)
class _Failures:
    number: int
    last_ns: int


class Limiter:
    """Times are of a monotonic clock. Without an address only the name is counted: people whom a proxy makes look alike must not
    lock each other out."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def is_blocked(self, name: str, address: str | None, now_ns: int) -> bool:
        return any(self._number(key, now_ns) >= most for key, most in _keys(name, address))

    def failed(self, name: str, address: str | None, now_ns: int) -> None:
        for key, _ in _keys(name, address):
            number = self._number(key, now_ns)
            self._failures[key] = _Failures(number + 1, now_ns)
            self._failures.move_to_end(key)
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str | None) -> None:
        """Who knows the password made typing mistakes before. Others that fail from the same address stay counted."""
        if address is not None:
            self._failures.pop((name, address), None)

    def _number(self, key: tuple[str, str], now_ns: int) -> int:
        """Failures that still count: forgotten one minute after the last."""
        found = self._failures.get(key)
        if found is None:
            return 0
        if now_ns - found.last_ns >= _BLOCKED_NS:
            del self._failures[key]
            return 0
        return found.number


def _keys(name: str, address: str | None) -> tuple[tuple[tuple[str, str], int], ...]:
    anywhere = ((name, ""), FROM_ANYWHERE)
    if address is None:
        return (anywhere,)
    return ((name, address), FROM_ONE_PLACE), anywhere, (("", address), FROM_ANYWHERE)
