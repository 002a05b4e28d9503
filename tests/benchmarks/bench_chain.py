"""The whole chain: `collector serve` in real processes takes traps at a steady rate while somebody acknowledges cases and lists
them; then a burst as fast as one process can send. Prints what was lost, where the processor time went, how long people waited.

100,000 v2c health traps from 50 source addresses, 200 troubles, the limiter as it comes (1,000/s per address). Change the rate
with `COLLECTOR_BENCH_RATE`, the number with `COLLECTOR_BENCH_TRAPS`.
"""

import multiprocessing
import os
import socket
import statistics
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from collector.domain.clock import NS_PER_SECOND, SystemClock
from tests.acceptance.harness import Running, until
from tests.acceptance.senders import CRITICAL, health

CLOCK = SystemClock()
SOURCES = 50
TROUBLES = 200
GROUP = 20
TICKS = os.sysconf("SC_CLK_TCK")
ROLES = ("snmp", "process", "api", "smtp", "hand-off")


def main() -> None:
    traps, rate = int(os.environ.get("COLLECTOR_BENCH_TRAPS", "100000")), int(os.environ.get("COLLECTOR_BENCH_RATE", "10000"))
    with tempfile.TemporaryDirectory() as directory, Running(Path(directory)) as collector:
        begun_ns = CLOCK.monotonic_ns()
        collector.prepare().start()
        print(f"prepared and ready after {_seconds_since(begun_ns):.1f} s; idle memory {_memory(collector)}")
        _warm_up(collector)
        _phase(collector, "steady", traps, rate)
        _phase(collector, "burst", traps, 0)
        collector.stop()


def _warm_up(collector: Running) -> None:
    """One case per trouble, so that the load joins what is open."""
    _send(collector.snmp, TROUBLES, 1000)
    collector.settled(seconds=60)


@dataclass(slots=True)
class Waits:
    """Milliseconds that people waited."""

    acknowledge: list[float]
    listing: list[float]


def _phase(collector: Running, name: str, traps: int, rate: int) -> None:
    before, cpu_before = _folded(collector), _cpu(collector)
    waits, stop = Waits([], []), threading.Event()
    people = threading.Thread(target=_people, args=(collector, waits, stop))
    people.start()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        sent_seconds = pool.apply(_send, (collector.snmp, traps, rate))
    behind_ns = CLOCK.monotonic_ns()
    totals = collector.settled(seconds=300)
    stop.set()
    people.join()
    cpu = _cpu(collector)
    drained = _seconds_since(behind_ns)
    print(f"\n{name}: {traps} traps sent in {sent_seconds:.1f} s ({traps / sent_seconds:,.0f}/s)")
    print(f"  folded into cases {_folded(collector) - before}, kernel drops {_drops(collector):.0f}, outcomes {totals}")
    print(
        f"  all in cases {drained:.1f} s after the last one was sent: {traps / (sent_seconds + drained):,.0f}/s from end to end"
    )
    print("  CPU per trap, us: " + ", ".join(f"{role} {(cpu[role] - cpu_before[role]) / traps * 1e6:.1f}" for role in ROLES))
    print(f"  acknowledge ms: {_quantiles(waits.acknowledge)}; list of 100 ms: {_quantiles(waits.listing)}")
    print(f"  memory {_memory(collector)}")


def _send(target: tuple[str, int], traps: int, rate: int) -> float:
    """Send from SOURCES addresses in groups; return the seconds it took. `rate` 0: as fast as it goes."""
    datagrams = [health(f"Metric {number}: CRITICAL", name=CRITICAL) for number in range(TROUBLES)]
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOURCES)]
    for number, udp in enumerate(sockets):
        udp.bind((f"127.0.0.{number + 2}", 0))
        udp.connect(target)
    pause = threading.Event()
    begun_ns = CLOCK.monotonic_ns()
    for first in range(0, traps, GROUP):
        send = sockets[first // GROUP % SOURCES].send
        for number in range(first, min(first + GROUP, traps)):
            send(datagrams[number % TROUBLES])
        ahead = (first + GROUP) / rate - _seconds_since(begun_ns) if rate else 0.0
        if ahead > 0:
            pause.wait(ahead)
    for udp in sockets:
        udp.close()
    return _seconds_since(begun_ns)


def _people(collector: Running, waits: Waits, stop: threading.Event) -> None:
    """Acknowledges a case about 20 times a second and lists 100 cases about 5 times a second."""
    with httpx.Client(headers={"Authorization": f"Bearer {collector.key}"}, timeout=30.0) as client:
        page = client.get(collector.url("/api/v1/cases"), params={"limit": 1000}).json()
        keys = [case["external_key"] for case in page["items"]]
        for number in range(1_000_000):
            if stop.wait(0.04):
                return
            key = keys[number % len(keys)]
            verb = "acknowledge" if number < len(keys) else "notes"
            body = {"text": "bench"} if verb == "notes" else None
            waits.acknowledge.append(_timed(lambda: client.post(collector.url(f"/api/v1/cases/{key}/{verb}"), json=body)))  # noqa: B023
            if number % 4 == 0:
                waits.listing.append(_timed(lambda: client.get(collector.url("/api/v1/cases"), params={"limit": 100})))


def _timed(ask: Callable[[], httpx.Response]) -> float:
    begun_ns = CLOCK.monotonic_ns()
    answer = ask()
    answer.raise_for_status()
    return _seconds_since(begun_ns) * 1000


def _seconds_since(begun_ns: int) -> float:
    return (CLOCK.monotonic_ns() - begun_ns) / NS_PER_SECOND


def _folded(collector: Running) -> int:
    return sum(case["occurrences"] for case in collector.cases(kind="severity_case"))


def _drops(collector: Running) -> float:
    return until(lambda: (collector.metric("collector_snmp_kernel_drops_total"),), "the metrics are there")[0]


def _cpu(collector: Running) -> dict[str, float]:
    """Processor seconds of each role so far, the processes that it started left out."""
    times: dict[str, float] = {}
    for role, pid in collector.roles().items():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        times[role] = (int(fields[11]) + int(fields[12])) / TICKS
    return times


def _memory(collector: Running) -> str:
    """Proportional set size: shared pages are shared out."""
    total = 0
    for pid in collector.processes():
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return f"{total / 1024:.0f} MiB"


def _quantiles(values: list[float]) -> str:
    if len(values) < 20:
        return f"only {len(values)} values"
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return f"n {len(values)}, p50 {cuts[49]:.1f}, p95 {cuts[94]:.1f}, p99 {cuts[98]:.1f}, max {max(values):.1f}"
