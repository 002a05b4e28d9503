"""The time line of a zone cut at every point where working time begins or ends, in microseconds since 1970 UTC. What a special
day is called and what is counted for whom is in `calendar`."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeAlias

from collector.domain.working_hours import WeeklyHours

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
DAY_US = 24 * 60 * _MINUTE_US
_CACHED_DAYS = 4096
_FIRST_DAY = date(1900, 1, 1).toordinal() - _EPOCH_ORDINAL
_LAST_DAY = date(2999, 12, 31).toordinal() - _EPOCH_ORDINAL

Spans: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the time line within one local `day` that is working time as a whole or not at all."""

    start: int
    end: int
    working: bool
    day: date


def to_us(at: datetime) -> int:
    """Microseconds since 1970 of an aware time. Raise TypeError for a naive one."""
    return (at - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """Aware UTC."""
    return EPOCH + timedelta(microseconds=us)


class WorkingTime:
    """Weekly hours in a zone, without the days off. The clock on the wall decides: an hour that a change of the zone repeats is
    worked twice, one that it leaves out is not worked."""

    __slots__ = ("_cache", "_days_off", "_hours", "_zone")

    def __init__(self, zone: tzinfo, hours: WeeklyHours, days_off: Collection[date]) -> None:
        self._zone = zone
        self._days_off = frozenset(days_off)
        self._hours = tuple(_plan(hours, weekday) for weekday in range(7))
        self._cache: dict[int, Spans] = {}

    def spans(self, day: int) -> Spans:
        """Working time of a UTC day (its number since 1970), in order. What touches is not joined over midnight."""
        found = self._cache.get(day)
        if found is None:
            if len(self._cache) >= _CACHED_DAYS:
                self._cache.clear()
            found = self._cache[day] = tuple((piece.start, piece.end) for piece in self.pieces(day) if piece.working)
        return found

    def pieces(self, day: int) -> Iterator[Piece]:
        """The whole UTC day. Raise ValueError outside the years 1900 to 2999."""
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise ValueError("working time is counted from 1900 to 2999")
        for start, end, offset in self._steady(day * DAY_US, (day + 1) * DAY_US):
            yield from self._cut(start, end, offset)

    def offset(self, us: int) -> int:
        """What the zone adds to UTC, in microseconds."""
        return (from_us(us).astimezone(self._zone).utcoffset() or timedelta()) // _MICROSECOND

    def _cut(self, start: int, end: int, offset: int) -> Iterator[Piece]:
        at = start
        while at < end:
            number = (at + offset) // DAY_US
            midnight = number * DAY_US - offset
            local = date.fromordinal(number + _EPOCH_ORDINAL)
            for until, working in self._plan_of(local):
                stop = min(end, midnight + until)
                if stop > at:
                    yield Piece(at, stop, working, local)
                    at = stop

    def _plan_of(self, day: date) -> tuple[tuple[int, bool], ...]:
        return ((DAY_US, False),) if day in self._days_off else self._hours[day.weekday()]

    def _steady(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """(start, end, offset) in which the offset stays the same; no zone changes it twice a day."""
        if (offset := self.offset(start)) == (following := self.offset(end)):
            yield start, end, offset
            return
        change = self._change(start, end)
        yield start, change, offset
        if change < end:
            yield change, end, following

    def _change(self, before: int, after: int) -> int:
        """When the offset changes, to the second: it is another one at `after` than at `before`."""
        old = self.offset(before)
        while after - before > _SECOND_US:
            middle = (before + after) // (2 * _SECOND_US) * _SECOND_US
            before, after = (middle, after) if self.offset(middle) == old else (before, middle)
        return after


def _plan(hours: WeeklyHours, weekday: int) -> tuple[tuple[int, bool], ...]:
    """(until, whether it is worked) from midnight to midnight, in microseconds of the day."""
    plan: list[tuple[int, bool]] = []
    for interval in hours.days[weekday]:
        plan += [(interval.start * _MINUTE_US, False), (interval.end * _MINUTE_US, True)]
    return (*plan, (DAY_US, False))
