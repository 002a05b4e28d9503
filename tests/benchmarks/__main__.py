"""`make bench`: runs the first set, or the benchmarks named (`make bench BENCH="bench_decoder bench_journal"`), and says which
machine and which commit the figures belong to. A benchmark is a module `bench_*` with a function `main()` that prints its
figures; when it raises CountsDiffer, its figures mean nothing and the exit code is 1."""

import importlib
import sys
from pathlib import Path

from tests.benchmarks.bench_overview import conditions
from tests.benchmarks.figures import CountsDiffer

FOLDER = Path(__file__).parent
FIRST_SET = "bench_overview"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("bench_*.py"))


def main(wanted: list[str]) -> int:
    unknown = set(wanted) - set(names())
    if unknown:
        print(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    try:
        for name in wanted or [FIRST_SET]:
            _run(name)
    except CountsDiffer as difference:
        print(f"NO FIGURES: {difference}", file=sys.stderr)
        return 1
    return 0


def _run(name: str) -> None:
    """The first set says its conditions itself, as part of its table."""
    if name != FIRST_SET:
        print(f"{conditions()}\n\n== {name}", flush=True)
    importlib.import_module(f"tests.benchmarks.{name}").main()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
