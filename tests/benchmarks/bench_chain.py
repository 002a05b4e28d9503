"""The whole chain at one rate, quickly: `collector serve` takes traps at a steady rate while somebody acts on cases and lists
them, then a burst as fast as one process can send. Prints what was lost, where the processor time went, how long people waited.

100,000 v2c health traps from 50 source addresses, 200 troubles, the limit per address as it comes (1,000/s), none per customer.
`COLLECTOR_BENCH_RATE` changes the rate, `COLLECTOR_BENCH_TRAPS` the number. bench_overview has the repeats and the peers.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.acceptance.harness import Running
from tests.benchmarks.collector_taker import ONE_CUSTOMER, CollectorTaker
from tests.benchmarks.conditions import CLOCK, directory, seconds_since
from tests.benchmarks.figures import quantile
from tests.benchmarks.people import People
from tests.benchmarks.trap_sender import TROUBLES, TrapSender
from tests.benchmarks.traps import trial


def main() -> None:
    """Raise CountsDiffer when what came out is not what went in."""
    traps, rate = int(os.environ.get("COLLECTOR_BENCH_TRAPS", "100000")), int(os.environ.get("COLLECTOR_BENCH_RATE", "10000"))
    with (
        tempfile.TemporaryDirectory(dir=directory()) as folder,
        Running(Path(folder), environment=ONE_CUSTOMER) as running,
        TrapSender() as sender,
    ):
        begun_ns = CLOCK.monotonic_ns()
        running.prepare().start()
        collector = CollectorTaker(running)
        print(f"prepared and ready after {seconds_since(begun_ns):.1f} s; idle memory {collector.memory():.0f} MiB")
        trial(collector, sender, TROUBLES, 1_000)  # one case per trouble, so that the load joins what is open
        _phase(collector, sender, "steady", traps, rate)
        _phase(collector, sender, "burst", traps, 0)
        collector.check()
        running.stop()


def _phase(collector: CollectorTaker, sender: TrapSender, name: str, traps: int, rate: int) -> None:
    people = People(collector.running)
    with people:
        one = trial(collector, sender, traps, rate)
    print(f"\n{name}: {traps} traps sent in {one.sent.seconds:.1f} s ({one.sent.rate:,.0f}/s), {one.lost} lost")
    print(f"  all in cases {one.behind:.1f} s after the last one was sent: {one.through:,.0f}/s from end to end")
    print("  CPU per trap, us: " + ", ".join(f"{part} {one.cpu_us(part):.1f}" for part in one.cpu))
    print(f"  act on a case ms: {_quantiles(people.verbs)}; list of 100 ms: {_quantiles(people.lists)}")
    print(f"  memory {collector.memory():.0f} MiB")


def _quantiles(values: Sequence[float]) -> str:
    if len(values) < 20:
        return f"only {len(values)} values"
    p50, p95, p99 = (quantile(values, percent) for percent in (50, 95, 99))
    return f"n {len(values)}, p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, max {max(values):.1f}"
