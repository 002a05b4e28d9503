"""Finds `Label: value` in the text of a mail: one per line, several per line between commas, in table cells, under a table head.
Values are found by the known labels, never by counting commas. Linear in the text; the work per mail is bounded."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rules.text import clean, fold

MAX_ROWS = 1_000
MAX_CANDIDATES = 35_000
"""Colons and cells that are looked at per mail; more is a hostile mail."""
MAX_LABEL = 60
_MAX_CELLS = 200
_EDGES = " \t,;|"


@dataclass(slots=True)
class Row:
    """One repetition of the labels. `start`: where its first line begins in the text. `given`: the fields whose label is there,
    with or without a value."""

    start: int
    values: dict[str, str]
    given: set[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """`cut`: a limit was met, the text may hold more rows."""

    rows: list[Row]
    cut: bool


@dataclass(frozen=True, slots=True)
class _Pair:
    start: int
    label: str
    value: str
    head: bool


class LabelFinder:
    """Knows the labels of one kind: folded label -> the fields it gives (none for a label that only ends another's value)."""

    def __init__(self, labels: dict[str, tuple[str, ...]], needs: frozenset[str]) -> None:
        self._labels = labels
        self._needs = needs

    def first(self, text: str) -> dict[str, str]:
        """The first value of each field in the whole text."""
        values: dict[str, str] = {}
        for pair in self._pairs(text):
            self._store(pair, values)
        return values

    def rows(self, text: str) -> Rows:
        """A new row begins where a label with a field comes again; each line under a table head is one.

        Rows without a needed field do not count."""
        rows: list[Row] = []
        seen: set[str] = set()
        cut = False
        for pair in self._pairs(text):
            fields = self._labels.get(pair.label, ())
            if not pair.label or (len(rows) >= MAX_ROWS and pair.label in seen):
                cut = True
                break
            if pair.head or (fields and (pair.label in seen or not rows)):
                rows.append(Row(pair.start, {}, set()))
                seen = set()
            if fields:
                seen.add(pair.label)
                rows[-1].given.update(fields)
                self._store(pair, rows[-1].values)
        return Rows(self._whole(rows), cut)

    def _whole(self, rows: list[Row]) -> list[Row]:
        """Rows that say something needed. A label that stood in the mail's head too has cut a row in two: halves that share no
        needed field are put together again, and what the head said gives way."""
        found: list[Row] = []
        for row in rows:
            needed = row.given & self._needs
            if needed and found and found[-1].given.isdisjoint(needed):
                found[-1].given |= row.given
                found[-1].values.update(row.values)
            elif not self._needs.isdisjoint(row.values):
                found.append(row)
        return found

    def _store(self, pair: _Pair, values: dict[str, str]) -> None:
        value = clean(pair.value)
        if value:
            for name in self._labels.get(pair.label, ()):
                values.setdefault(name, value)

    def _pairs(self, text: str) -> Iterator[_Pair]:
        """In text order; a pair with an empty label says that the limit is met."""
        budget = MAX_CANDIDATES
        head: list[str] = []
        for start, line in _lines(text):
            budget -= 1 + line.count(":") + line.count("\t")
            if budget < 0:
                yield _Pair(start, "", "", head=False)
                return
            if ":" not in line and "\t" not in line and "\uff1a" not in line:
                head = []
                continue
            cells = line.split("\t", _MAX_CELLS) if "\t" in line else []
            names = [self._label(cell.rstrip(" :")) for cell in cells]
            if _is_head(names):
                head = names
            elif head and cells:
                yield from _under_head(start, head, cells)
            else:
                head = []
                yield from _in_cells(start, names, cells) if any(names) else self._in_line(start, line)

    def _label(self, text: str) -> str:
        """The folded label, or nothing when `text` is not a known one."""
        if len(text) > MAX_LABEL * 2:
            return ""
        label = fold(text.strip())
        return label if label in self._labels else ""

    def _in_line(self, start: int, line: str) -> Iterator[_Pair]:
        if "\uff1a" in line:
            line = line.replace("\uff1a", ":")
        found: list[tuple[int, int, str]] = []
        at = line.find(":")
        while at >= 0:
            floor = max(0, at - 2 * MAX_LABEL)
            begin = max(floor, *(line.rfind(edge, floor, at) + 1 for edge in ",\t;|"))
            label = self._label(line[begin:at])
            if label:
                found.append((begin, at + 1, label))
            at = line.find(":", at + 1)
        for index, (begin, value_at, label) in enumerate(found):
            end = found[index + 1][0] if index + 1 < len(found) else len(line)
            yield _Pair(start if index == 0 else start + begin, label, _value(line[value_at:end]), head=False)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line with its place; made one by one, so that giving up early costs nothing more."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, text[start:end]
        start = end + 1


def _is_head(names: list[str]) -> bool:
    """Two labels side by side in cells are a table's head, not a label and its value."""
    return any(first and second for first, second in pairwise(names))


def _under_head(start: int, head: list[str], cells: list[str]) -> Iterator[_Pair]:
    first = True
    for label, cell in zip(head, cells, strict=False):
        if label:
            yield _Pair(start, label, _value(cell), head=first)
            first = False


def _in_cells(start: int, names: list[str], cells: list[str]) -> Iterator[_Pair]:
    for index, label in enumerate(names):
        if label:
            value = cells[index + 1] if index + 1 < len(cells) and not names[index + 1] else ""
            yield _Pair(start, label, _value(value), head=False)


def _value(text: str) -> str:
    """Without the separators around it and one pair of quotes."""
    text = text.strip(_EDGES)
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
