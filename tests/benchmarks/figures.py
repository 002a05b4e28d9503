"""How figures are gathered and shown: medians with their range, quantiles, and one table. Measures nothing."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field


class CountsDiffer(Exception):
    """What came out is not what went in: work was skipped or done twice, so the figures mean nothing."""


def quantile(values: Sequence[float], percent: int) -> float:
    """Raise ValueError when there are too few values to say anything about their tail."""
    if len(values) < 20:
        raise ValueError(f"only {len(values)} values")
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def spread(values: Sequence[float], digits: int = 0) -> str:
    """The median, and the range when there are several."""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


@dataclass(slots=True)
class Table:
    """Sections of rows: what, ours, the peer's, the unit, and how many values each figure is the median of (n)."""

    _lines: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def section(self, title: str, peer: str = "") -> None:
        if self._lines:
            self._lines.append(("", "", "", "", ""))
        self._lines.append((title, "collector", peer, "unit", "n"))

    def row(self, what: str, unit: str, ours: Sequence[float], theirs: Sequence[float] | str = "", *, digits: int = 0) -> None:
        """`theirs` is a word when there is no figure."""
        other = theirs if isinstance(theirs, str) else spread(theirs, digits)
        self._lines.append((f"  {what}", spread(ours, digits), other, unit, str(len(ours))))

    def value(self, what: str, unit: str, ours: float, n: int, *, digits: int = 0) -> None:
        """One figure that was computed over n values, a quantile for example."""
        self._lines.append((f"  {what}", f"{ours:,.{digits}f}", "", unit, f"{n:,}"))

    def text(self) -> str:
        widths = [max(len(line[place]) for line in self._lines) for place in range(5)]
        padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in self._lines)
        return "\n".join(line.rstrip() for line in padded)
