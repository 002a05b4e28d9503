"""How long neighbours wait while somebody floods: each attack of tests/acceptance/floods.py in turn, beside 25 consoles that send
a trap a second, with real processes. Prints their waits, what became of the flood, what each role cost and the most memory.

`COLLECTOR_BENCH_RATE` datagrams a second (20,000), for `COLLECTOR_BENCH_SECONDS` (20); `COLLECTOR_BENCH_ATTACKS`: which ones,
separated by commas.
"""

import os
import tempfile
from pathlib import Path

from tests.acceptance.floods import ATTACKS, CUSTOMERS, NEIGHBOURS, RELAY, Flooder, Neighbours, Watch
from tests.acceptance.harness import Running
from tests.benchmarks.conditions import CLOCK, directory, seconds_since
from tests.benchmarks.figures import quantile
from tests.benchmarks.usage import HighWater, cpu_seconds, memory_mib

_PATIENCE_SECONDS = 300.0


def main() -> None:
    rate, seconds = int(os.environ.get("COLLECTOR_BENCH_RATE", "20000")), int(os.environ.get("COLLECTOR_BENCH_SECONDS", "20"))
    wanted = os.environ.get("COLLECTOR_BENCH_ATTACKS", ",".join(ATTACKS)).split(",")
    with Flooder() as flooder:
        for name in wanted:
            with tempfile.TemporaryDirectory(dir=directory()) as folder:
                _attack(Path(folder), flooder, name, rate, seconds)


def _attack(folder: Path, flooder: Flooder, name: str, rate: int, seconds: int) -> None:
    relays = {"COLLECTOR__SNMP__TRUSTED_RELAYS": f"{RELAY}/32"}
    with Running(folder, customers=CUSTOMERS, environment=relays) as running:
        running.prepare().start()
        watch, neighbours = Watch(running), Neighbours(running.snmp, seconds)
        watch.start()
        pids = running.roles()
        before = {role: cpu_seconds(pid) for role, pid in pids.items()}
        with HighWater(lambda: memory_mib(running.processes())) as memory:
            flood = flooder.flood(running.snmp, name, rate=rate, seconds=seconds)
            neighbours.run()
            begun_ns = CLOCK.monotonic_ns()
            totals = running.settled(seconds=_PATIENCE_SECONDS)
            after = seconds_since(begun_ns)
        cpu = {role: cpu_seconds(pid) - before[role] for role, pid in pids.items()}
        watch.over.set()
        watch.join(10)
        waits = sorted(watch.delays(neighbours).values())
        print(f"\n{name}: {flood.result() / seconds:,.0f}/s for {seconds} s; everything done {after:.1f} s later")
        print(f"  {len(waits)} of {seconds * NEIGHBOURS} neighbours' traps in cases; seconds to the feed: {_waits(waits)}")
        print(f"  outcomes {totals}")
        print(
            f"  kernel drops {running.metric('collector_snmp_kernel_drops_total'):,.0f}, most memory {memory.highest:.0f} MiB, "
            f"CPU seconds { ({role: round(spent, 1) for role, spent in cpu.items()}) }"
        )
        print(f"  {_cases(running)}")
        running.stop()


def _waits(waits: list[float]) -> str:
    return ", ".join(f"p{percent} {quantile(waits, percent):.2f}" for percent in (50, 99)) + f", most {waits[-1]:.2f}"


def _cases(running: Running) -> str:
    """Those that are nobody's trap."""
    own = [case for case in running.cases() if case["product"] == "collector"]
    return (
        "; ".join(f"{case['customer']['code']}: {case['title']} ({case['occurrences']})" for case in own) or "no case of its own"
    )
