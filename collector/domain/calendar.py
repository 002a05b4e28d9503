"""The calendar by which promised times are counted: weekly hours in a zone, and the days on which nobody works. Pure; which days
those are is said by whoever builds it. Source: the service manual, section 2."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from hashlib import sha256

from collector.domain.signal import Words
from collector.domain.working_hours import WeeklyHours
from collector.domain.working_time import DAY_US, Piece, WorkingTime, from_us, to_us

LONGEST = timedelta(hours=10_000)
"""The most working time that is looked for."""
_FARTHEST_DAYS = 36_525
_LABEL_DIGITS = 6
_OPEN = 2**63


class DayKind(StrEnum):
    """Why nobody may be working on a day. `override`: said by a file of overrides and of no other kind."""

    NATIONAL_HOLIDAY = "national_holiday"
    BRIDGE_DAY = "bridge_day"
    NON_WORKING_DAY = "non_working_day"
    OVERRIDE = "override"


class Gap(StrEnum):
    """Why a stretch of time does not count."""

    OUTSIDE_HOURS = "outside_hours"
    WEEKEND = "weekend"
    NATIONAL_HOLIDAY = "national_holiday"
    BRIDGE_DAY = "bridge_day"
    NON_WORKING_DAY = "non_working_day"
    OVERRIDE = "override"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day with a name of its own. `counts`: nobody works on it. `source` says where it comes from."""

    day: date
    kind: DayKind
    name: Words
    counts: bool
    source: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count though it is working time. An open pause has no end."""

    start_at: datetime
    end_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time that counts, or does not: then with the reasons (words of `Gap`) in the order in which they come up, each once, and
    the names of the special days among them."""

    start_at: datetime
    end_at: datetime
    counted: bool
    reasons: tuple[str, ...]
    names: tuple[Words, ...]


