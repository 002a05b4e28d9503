"""Which deadlines a case has, and what each change of it does to them. Pure. Sources: the service manual, section 2; what a
pause, a raise or a confirmation means is in docs/sla.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.domain.calendar import WorkingCalendar
from collector.domain.case import Case, CaseStatus, Verdict
from collector.domain.deadline import (
    Deadline,
    DeadlineName,
    DeadlineState,
    Wanted,
    begin_all,
    displace,
    go_on,
    meet,
    pause,
    stop,
    succeed,
)
from collector.domain.signal import CaseKind
from collector.domain.sla import ResponseStarts, SlaTargets


@dataclass(frozen=True, slots=True)
class Promise:
    """What the service promises, and in which working time."""

    calendar: WorkingCalendar
    targets: SlaTargets


@dataclass(frozen=True, slots=True)
class Happening:
    """One change of a case: what, when it happened (not when it was written down), who did it."""

    verdict: Verdict
    at: datetime
    by: str


def wind(promise: Promise, case: Case, deadlines: Sequence[Deadline], what: Happening) -> list[Deadline]:
    """The case's deadlines after `what`; `case` is as it is after it. Those that the store does not have yet have the id 0."""
    match what.verdict:
        case Verdict.OPENED | Verdict.RAISED:
            return [*deadlines, *_missing(promise, case, deadlines, since=what.at)]
        case Verdict.REOPENED:
            again = [go_on(promise.calendar, one, at=what.at) if _is_stopped(one) else one for one in deadlines]
            return [*again, *_missing(promise, case, again, since=what.at)]
        case Verdict.PENDED:
            return [pause(one, at=what.at) for one in deadlines]
        case Verdict.RESUMED:
            return [go_on(promise.calendar, one, at=what.at) if _is_paused(one) else one for one in deadlines]
        case Verdict.RESOLVED | Verdict.CLOSED:
            return [stop(one, at=what.at, by=what.by) if one.is_owed else one for one in deadlines]
        case Verdict.CONFIRMED | Verdict.SEVERITY_SET:
            return _confirmed(promise, case, deadlines, what)
        case Verdict.CONTACTED:
            return _met(deadlines, DeadlineName.CONTACT, what)
        case Verdict.RESPONDED:
            return _met(deadlines, DeadlineName.RESPONSE, what)
        case _:
            return list(deadlines)


CHANGES_CLOCKS = frozenset(
    {
        Verdict.OPENED,
        Verdict.RAISED,
        Verdict.REOPENED,
        Verdict.PENDED,
        Verdict.RESUMED,
        Verdict.RESOLVED,
        Verdict.CLOSED,
        Verdict.CONFIRMED,
        Verdict.SEVERITY_SET,
        Verdict.CONTACTED,
        Verdict.RESPONDED,
    }
)
"""Verdicts for which `wind` is worth asking."""


def next_due(deadlines: Iterable[Deadline]) -> datetime | None:
    """The earliest due time that somebody still owes; one that waits for the customer has none."""
    return min((one.due_at for one in deadlines if one.is_owed and one.state is not DeadlineState.PAUSED), default=None)


def _missing(promise: Promise, case: Case, deadlines: Sequence[Deadline], *, since: datetime) -> list[Deadline]:
    """What the case as it is now must have and has not: everything when it opens or is contained no longer, the new severity's
    clocks when it was raised."""
    if case.contained:
        return []
    wanted = [one for one in _promised(promise, case) if not _is_settled(one, deadlines)]
    return begin_all(promise.calendar, case.id, wanted, since=since)


