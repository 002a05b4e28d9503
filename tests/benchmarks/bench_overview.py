"""The first set, what `make bench` runs: one table of how much the collector takes, what it costs and how soon it is seen, beside
snmptrapd and Postfix on the same machine in the same run. docs/performance.md says how each figure is measured."""

import tempfile
import threading
from datetime import UTC
from pathlib import Path

from tests.acceptance.harness import CUSTOMERS, Running
from tests.benchmarks import mail_figures, trap_figures
from tests.benchmarks.collector_taker import ONE_CUSTOMER, CollectorTaker
from tests.benchmarks.conditions import CLOCK, OtherWork, commit, directory, disk, load, machine, say, seconds_since
from tests.benchmarks.figures import Table
from tests.benchmarks.usage import HighWater
from tests.benchmarks.v3_sender import CUSTOMER

STARTS = 5
IDLE_SECONDS = 5.0


def main() -> None:
    """About six minutes. Raise CountsDiffer when what came out is not what went in."""
    table, before, others = Table(), conditions(), OtherWork.begin()
    with (
        tempfile.TemporaryDirectory(dir=directory(), prefix="collector-bench-") as name,
        Running(Path(name), environment=ONE_CUSTOMER) as running,
    ):
        folder = Path(name)
        folder.chmod(0o711)  # Postfix's own user goes through it
        running.prepare()
        running.import_customers(CUSTOMERS + CUSTOMER)
        starts = _starts(running)
        collector = CollectorTaker(running)
        idle = _idle(collector)
        with HighWater(collector.memory) as memory:
            trap_figures.add(table, collector, folder)
            trap_figures.add_v3(table, collector, folder)
            mail_figures.add(table, collector, folder)
        collector.check()
        running.stop()
    table.section("Memory and start")
    table.row("memory of all roles, idle", "MiB", [idle])
    table.row("memory of all roles, most under the loads above", "MiB", [memory.highest])
    table.row("start until ready, nothing stored", "s", starts, digits=2)
    print(f"{before}\n{'other work':<12} {others.end()}\n\n{table.text()}")


def conditions() -> str:
    """What the figures belong to."""
    lines = {
        "machine": machine(),
        "disk": disk(directory()),
        "commit": commit(),
        "begun": CLOCK.now().astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "load before": f"{load()} (1, 5, 15 minutes)",
    }
    return "\n".join(f"{name:<12} {value}" for name, value in lines.items())


def _starts(running: Running) -> list[float]:
    """Seconds from the command to `/readyz`; the last one stays up."""
    say("start")
    seconds = [_seconds_to_start(running)]
    while len(seconds) < STARTS:
        running.stop()
        seconds.append(_seconds_to_start(running))
    return seconds


def _seconds_to_start(running: Running) -> float:
    pause, begun_ns = threading.Event(), CLOCK.monotonic_ns()
    launched = running.launch()
    while not running.is_ready():
        assert launched.poll() is None, running.log()
        pause.wait(0.005)
    return seconds_since(begun_ns)


def _idle(collector: CollectorTaker) -> float:
    say("idle")
    threading.Event().wait(IDLE_SECONDS)
    return collector.memory()