class WorkingCalendar:
    """Working time in one zone; never changes. All times are aware, results UTC. The end of an interval is outside of it, but a
    clock that reaches its amount there is due there.

    `label` is the name with a short hash of all that decides between `known_from` and `known_until`: equal labels count alike.
    `known_until` is the last day for which there is data; after it, and before `known_from`, only the weekly hours hold.
    """

    __slots__ = ("_days", "_time", "hours", "known_from", "known_until", "label", "zone")

    def __init__(
        self, name: str, *, zone: tzinfo, hours: WeeklyHours, days: Iterable[SpecialDay], known_from: date, known_until: date
    ) -> None:
        """Raise ValueError for days outside the known time, or when all of it is off."""
        self.zone, self.hours = zone, hours
        self.known_from, self.known_until = known_from, known_until
        self._days = _by_date(days)
        if outside := [day for day in self._days if not known_from <= day <= known_until]:
            raise ValueError(f"{min(outside)} is not between {known_from} and {known_until}")
        self._time = WorkingTime(zone, hours, [day for day in self._days if self._is_off(day)])
        if not any(self._is_worked(day) for day in _dates(known_from, known_until)):
            raise ValueError(f"nobody works on any day between {known_from} and {known_until}")
        self.label = f"{name}@{self._digest()}"

    def is_working(self, at: datetime) -> bool:
        us = to_us(at)
        return any(start <= us < end for start, end in self._time.spans(us // DAY_US))

    def next_working(self, at: datetime) -> datetime:
        """`at` itself inside working time, else when it next begins."""
        us = to_us(at)
        return from_us(max(us, next(self._spans_from(us))[0]))

    def due(self, start: datetime, amount: timedelta, pauses: Sequence[Pause] = ()) -> datetime:
        """When `amount` of working time has been counted since `start`, pauses left out. Raise ValueError for an open pause, an
        amount below zero or above 10,000 hours, and when a hundred years do not suffice."""
        left = amount // timedelta(microseconds=1)
        if not timedelta() <= amount <= LONGEST:
            raise ValueError("an amount of working time is 0 to 10,000 hours")
        if any(pause.end_at is None for pause in pauses):
            raise ValueError("a clock that is paused without an end has no due time")
        us = to_us(start)
        if not left:
            return from_us(us)
        spans = self._spans_from(us)
        for begin, end in _without(spans, _holes(pauses)) if pauses else spans:
            if left <= end - begin:
                return from_us(begin + left)
            left -= end - begin
        raise AssertionError("spans do not end")

    def counted(self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
        """Working time between the two, pauses left out; nothing when `end` is not later. Raise ValueError when they are more
        than a hundred years apart."""
        first, last = to_us(start), to_us(end)
        spans = _clipped(self._spans(first, last), first, last)
        if pauses:
            spans = _without(spans, _holes(pauses))
        return timedelta(microseconds=sum(until - begin for begin, until in spans))

    def stretches(self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> tuple[Stretch, ...]:
        """From `start` to `end` without a hole, counted and not counted in turn; none when `end` is not later."""
        first, last = to_us(start), to_us(end)
        holes = _holes(pauses)
        found: list[_Growing] = []
        for piece in self._pieces(first, last):
            for begin, until, paused in _split(piece, holes):
                counted = piece.working and not paused
                if not found or found[-1].counted is not counted:
                    found.append(_Growing(begin, counted))
                found[-1].end = until
                if not counted:
                    self._explain(found[-1], piece)
        return tuple(one.done() for one in found)

    def special_days(self, year: int) -> tuple[SpecialDay, ...]:
        """In order of their dates, whether they count or not."""
        return tuple(special for day in sorted(self._days) if day.year == year for special in self._days[day])

    def _is_off(self, day: date) -> bool:
        return any(special.counts for special in self._days.get(day, ()))

    def _is_worked(self, day: date) -> bool:
        return bool(self.hours.days[day.weekday()]) and not self._is_off(day)

    def _digest(self) -> str:
        """Of zone, hours, and days off that would be worked otherwise; of the zone also what it is, not only its name."""
        off = [str(day) for day in sorted(self._days) if self._is_off(day) and self.hours.days[day.weekday()]]
        changes: list[tuple[str, int]] = []
        for day in _dates(self.known_from, self.known_until):
            offset = self._time.offset((day.toordinal() - date(1970, 1, 1).toordinal()) * DAY_US)
            if not changes or changes[-1][1] != offset:
                changes.append((str(day), offset))
        content = json.dumps([str(self.zone), str(self.hours), off, changes, str(self.known_from), str(self.known_until)])
        return sha256(content.encode()).hexdigest()[:_LABEL_DIGITS]

    def _spans(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Working time of the UTC days that the two touch."""
        if last <= first:
            return
        _check_length(first, last)
        for day in range(first // DAY_US, (last - 1) // DAY_US + 1):
            yield from self._time.spans(day)

    def _spans_from(self, us: int) -> Iterator[tuple[int, int]]:
        """Working time from then on. Raise ValueError after a hundred years."""
        first = us // DAY_US
        for begin, end in self._time.spans(first):
            if end > us:
                yield max(begin, us), end
        for day in range(first + 1, first + _FARTHEST_DAYS):
            yield from self._time.spans(day)
        raise ValueError("a hundred years have not enough working time for that")

    def _pieces(self, first: int, last: int) -> Iterator[Piece]:
        if last <= first:
            return
        _check_length(first, last)
        for day in range(first // DAY_US, (last - 1) // DAY_US + 1):
            for piece in self._time.pieces(day):
                begin, end = max(piece.start, first), min(piece.end, last)
                if begin < end:
                    yield Piece(begin, end, piece.working, piece.day)

    def _explain(self, stretch: "_Growing", piece: Piece) -> None:
        """Note why the piece does not count."""
        if piece.working:
            stretch.reasons[Gap.PAUSED] = None
        elif not self.hours.days[piece.day.weekday()]:
            stretch.reasons[Gap.WEEKEND] = None
        elif self._is_off(piece.day):
            for special in self._days[piece.day]:
                if special.counts:
                    stretch.reasons[Gap(special.kind.value)] = None
                    stretch.names[special.name] = None
        else:
            stretch.reasons[Gap.OUTSIDE_HOURS] = None


@dataclass(slots=True)
class _Growing:
    """A stretch whose end is not known yet. Dictionaries for their order."""

    start: int
    counted: bool
    end: int = 0
    reasons: dict[Gap, None] = field(default_factory=dict)
    names: dict[Words, None] = field(default_factory=dict)

    def done(self) -> Stretch:
        reasons = tuple(reason.value for reason in self.reasons)
        return Stretch(from_us(self.start), from_us(self.end), self.counted, reasons, tuple(self.names))


def _by_date(days: Iterable[SpecialDay]) -> dict[date, tuple[SpecialDay, ...]]:
    found: dict[date, tuple[SpecialDay, ...]] = {}
    for special in days:
        found[special.day] = (*found.get(special.day, ()), special)
    return found


def _dates(first: date, last: date) -> Iterator[date]:
    return (date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1))


def _check_length(first: int, last: int) -> None:
    if last - first > _FARTHEST_DAYS * DAY_US:
        raise ValueError("working time is counted over a hundred years at most")


def _clipped(spans: Iterable[tuple[int, int]], first: int, last: int) -> Iterator[tuple[int, int]]:
    for begin, end in spans:
        if begin < last and end > first:
            yield max(begin, first), min(end, last)


def _holes(pauses: Sequence[Pause]) -> list[tuple[int, int]]:
    """Pauses in order, those that overlap or touch joined, without those of no length."""
    holes: list[tuple[int, int]] = []
    for begin, end in sorted((to_us(one.start_at), _OPEN if one.end_at is None else to_us(one.end_at)) for one in pauses):
        if holes and begin <= holes[-1][1]:
            holes[-1] = (holes[-1][0], max(end, holes[-1][1]))
        elif begin < end:
            holes.append((begin, end))
    return holes


def _without(spans: Iterable[tuple[int, int]], holes: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for begin, end in spans:
        for start, until, in_hole in _parts(begin, end, holes):
            if not in_hole:
                yield start, until


def _split(piece: Piece, holes: list[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it is paused): all of the piece. What is not worked anyway is not cut."""
    return _parts(piece.start, piece.end, holes if piece.working else [])


def _parts(begin: int, end: int, holes: list[tuple[int, int]]) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether in a hole): all of it, in order."""
    at = begin
    for first, last in holes:
        start, until = max(first, at), min(last, end)
        if start >= until:
            continue
        if at < start:
            yield at, start, False
        yield start, until, True
        at = until
    if at < end:
        yield at, end, False
