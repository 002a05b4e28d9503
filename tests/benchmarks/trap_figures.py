"""The rows about traps: the steady load with and without people, beside snmptrapd; a burst; the most that is sustained; how soon
one trap is seen."""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import snmptrapd
from tests.benchmarks.collector_taker import SUPERVISOR, CollectorTaker
from tests.benchmarks.conditions import CLOCK, say
from tests.benchmarks.figures import CountsDiffer, Table, quantile
from tests.benchmarks.people import People, visible_after_ms
from tests.benchmarks.trap_sender import SOURCES, TROUBLES, TrapSender, datagrams
from tests.benchmarks.traps import Taker, Trial, most_sustained, trial
from tests.benchmarks.v3_sender import V3Sender, messages, peer_users

RATE = int(os.environ.get("COLLECTOR_BENCH_RATE", "10000"))
"""Traps a second of the steady runs."""
SECONDS = float(os.environ.get("COLLECTOR_BENCH_SECONDS", "10"))
"""How long each of them is."""
RATES = range(1_250, SOURCES * 1_000 + 1, 1_250)
"""Up to what the limiter, as it comes, lets pass of so many addresses."""
REPEATS = 3
LATENCIES = 200
BURST = 200_000
SHORT, LONG = 5.0, 30.0
"""Seconds of a trial that looks for the most, and of the one that confirms it."""


def add(table: Table, collector: CollectorTaker, folder: Path) -> None:
    with TrapSender() as sender, ExitStack() as peers:
        peer = peers.enter_context(snmptrapd.Snmptrapd(folder / "snmptrapd")) if snmptrapd.PROGRAM else None
        name = f"snmptrapd {snmptrapd.version()}" if peer else "snmptrapd"
        octets = len(datagrams()[0])
        table.section(f"Traps: v2c, {octets} octets, {SOURCES} addresses, {TROUBLES} troubles", name)
        waits = _latency(collector)
        trial(collector, sender, TROUBLES, 1_000)  # one case per trouble, so that the load joins what is open
        _steady(table, sender, collector, peer)
        _burst(table, sender, collector)
        _most(table, sender, collector, peer)
        for percent in (50, 95, 99):
            table.value(f"idle, from sending one to its case in the API, p{percent}", "ms", quantile(waits, percent), len(waits))
        ceilings = [sender.ceiling(BURST).rate for _ in range(REPEATS)]
        table.row("the sender's own ceiling, into a socket that nobody reads", "/s", ceilings)
        _with_people(table, sender, collector)


def add_v3(table: Table, collector: CollectorTaker, folder: Path) -> None:
    """The steady load and the most, authenticated and encrypted."""
    with V3Sender() as sender, ExitStack() as peers:
        peer = None
        if snmptrapd.PROGRAM:
            peer = peers.enter_context(snmptrapd.Snmptrapd(folder / "snmptrapd-v3", peer_users()))
        name = f"snmptrapd {snmptrapd.version()}" if peer else "snmptrapd"
        octets = len(next(messages(1)))
        table.section(f"Traps: v3 authPriv, SHA-1 and AES-128, {octets} octets, {SOURCES} engines, {TROUBLES} troubles", name)
        trial(collector, sender, TROUBLES, 1_000)
        _steady(table, sender, collector, peer)
        _most(table, sender, collector, peer)


def _beside(peer: Taker | None, take: Callable[[Taker], Trial]) -> list[Trial]:
    return [take(peer)] if peer else []


def _theirs(trials: Sequence[Trial], figure: Callable[[Trial], float]) -> Sequence[float] | str:
    return [figure(one) for one in trials] or "not installed"


def _steady(table: Table, sender: TrapSender, collector: CollectorTaker, peer: Taker | None) -> None:
    """Both in turn, so that other work on the machine disturbs both."""
    ours: list[Trial] = []
    theirs: list[Trial] = []
    for number in range(REPEATS):
        say(f"traps, {RATE}/s for {SECONDS:g} s, {number + 1} of {REPEATS}")
        ours.append(trial(collector, sender, round(RATE * SECONDS), RATE))
        theirs += _beside(peer, lambda taker: trial(taker, sender, round(RATE * SECONDS), RATE))
    at = f"at {RATE:,}/s for {SECONDS:g} s"
    table.row(f"{at}: dealt with", "/s", [one.through for one in ours], _theirs(theirs, lambda one: one.through))
    table.row(f"{at}: lost", "traps", [one.lost for one in ours], _theirs(theirs, lambda one: one.lost))
    table.row(f"{at}: last one done after", "s", [one.behind for one in ours], _theirs(theirs, lambda one: one.behind), digits=2)
    whole = [one.cpu_us() for one in ours]
    table.row("CPU per trap, everything", "us", whole, _theirs(theirs, lambda one: one.cpu_us()), digits=1)
    for role, what in (("snmp", "receive"), ("process", "process")):
        table.row(f"CPU per trap, {what}", "us", [one.cpu_us(role) for one in ours], digits=1)
    others = ("smtp", "hand-off", "api", SUPERVISOR)
    table.row("CPU per trap, all other roles", "us", [one.cpu_us(*others) for one in ours], digits=1)


