"""What processes and everything below them cost: processor seconds and memory, read from /proc. Starts and ends nothing."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.acceptance.harness import children_of
from tests.benchmarks.conditions import TICKS

_CPU_FIELDS = slice(11, 15)
"""utime, stime, and cutime, cstime of children that have ended and were waited for (proc(5)), counted from the state on."""


def family(pid: int) -> list[int]:
    """The process and everything below it."""
    found = [pid]
    for parent in found:
        found.extend(children_of(parent))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the whole family, of those that have ended too."""
    return sum(_cpu_of(member) for member in family(pid))


def _cpu_of(pid: int) -> float:
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return sum(int(field) for field in fields[_CPU_FIELDS]) / TICKS
    return 0.0


def name_of(pid: int) -> str:
    """Of its program, at most 15 octets (proc(5)); empty when it is gone."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    return ""


def memory_mib(pids: Iterable[int]) -> float:
    """Proportional set size: pages that several share are shared out."""
    return sum(_pss_kib(pid) for pid in pids) / 1024


def _pss_kib(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return 0


class HighWater:
    """Asks `measure` every second while it is entered and keeps the greatest answer."""

    def __init__(self, measure: Callable[[], float]) -> None:
        self.highest = 0.0
        self._measure = measure
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self.highest = max(self.highest, self._measure())