def _promised(promise: Promise, case: Case) -> list[Wanted]:
    """Everything that a case of this kind and severity is promised."""
    targets = promise.targets
    if case.kind is CaseKind.THREAT_INCIDENT:
        contact, response = targets.threat_contact, targets.threat_response
        return [Wanted(DeadlineName.CONTACT, None, contact), Wanted(DeadlineName.RESPONSE, None, response)]
    severity, wanted = _severity(case), []
    if case.review_for_severity_1:
        wanted.append(Wanted(DeadlineName.TRIAGE, None, targets.triage))
    if (target := targets.severity_contact.get(severity)) is not None:
        wanted.append(Wanted(DeadlineName.CONTACT, severity, target))
    provisional = targets.response_starts is ResponseStarts.CONFIRMATION and case.confirmed_at is None
    wanted.append(Wanted(DeadlineName.RESPONSE, severity, targets.severity_response[severity], provisional))
    return wanted


def _severity(case: Case) -> int:
    """Without one (people's mails, until somebody looks): the least."""
    return case.severity or 4


def _is_settled(wanted: Wanted, deadlines: Sequence[Deadline]) -> bool:
    """Whether it is owed already, or was done: each severity is answered once, and what was done for a more severe number is done
    for the less severe ones."""
    return any(
        one.state is not DeadlineState.REPLACED
        and (one.severity == wanted.severity or (one.state is DeadlineState.MET and _covers(one, wanted.severity)))
        for one in deadlines
        if one.name is wanted.name
    )


def _covers(deadline: Deadline, severity: int | None) -> bool:
    """Whether it is of that severity or a more severe one."""
    if deadline.severity is None or severity is None:
        return deadline.severity == severity
    return deadline.severity <= severity


def _confirmed(promise: Promise, case: Case, deadlines: Sequence[Deadline], what: Happening) -> list[Deadline]:
    """The triage is done. Provisional times give way to definite ones from the confirmation on, and those of a more severe number
    that the case no longer has to the lower one's, which count from the same moment."""
    kept = [_after_confirmation(one, case, what) for one in deadlines]
    if case.kind is CaseKind.THREAT_INCIDENT:
        return kept
    lowered = [one for one in deadlines if one.is_owed and not one.provisional and _is_lowered(one, case)]
    fresh: list[Deadline] = []
    for wanted in _promised(promise, case):
        if _is_settled(wanted, kept):
            continue
        before = min((one for one in lowered if one.name is wanted.name), key=lambda one: one.since_at, default=None)
        if before is None:
            fresh += begin_all(promise.calendar, case.id, [wanted], since=what.at)
        else:
            fresh.append(succeed(promise.calendar, before, wanted))
    return [*kept, *(pause(one, at=what.at) if case.status is CaseStatus.PENDING else one for one in fresh)]


def _after_confirmation(deadline: Deadline, case: Case, what: Happening) -> Deadline:
    if not deadline.is_owed:
        return deadline
    if deadline.name is DeadlineName.TRIAGE:
        return meet(deadline, at=what.at, by=what.by)
    if deadline.provisional or _is_lowered(deadline, case):
        return displace(deadline, at=what.at, by=what.by)
    return deadline


def _is_lowered(deadline: Deadline, case: Case) -> bool:
    return deadline.severity is not None and deadline.severity < _severity(case)


def _met(deadlines: Sequence[Deadline], name: DeadlineName, what: Happening) -> list[Deadline]:
    """What was done `what.at` and is written down now has the effect that it would have had then: a clock that a later raise
    started goes on."""
    return [
        meet(one, at=what.at, by=what.by) if one.name is name and one.is_owed and what.at >= _owed_from(one, deadlines) else one
        for one in deadlines
    ]


def _owed_from(deadline: Deadline, deadlines: Sequence[Deadline]) -> datetime:
    """Since when it could have been done for this severity, be it that the clock was another one then."""
    return min(one.since_at for one in deadlines if one.name is deadline.name and _covers(one, deadline.severity))


def _is_stopped(deadline: Deadline) -> bool:
    return deadline.state is DeadlineState.STOPPED


def _is_paused(deadline: Deadline) -> bool:
    return deadline.state is DeadlineState.PAUSED
