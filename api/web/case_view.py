"""Everything that is known about one case, read for its page."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.tools import ApiTools
from api.web.rows import flags_of, tone_of
from api.web.speech import Speech
from api.web.stamp import stamp_of
from api.web.words import WORDS
from collector.domain.calendar import Stretch
from collector.domain.case import Case
from collector.domain.clocks import Promise
from collector.domain.deadline import Deadline, DeadlineState
from collector.domain.errors import NotFound
from collector.domain.registry import Customer
from collector.handoff.body import HIDDEN, is_outside_hours
from collector.store.case_log import LogEntry, read_newest_log
from collector.store.cases import get_case
from collector.store.deadlines import read_deadlines
from collector.store.notifications import Notification, NotificationFilter, list_notifications
from collector.store.registry import load_customers
from collector.store.tickets import Ticket, find_tickets

LOG_SHOWN = 200
_CLOSED_LISTS = ("deadline", "urgency", "urgency_before")
NOTIFICATIONS_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Clocked:
    """A deadline, what of its working time is used up at the moment, and which time counted."""

    deadline: Deadline
    used: timedelta
    stretches: tuple[Stretch, ...]

    @property
    def left(self) -> timedelta:
        return max(timedelta(), self.deadline.target - self.used)

    @property
    def word(self) -> str:
        """Of `deadline.*`."""
        one = self.deadline
        return "met_late" if one.state is DeadlineState.MET and one.is_late else one.state.value

    @property
    def tone(self) -> str:
        return "breached" if self.deadline.is_late else self.deadline.state.value


@dataclass(frozen=True, slots=True)
class CaseSeen:
    """One case with all around it. `log` newest first, `log_cursors` their places; `older` is the place after which older
    notifications begin."""

    case: Case
    customer: Customer
    ticket: Ticket | None
    deadlines: tuple[Clocked, ...]
    log: tuple[LogEntry, ...]
    log_cursors: tuple[int, ...]
    notifications: tuple[Notification, ...]
    older: int | None
    before: int | None
    flags: tuple[str, ...]
    tone: str
    stamp: str

    @property
    def log_cursor(self) -> int:
        """The place of the newest line."""
        return max(self.log_cursors, default=0)

    @property
    def mark(self) -> str:
        """Changes whenever something shown does."""
        parts = (self.case.version, self.log_cursor, self.ticket, [one.deadline for one in self.deadlines])
        newest = self.notifications[0].cursor if self.notifications else 0
        return hashlib.sha256(repr((parts, newest)).encode()).hexdigest()[:16]

    @property
    def request_id(self) -> str:
        """For one form: makes sending it twice have one effect."""
        return secrets.token_urlsafe(12)


def read_case(tools: ApiTools, external_key: str, *, before: int | None = None) -> CaseSeen:
    """Raise NotFound. `before` is the place of a notification: older ones are shown."""
    if not (external_key.isascii() and external_key.isprintable()):
        raise NotFound("there is no such case")
    with tools.store.read() as connection:
        case = get_case(connection, external_key)
        if case is None:
            raise NotFound("there is no such case")
        log = read_newest_log(connection, case.id, limit=LOG_SHOWN)
        wanted = NotificationFilter(case_id=case.id)
        notifications = list_notifications(connection, wanted, after=before, limit=NOTIFICATIONS_SHOWN + 1, newest_first=True)
        shown = notifications[:NOTIFICATIONS_SHOWN]
        deadlines = read_deadlines(connection, [case.id]).get(case.id, [])
        return CaseSeen(
            case=case,
            customer=load_customers(connection, [case.customer_id])[case.customer_id],
            ticket=find_tickets(connection, [case.id]).get(case.id),
            deadlines=tuple(_clocked(tools.promise, one, tools.clock.now()) for one in _latest_first(deadlines)),
            log=tuple(entry for _, entry in log),
            log_cursors=tuple(cursor for cursor, _ in log),
            notifications=tuple(shown),
            older=shown[-1].cursor if len(notifications) > len(shown) else None,
            before=before,
            flags=flags_of(case, outside_hours=is_outside_hours(case, tools.terms)),
            tone=tone_of(case),
            stamp=stamp_of(case),
        )


def _latest_first(deadlines: Sequence[Deadline]) -> list[Deadline]:
    """Owed ones first, the earliest due of them on top; then what is over, newest first."""
    owed = sorted((one for one in deadlines if one.is_owed), key=lambda one: one.due_at)
    return [*owed, *reversed([one for one in deadlines if not one.is_owed])]


def _clocked(promise: Promise, deadline: Deadline, now: datetime) -> Clocked:
    """Counted with today's calendar up to its end, or to now."""
    until = deadline.ended_at or max(now, deadline.since_at)
    calendar = promise.calendar
    used = calendar.counted(deadline.since_at, until, deadline.pauses)
    return Clocked(deadline, used, calendar.stretches(deadline.since_at, until, deadline.pauses))


def detail_of(entry: LogEntry, speech: Speech) -> list[tuple[str, str]]:
    """(label, value): what else a line of the history says, without what is for machines and what does not hold."""
    said = [(name, value) for name, value in entry.detail.items() if name not in HIDDEN and value is not None]
    return [(_label(name, speech), _value(name, value, speech)) for name, value in said if value is not False]


def _value(name: str, value: object, speech: Speech) -> str:
    """Empty where the label alone says it."""
    if value is True:
        return ""
    key = f"{name.removesuffix('_before')}.{value}"
    if name in _CLOSED_LISTS and key in WORDS:
        return speech.t(key)
    return _local(value, speech) if name.endswith("at") else str(value)


def _label(name: str, speech: Speech) -> str:
    key = f"detail.{name}"
    return speech.t(key) if key in WORDS else name


def _local(value: object, speech: Speech) -> str:
    """A time of the log for people here."""
    try:
        return speech.when(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)
