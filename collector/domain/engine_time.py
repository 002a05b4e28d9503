"""What we know of the time of somebody else's SNMP engine, and whether a message of it is too old to be believed (RFC 3414
sections 2.3 and 3.2 step 7b). Nothing is remembered here."""

from typing import NamedTuple, Self

MAX_BOOTS = 0x7FFFFFFF
"""RFC 3414 section 2.2.2: an engine that got there is never in time again."""
WINDOW_SECONDS = 150
"""RFC 3414 section 2.2.3."""
_US_PER_SECOND = 1_000_000


class Arrival(NamedTuple):
    """When a message arrived, in microseconds: since the epoch on the wall clock, which somebody may set, and on the clock that
    nobody sets, which begins anew with the machine."""

    wall_us: int
    steady_us: int

    def since(self, other: "Arrival") -> int:
        """At least so many seconds passed since the other one, which may be negative. A wall clock that was set says too much or
        too little, the other one too little after a start of the machine; so nothing honest is called late by either."""
        return min(self.wall_us - other.wall_us, self.steady_us - other.steady_us) // _US_PER_SECOND


class EngineTime(NamedTuple):
    """The highest boots and time (seconds) that an authentic message of the engine said, and when it arrived. What arrives is
    judged by the time of its own arrival, which may be before that: lanes are not served in turn."""

    boots: int
    time: int
    at: Arrival

    def notion(self, at: Arrival) -> int:
        """What the engine's clock shows at that time, as far as we know: it runs as fast as ours. May be below zero."""
        return self.time + at.since(self.at)

    def after(self, boots: int, time: int, at: Arrival) -> Self | None:
        """What is known after an authentic message that says so arrived; None when it is outside the time window.

        Higher boots, or a higher time within the same ones, are always within it: they are the newest word.
        """
        if self.boots >= MAX_BOOTS or boots >= MAX_BOOTS:
            return None
        if boots > self.boots or (boots == self.boots and time > self.time):
            return type(self)(boots, time, at)
        return self if boots == self.boots and time >= self.notion(at) - WINDOW_SECONDS else None

    def contradicts(self, boots: int, time: int, at: Arrival) -> bool:
        """Whether what arrived before this says more than the engine's clock can have shown then."""
        newer = (boots, time) > (self.boots, self.time)
        most = self.time - self.at.since(at) + WINDOW_SECONDS
        return newer and at.wall_us < self.at.wall_us and (boots > self.boots or time > most)

    @classmethod
    def first(cls, boots: int, time: int, at: Arrival) -> Self | None:
        """What is known after the first authentic message; None when it is outside the time window."""
        return cls(boots, time, at) if boots < MAX_BOOTS else None


class EarlierBoots(NamedTuple):
    """What is known of an engine's boots before the present ones: what arrived before `until_us`, when the first message of the
    present ones did (microseconds since the epoch), is judged by it. Message ids up to `forgotten_to` are not known any more."""

    time: EngineTime
    forgotten_to: int
    until_us: int