def _with_people(table: Table, sender: TrapSender, collector: CollectorTaker) -> None:
    people = People(collector.running)
    trials = []
    for number in range(REPEATS):
        say(f"traps and people, {number + 1} of {REPEATS}")
        with people:
            trials.append(trial(collector, sender, round(RATE * SECONDS), RATE))
    table.section(f"People, at {RATE:,} traps/s for {REPEATS} x {SECONDS:g} s")
    for what, waits in (("acknowledge or note", people.verbs), ("list of 100 cases", people.lists)):
        for percent in (50, 95, 99):
            table.value(f"{what}, p{percent}", "ms", quantile(waits, percent), len(waits), digits=1)
    table.row("traps dealt with meanwhile", "/s", [one.through for one in trials])
    table.row("traps lost meanwhile", "traps", [one.lost for one in trials])


def _burst(table: Table, sender: TrapSender, collector: CollectorTaker) -> None:
    """Everything at once: when it is in the journal, when it is in cases."""
    arrived, durable, drained, lost = [], [], [], []
    for number in range(REPEATS):
        say(f"burst, {number + 1} of {REPEATS}")
        watch = _DurableWatch(collector, BURST)
        begun_ns = CLOCK.monotonic_ns()
        with watch:
            one = trial(collector, sender, BURST, 0)
        arrived.append(one.sent.rate)
        durable.append(watch.reached_after(begun_ns, one.lost))
        drained.append(one.sent.seconds + one.behind)
        lost.append(one.lost)
    burst = f"burst of {BURST:,}"
    table.row(f"{burst}: sent at", "/s", arrived)
    table.row(f"{burst}: lost", "traps", lost)
    table.row(f"{burst}: all in the journal after", "s", durable, digits=1)
    table.row(f"{burst}: all in cases after", "s", drained, digits=1)


class _DurableWatch:
    """Looks every 100 ms how many datagrams are durable while it is entered."""

    def __init__(self, collector: CollectorTaker, traps: int) -> None:
        self._collector = collector
        self._goal = collector.stored() + traps
        self._seen: list[tuple[int, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def reached_after(self, begun_ns: int, lost: int) -> float:
        """Seconds from then to the first look that saw all but the lost ones. Raise CountsDiffer when none did."""
        for at_ns, stored in self._seen:
            if stored == self._goal - lost:
                return (at_ns - begun_ns) / 1e9
        raise CountsDiffer(f"{self._seen[-1][1]} datagrams are durable, {self._goal - lost} should be")

    def _watch(self) -> None:
        while True:
            ended = self._stop.wait(0.1)
            self._seen.append((CLOCK.monotonic_ns(), self._collector.stored()))
            if ended:
                return


def _most(table: Table, sender: TrapSender, collector: CollectorTaker, peer: Taker | None) -> None:
    ours = _most_of(sender, collector)
    theirs = [_most_of(sender, peer)] if peer else []
    what = f"most that is sustained for {LONG:g} s: at most 0.1 % lost, last one done within 1 s"
    table.row(what, "/s", [_rate(ours)], [_rate(one) for one in theirs] or "not installed")
    if ours is not None:
        then = [one for one in theirs if one is not None]
        table.row("CPU per trap then, everything", "us", [ours.cpu_us()], _theirs(then, lambda one: one.cpu_us()), digits=1)
        table.row("lost then", "traps", [ours.lost], _theirs(then, lambda one: one.lost))


def _rate(most: Trial | None) -> float:
    return most.sent.rate if most else 0.0


def _most_of(sender: TrapSender, taker: Taker) -> Trial | None:
    def take(rate: int, seconds: float) -> Trial:
        one = trial(taker, sender, round(rate * seconds), rate)
        say(f"{rate}/s for {seconds:g} s: sent {one.sent.rate:,.0f}/s, lost {one.lost}, last one done after {one.behind:.2f} s")
        return one

    return most_sustained(take, RATES, short=SHORT, long=LONG)


def _latency(collector: CollectorTaker) -> list[float]:
    say("latency")
    return visible_after_ms(collector.running, LATENCIES)
