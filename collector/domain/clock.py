"""Where the time comes from. Nothing else in the project asks the operating system for it."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS_PER_SECOND = 1_000_000_000


class Clock(Protocol):
    """Wall and monotonic time, passed in as a parameter."""

    def now(self) -> datetime:
        """Aware UTC time."""

    def now_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of a clock that never goes back; comparable within one boot of the machine."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


class FileClock:
    """A clock that tests move: the file holds an ISO 8601 time with zone. It stands still between writes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        text = self._path.read_text(encoding="ascii").strip()
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(f"{self._path}: the time needs a zone: {text!r}")
        return moment.astimezone(UTC)

    def now_ns(self) -> int:
        return to_ns(self.now())

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def to_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch, exact to the microsecond."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS_PER_SECOND + delta.microseconds * 1_000


def from_ns(ns: int) -> datetime:
    """Aware UTC time, cut to the microsecond."""
    return EPOCH + timedelta(microseconds=ns // 1_000)


def rfc3339(moment: datetime) -> str:
    """UTC with `Z` and milliseconds, e.g. `2026-03-02T12:00:05.100Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
