"""The promised times of a case and what happens to them: start, pause, meet, stop, be at risk, be breached. Pure; what the
service promises is `sla`, how working time is counted is `calendar`. Source: the service manual, section 2."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from collector.domain.calendar import Pause, WorkingCalendar
from collector.domain.case import Verdict
from collector.domain.ids import CaseId


class DeadlineName(StrEnum):
    """What is owed: a person who speaks to the customer, a first substantive answer, a look whether it is severity 1."""

    CONTACT = "contact"
    RESPONSE = "response"
    TRIAGE = "triage"


class DeadlineState(StrEnum):
    """`stopped`: the case ended before anybody did it. `replaced`: another one took its place when the case was confirmed or its
    severity was lowered."""

    RUNNING = "running"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    PAUSED = "paused"
    MET = "met"
    STOPPED = "stopped"
    REPLACED = "replaced"


OWED = frozenset({DeadlineState.RUNNING, DeadlineState.AT_RISK, DeadlineState.BREACHED, DeadlineState.PAUSED})
"""States in which somebody still has to do it."""
_TICKING = frozenset({DeadlineState.RUNNING, DeadlineState.AT_RISK})
AT_RISK_SHARE = 0.75
"""Of the working time; from then on the deadline is at risk."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One promised time. All times aware UTC.

    `since_at` is what happened (receipt, confirmation, raise), `start_at` the first working moment from then on, `due_at` when
    the working time is used up, pauses left out. `provisional`: counted from receipt because nobody has confirmed the case.
    `severity` is the one that the target belongs to, None for threats and triage. `calendar` is the label of the calendar that
    `due_at` was counted with. `told` is the last that was said of it: said once, whatever pauses and reopenings follow. `id` is 0
    until the store has it.
    """

    case_id: CaseId
    name: DeadlineName
    severity: int | None
    target: timedelta
    since_at: datetime
    start_at: datetime
    risk_at: datetime
    due_at: datetime
    provisional: bool
    calendar: str
    state: DeadlineState = DeadlineState.RUNNING
    pauses: tuple[Pause, ...] = ()
    ended_at: datetime | None = None
    ended_by: str | None = None
    told: Verdict | None = None
    id: int = 0

    @property
    def is_owed(self) -> bool:
        return self.state in OWED

    @property
    def next_at(self) -> datetime | None:
        """When time alone changes the state."""
        if self.state is DeadlineState.RUNNING:
            return self.risk_at
        return self.due_at if self.state is DeadlineState.AT_RISK else None

    @property
    def is_late(self) -> bool:
        """Whether its time was over before it ended; for one that is owed, whether that has been said."""
        if self.ended_at is None:
            return self.state is DeadlineState.BREACHED
        # the due time of one that ended while it waited is that of before the pause, which began in time
        waited = bool(self.pauses) and self.ended_at <= (self.pauses[-1].end_at or self.ended_at)
        return self.ended_at > self.due_at and not waited


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a case must have: `target` of working time for `name`, at that severity."""

    name: DeadlineName
    severity: int | None
    target: timedelta
    provisional: bool = False


def begin_all(calendar: WorkingCalendar, case_id: CaseId, wanted: Sequence[Wanted], *, since: datetime) -> list[Deadline]:
    """New deadlines whose time counts from `since`. Equal targets are counted once: cases open by the thousand."""
    start_at = calendar.next_working(since)
    targets = {one.target for one in wanted}
    times = {target: (calendar.due(since, target * AT_RISK_SHARE), calendar.due(since, target)) for target in targets}
    return [
        Deadline(
            case_id=case_id,
            name=one.name,
            severity=one.severity,
            target=one.target,
            since_at=since,
            start_at=start_at,
            risk_at=times[one.target][0],
            due_at=times[one.target][1],
            provisional=one.provisional,
            calendar=calendar.label,
        )
        for one in wanted
    ]


def meet(deadline: Deadline, *, at: datetime, by: str) -> Deadline:
    """Somebody did it `at`."""
    return replace(deadline, state=DeadlineState.MET, ended_at=at, ended_by=by, pauses=_closed(deadline.pauses, at))


