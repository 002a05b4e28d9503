"""Trials with traps, the same for whoever takes them: how many per second, what it costs, what is the most that is sustained.
A trial in which anything is unaccounted for ends the benchmark."""

import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from tests.acceptance.senders import Address
from tests.benchmarks.conditions import CLOCK, seconds_since
from tests.benchmarks.figures import CountsDiffer
from tests.benchmarks.trap_sender import Sent

PATIENCE_SECONDS = 20.0
"""So long without any progress, and what is missing counts as skipped."""
PUNCTUAL_SECONDS = 1.0
TOLERATED = 0.001
"""A rate is sustained when no more than this part is lost and the last trap is dealt with at most so long after it was sent."""

HOPE = 1.5
"""A rate this many times above what just came through is not tried."""

STEP_DOWN = 0.9
"""After a long trial that failed, the next one is at most at this part of its rate."""


class Tally(NamedTuple):
    """Since the taker's start: traps dealt with, and those that it or its kernel lost and counted."""

    taken: int
    lost: int


class Taker(Protocol):
    """A running program that takes traps at an address."""

    address: Address

    def tally(self) -> Tally: ...

    def cpu(self) -> Mapping[str, float]:
        """Processor seconds so far, by part of the program."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of sending `sent.traps`; `behind` are the seconds from the last one sent to the last one dealt with."""

    sent: Sent
    lost: int
    behind: float
    cpu: Mapping[str, float]

    def cpu_us(self, *parts: str) -> float:
        """Microseconds per trap, of these parts or of all."""
        return sum(self.cpu[part] for part in parts or self.cpu) / (self.sent.traps - self.lost) * 1e6

    @property
    def through(self) -> float:
        """Traps dealt with per second, from the first one sent to the last one done."""
        return (self.sent.traps - self.lost) / (self.sent.seconds + self.behind)

    @property
    def is_sustained(self) -> bool:
        return self.lost <= self.sent.traps * TOLERATED and self.behind <= PUNCTUAL_SECONDS


class Sender(Protocol):
    """Sends traps at a rate; 0 is as fast as it can."""

    def send(self, target: Address, traps: int, rate: int) -> Sent: ...


def trial(taker: Taker, sender: Sender, traps: int, rate: int, *, patience_seconds: float = PATIENCE_SECONDS) -> Trial:
    """Send, wait for everything, and account for it; raise CountsDiffer when that is not possible."""
    before, cpu_before = taker.tally(), taker.cpu()
    sent = sender.send(taker.address, traps, rate)
    begun_ns = CLOCK.monotonic_ns()
    lost = _accounted(taker, before, traps, patience_seconds)
    behind, cpu = seconds_since(begun_ns), taker.cpu()
    return Trial(sent, lost, behind, {part: seconds - cpu_before[part] for part, seconds in cpu.items()})


def _accounted(taker: Taker, before: Tally, traps: int, patience_seconds: float) -> int:
    """Wait until everything is taken or known to be lost; return how many are lost."""
    pause, last, since_ns = threading.Event(), before, CLOCK.monotonic_ns()
    while True:
        now = taker.tally()
        taken, lost = now.taken - before.taken, now.lost - before.lost
        if taken + lost == traps:
            return lost
        if now != last:
            last, since_ns = now, CLOCK.monotonic_ns()
        if taken + lost > traps or seconds_since(since_ns) > patience_seconds:
            raise CountsDiffer(f"{traps} traps sent, {taken} taken, {lost} lost: {traps - taken - lost} are unaccounted for")
        pause.wait(0.1)


def highest(rates: Sequence[int], take: Callable[[int], Trial]) -> int:
    """The place after the last rate that is sustained, of rates in rising order, asking as few as possible; 0 when none is. What
    came through where one was not sustained tells how high it is worth looking."""
    low, high = 0, len(rates)
    while low < high:
        middle = (low + high) // 2
        one = take(rates[middle])
        if one.is_sustained:
            low = middle + 1
        else:
            high = min(middle, max(low, bisect_right(rates, HOPE * one.through)))
    return low


def most_sustained(take: Callable[[int, float], Trial], rates: Sequence[int], *, short: float, long: float) -> Trial | None:
    """The trial of `long` seconds at the highest rate that is sustained, found by trials of `short` ones; None when none is.
    `take` makes a trial of a rate and so many seconds."""
    place = highest(rates, lambda rate: take(rate, short))
    while place:
        confirmed = take(rates[place - 1], long)
        if confirmed.is_sustained:
            return confirmed
        place = bisect_right(rates, min(confirmed.through, STEP_DOWN * rates[place - 1]))
    return None
