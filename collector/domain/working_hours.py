"""The hours of a week in which work is done, by the clock on the wall. No dates and no zones live here."""

import re
from dataclasses import dataclass
from itertools import pairwise

_INTERVAL = re.compile(r"(\d{2}):(\d{2})\s*-\s*(\d{2}):(\d{2})")
_DAY_MINUTES = 24 * 60
_MONDAY_TO_FRIDAY = range(5)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Part of a day in minutes since midnight; the end does not belong to it and may be 1440."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= _DAY_MINUTES:
            raise ValueError("the end must be later than the start, and 24:00 at most")

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """The intervals of each weekday, Monday first, each day's in order and apart. Raise ValueError when they are not so, and when
    there are none at all: a clock would never end."""

    days: tuple[tuple[Interval, ...], ...]

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise ValueError("a week has seven days")
        if not any(self.days):
            raise ValueError("needs at least one interval: otherwise no time is working time")
        for intervals in self.days:
            for one, following in pairwise(intervals):
                if following.start < one.end:
                    raise ValueError(f"{one} and {following} overlap or are not in order")

    @classmethod
    def on_weekdays(cls, text: str) -> "WeeklyHours":
        """Monday to Friday, the same intervals on each day: `09:00-13:00, 14:00-18:00`. Raise ValueError with the reason."""
        intervals = tuple(_interval(part.strip()) for part in text.split(",") if part.strip())
        return cls(tuple(intervals if day in _MONDAY_TO_FRIDAY else () for day in range(7)))

    def __str__(self) -> str:
        """As `on_weekdays` reads it, for a week that it made; otherwise each day by its number."""
        texts = [", ".join(map(str, intervals)) for intervals in self.days]
        if len(set(texts[:5])) == 1 and not any(texts[5:]):
            return texts[0]
        return "; ".join(f"{number}: {text}" for number, text in enumerate(texts, start=1) if text)


def _interval(text: str) -> Interval:
    found = _INTERVAL.fullmatch(text) if text.isascii() else None
    if found is None:
        raise ValueError(f"must be intervals such as 09:00-17:00 or 09:00-13:00, 14:00-18:00, not {text!r}")
    start, end = (_minutes(int(found[one]), int(found[one + 1]), text) for one in (1, 3))
    try:
        return Interval(start, end)
    except ValueError as error:
        raise ValueError(f"{text}: {error}") from None


def _minutes(hour: int, minute: int, text: str) -> int:
    if (hour, minute) == (24, 0):
        return _DAY_MINUTES
    if hour > 23 or minute > 59:
        raise ValueError(f"{text}: there is no {hour:02}:{minute:02} on a clock")
    return hour * 60 + minute


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
