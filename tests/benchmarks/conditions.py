"""Where and when figures are taken: machine, disk, commit, and how much else the machine does. Measures nothing of ours."""

import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from collector.domain.clock import NS_PER_SECOND, SystemClock

FOLDER = Path(__file__).parent
CLOCK = SystemClock()
TICKS = os.sysconf("SC_CLK_TCK")
_BUSY_FIELDS = (1, 2, 3)
"""Of the first line of /proc/stat: user, nice, system (proc(5)). Interrupts have no owner and are left out."""


def machine() -> str:
    """Processor, cores, memory, kernel, Python."""
    information = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in information if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {cores()} CPUs, {memory:.1f} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def cores() -> int:
    return len(os.sched_getaffinity(0))


def commit() -> str:
    """The short hash, and whether the tree has changes that are not committed."""
    described = _git("rev-parse", "--short", "HEAD")
    if not described:
        return "unknown"
    return f"{described}, dirty (changes that are not committed)" if _git("status", "--porcelain") else f"{described}, clean"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=FOLDER, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def directory() -> Path:
    """Where benchmarks write: `COLLECTOR_BENCH_DIR`, otherwise the system's folder for temporary files."""
    return Path(os.environ.get("COLLECTOR_BENCH_DIR", tempfile.gettempdir()))


def disk(path: Path) -> str:
    """The kind of file system that holds the path; one in memory makes every sync worthless."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    holding = [words for words in mounts if path.resolve().is_relative_to(words[1])]
    device, _, kind = max(holding, key=lambda words: len(words[1]))[:3]
    warning = ": IN MEMORY, syncing costs nothing here" if kind in {"tmpfs", "ramfs"} else ""
    return f"{kind} on {device}{warning}"


def load() -> str:
    return " ".join(Path("/proc/loadavg").read_text(encoding="ascii").split()[:3])


def say(what: str) -> None:
    """Tell those who wait where it is; figures go to stdout."""
    print(f"... {what}", file=sys.stderr, flush=True)


def seconds_since(begun_ns: int) -> float:
    return (CLOCK.monotonic_ns() - begun_ns) / NS_PER_SECOND


@dataclass(slots=True)
class OtherWork:
    """How much of the machine others used from `begin` to `end`: what all processes used less what ours did."""

    _begun_ns: int = field(default_factory=CLOCK.monotonic_ns)
    _busy: float = field(default_factory=lambda: _busy_seconds())
    _ours: float = field(default_factory=lambda: _own_seconds())

    @classmethod
    def begin(cls) -> Self:
        return cls()

    def end(self) -> str:
        """Once all of our processes have ended: only then are they in the sum."""
        others = _busy_seconds() - self._busy - (_own_seconds() - self._ours)
        return f"{max(0.0, others) / seconds_since(self._begun_ns):.2f} of {cores()} CPUs on average"


def _busy_seconds() -> float:
    fields: Sequence[str] = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()
    return sum(int(fields[place]) for place in _BUSY_FIELDS) / TICKS


def _own_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
