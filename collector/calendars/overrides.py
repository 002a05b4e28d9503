"""Files of overrides: days to add, remove or move, read strictly, and what they make of the days that are known. Where the files
lie and whether a day counts is said elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from collector.calendars.argentina import YEARS, KnownDay
from collector.domain.calendar import DayKind
from collector.domain.errors import FileErrors, Located
from collector.domain.signal import Words
from rules.nodes import Mapping, Node
from rules.strict_yaml import load

_VERBS = ("add", "remove", "move")
_KEYS = {"add": ("kind", "name", "source"), "remove": ("kind", "source"), "move": ("to", "kind", "source")}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Addition:
    day: KnownDay
    line: int


@dataclass(frozen=True, slots=True)
class Move:
    """All special days of a date, or those of one kind, to another date; `to` is None for a removal."""

    day: date
    to: date | None
    kind: DayKind | None
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Overrides:
    """One file. `without_bridge_days`: years that have none, and not only none yet."""

    file: str = ""
    entries: tuple[Addition | Move, ...] = ()
    without_bridge_days: frozenset[int] = frozenset()


def read_overrides(text: str, file: str) -> Overrides:
    """Raise FileErrors with all mistakes and their lines."""
    root = load(text, file)
    root.document.raise_errors(FileErrors)
    top = root.mapping("the file", ("overrides", "without_bridge_days"))
    entries = tuple(entry for node in top.items("overrides") if (entry := _entry(node)) is not None)
    what, first, last = "each of `without_bridge_days`", YEARS[0], YEARS[-1]
    years = frozenset(node.integer(what, minimum=first, maximum=last) for node in top.items("without_bridge_days"))
    root.document.raise_errors(FileErrors)
    return Overrides(file, entries, years)


def apply(overrides: Overrides, days: Sequence[KnownDay]) -> tuple[list[KnownDay], list[Located]]:
    """The days after the file's entries, one after the other, and those entries that changed nothing: the data have it already,
    or a date is mistyped."""
    idle: list[Located] = []
    for entry in overrides.entries:
        after = _added(entry, days) if isinstance(entry, Addition) else _moved(entry, days)
        if after == days:
            idle.append(Located(overrides.file, entry.line, "changes nothing: the calendar is like that without it"))
        days = after
    return sorted(days, key=lambda known: known.day), idle


def _added(entry: Addition, days: Sequence[KnownDay]) -> Sequence[KnownDay]:
    same = any((known.day, known.kind) == (entry.day.day, entry.day.kind) for known in days)
    return days if same else [*days, entry.day]


def _moved(entry: Move, days: Sequence[KnownDay]) -> Sequence[KnownDay]:
    meant = [known for known in days if known.day == entry.day and entry.kind in (None, known.kind)]
    if not meant:
        return days
    rest = [known for known in days if known not in meant]
    if entry.to is None:
        return rest
    there = {(known.kind, known.name) for known in rest if known.day == entry.to}
    return [
        *rest,
        *(replace(one, day=entry.to, source=entry.source) for one in meant if (one.kind, one.name) not in there),
    ]


def _entry(node: Node) -> Addition | Move | None:
    given = node.value if isinstance(node.value, dict) else {}
    verbs = [verb for verb in _VERBS if verb in given]
    if len(verbs) != 1:
        node.error("an override has one of `add`, `remove`, `move`, with a date")
        return None
    verb = verbs[0]
    entry = node.mapping(f"`{verb}`", (verb, *_KEYS[verb]))
    day, kind, source = _date(entry, verb), _kind(entry), _text(entry, "source")
    if verb == "add":
        name = entry.mapping("name", ("es", "en")) if entry.require("name") else None
        words = Words(_text(name, "es"), _text(name, "en")) if name else Words("", "")
        return Addition(KnownDay(day, kind or DayKind.OVERRIDE, words, source), node.line) if day else None
    to = _date(entry, "to") if verb == "move" else None
    if to is not None and to == day:
        entry.error("to", "`to` is the day itself")
    return Move(day, to, kind, source, node.line) if day else None


def _date(entry: Mapping, key: str) -> date | None:
    text = entry.text(key)
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        entry.error(key, f'`{key}` must be a date such as "2026-12-24", not {text!r}')
    elif day.year not in YEARS:
        entry.error(key, f"`{key}` must be in the years {YEARS[0]} to {YEARS[-1]}, not {text}")
    return day


def _kind(entry: Mapping) -> DayKind | None:
    node = entry.get("kind")
    return node.choice("`kind`", DayKind) if node else None


def _text(entry: Mapping, key: str) -> str:
    text = entry.text(key)
    if len(text) > _LONGEST_TEXT or not text.isprintable():
        entry.error(key, f"`{key}` must be one line of at most {_LONGEST_TEXT} characters")
    return text
