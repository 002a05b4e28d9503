"""`make bench`: runs every benchmark of this folder, or those named (`make bench BENCH="decoder journal"`), and says first which
machine and which commit the figures belong to. A benchmark is a module with a function `main()` that prints its figures."""

import importlib
import os
import platform
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def machine() -> str:
    """Processor, cores, memory, kernel, Python."""
    information = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in information if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {memory:.1f} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def commit() -> str:
    """The short hash, with a `+` when the tree has changes that are not committed."""
    done = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=FOLDER, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def names() -> list[str]:
    return sorted(
        path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_") and "def main(" in path.read_text("utf-8")
    )


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    print(f"machine: {machine()}\ncommit:  {commit()}", flush=True)
    for name in wanted or names():
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"tests.benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