def displace(deadline: Deadline, *, at: datetime, by: str) -> Deadline:
    """Another one takes its place: the definite time, or that of a less severe number."""
    return replace(deadline, state=DeadlineState.REPLACED, ended_at=at, ended_by=by, pauses=_closed(deadline.pauses, at))


def succeed(calendar: WorkingCalendar, before: Deadline, wanted: Wanted) -> Deadline:
    """What takes the place of `before` when people lower a severity: another amount of the same time, whose pauses, an open one
    too, do not count for it either."""
    ended = tuple(pause for pause in before.pauses if pause.end_at is not None)
    waits = before.state is DeadlineState.PAUSED
    return replace(
        before,
        name=wanted.name,
        severity=wanted.severity,
        target=wanted.target,
        provisional=wanted.provisional,
        risk_at=calendar.due(before.since_at, wanted.target * AT_RISK_SHARE, ended),
        due_at=calendar.due(before.since_at, wanted.target, ended),
        calendar=calendar.label,
        state=DeadlineState.PAUSED if waits else DeadlineState.RUNNING,
        told=None,
        id=0,
    )


def stop(deadline: Deadline, *, at: datetime, by: str) -> Deadline:
    """The case ended before anybody did it."""
    return replace(deadline, state=DeadlineState.STOPPED, ended_at=at, ended_by=by, pauses=_closed(deadline.pauses, at))


def pause(deadline: Deadline, *, at: datetime) -> Deadline:
    """The case waits for the customer. What is too late already stays so."""
    if deadline.state not in _TICKING or at >= deadline.due_at:
        return deadline
    return replace(deadline, state=DeadlineState.PAUSED, pauses=(*deadline.pauses, Pause(at, None)))


def go_on(calendar: WorkingCalendar, deadline: Deadline, *, at: datetime) -> Deadline:
    """Count on from `at`: after a pause, or because a stopped one is owed again. The time between does not count."""
    if deadline.state is DeadlineState.PAUSED:
        pauses = _closed(deadline.pauses, at)
    elif deadline.state is DeadlineState.STOPPED and deadline.ended_at is not None:
        pauses = (*deadline.pauses, Pause(deadline.ended_at, max(at, deadline.ended_at)))
    else:
        return deadline
    due_at = calendar.due(deadline.since_at, deadline.target, pauses)
    # counted anew with a calendar that has changed since, it may be in time again
    told = Verdict.DEADLINE_AT_RISK if deadline.told is Verdict.DEADLINE_BREACHED and due_at > at else deadline.told
    return replace(
        deadline,
        state=_STATE_TOLD[told],
        told=told,
        pauses=pauses,
        risk_at=calendar.due(deadline.since_at, deadline.target * AT_RISK_SHARE, pauses),
        due_at=due_at,
        calendar=calendar.label,
        ended_at=None,
        ended_by=None,
    )


_STATE_TOLD: dict[Verdict | None, DeadlineState] = {
    None: DeadlineState.RUNNING,
    Verdict.DEADLINE_AT_RISK: DeadlineState.AT_RISK,
    Verdict.DEADLINE_BREACHED: DeadlineState.BREACHED,
}


def pass_time(deadline: Deadline, *, now: datetime) -> tuple[Deadline, Verdict] | None:
    """What time alone makes of it: at risk, or too late; None when nothing. Of one that is too late it is not said any more that
    it comes near."""
    if deadline.state not in _TICKING:
        return None
    if now >= deadline.due_at:
        return _say(deadline, Verdict.DEADLINE_BREACHED)
    if deadline.state is DeadlineState.RUNNING and now >= deadline.risk_at:
        return _say(deadline, Verdict.DEADLINE_AT_RISK)
    return None


def _say(deadline: Deadline, verdict: Verdict) -> tuple[Deadline, Verdict]:
    return replace(deadline, state=_STATE_TOLD[verdict], told=verdict), verdict


def _closed(pauses: tuple[Pause, ...], at: datetime) -> tuple[Pause, ...]:
    """The same, the open one ended at `at`."""
    return tuple(pause if pause.end_at is not None else Pause(pause.start_at, max(at, pause.start_at)) for pause in pauses)
