"""What people find out about a case and write down: confirmed, contacted, responded, assigned. Pure; no status changes here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collector.domain.case import Case, Transition, Verb, Verdict
from collector.domain.clock import rfc3339
from collector.domain.errors import Conflict, Rejected
from collector.domain.signal import CaseKind

_CLOCKS_DIFFER = timedelta(minutes=1)
"""How far in the future a reported time may lie: two machines' clocks are never the same."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom of the customer's people we spoke to, and how (`phone`, `e-mail` ...: words for people)."""

    who: str
    how: str


def confirm(case: Case, *, at: datetime, severity: int | None = None) -> Transition:
    """Level 1 looked at the case and stands by its severity, or gives it another one (1-4); needs no more triage. The first
    confirmation is the one that counts; a case that was raised since stays confirmed.

    Raise Conflict for a case that is over, Rejected for a severity where there is none, or none where there must be one.
    """
    _require_active(case, Verb.CONFIRM)
    wanted = _confirmed_severity(case, severity)
    if _is_triaged(case) and wanted == case.severity:
        return Transition(case, None)
    changed = replace(
        case,
        severity=wanted,
        confirmed_at=case.confirmed_at or at,
        needs_triage=False,
        review_for_severity_1=False,
        version=case.version + 1,
    )
    anew = case.confirmed_at is not None and wanted != case.severity
    return Transition(changed, Verdict.SEVERITY_SET if anew else Verdict.CONFIRMED)


def _confirmed_severity(case: Case, severity: int | None) -> int | None:
    if case.kind is CaseKind.THREAT_INCIDENT:
        if severity is not None:
            raise Rejected("a threat incident has an urgency and no severity")
        return None
    wanted = case.severity if severity is None else severity
    if wanted is None:
        raise Rejected("the case has no severity yet: say which one it is")
    if not 1 <= wanted <= 4:
        raise Rejected("a severity is 1, 2, 3 or 4")
    return wanted


def _is_triaged(case: Case) -> bool:
    return case.confirmed_at is not None and not case.needs_triage and not case.review_for_severity_1


def record_contact(case: Case, *, at: datetime) -> Transition:
    """The customer was contacted `at`, which may be a while ago. Every contact is worth a line; the first one stops the clock.

    Raise Rejected for a time before the case, Conflict for a case that is over.
    """
    _require_active(case, Verb.RECORD_CONTACT)
    _require_not_before(case, at)
    first = at if case.contacted_at is None else min(at, case.contacted_at)
    return Transition(replace(case, contacted_at=first, version=case.version + 1), Verdict.CONTACTED)


def respond(case: Case, *, at: datetime) -> Transition:
    """The customer got a substantive answer `at`; the first one counts, or the first one after a raise. Raise as `record_contact`
    does."""
    _require_active(case, Verb.RESPOND)
    _require_not_before(case, at)
    first = at if case.responded_at is None else min(at, case.responded_at)
    return Transition(replace(case, responded_at=first, version=case.version + 1), Verdict.RESPONDED)


def happened_at(case: Case, at: datetime | None, *, now: datetime) -> datetime:
    """When something happened of which somebody says that it was `at`: not later than now, though another machine's clock may be
    a little ahead. Nobody said when: now, even if this machine's clock was set back behind the opening of the case. Raise
    Rejected for a time in the future."""
    if at is None:
        return max(now, case.opened_at)
    if at > now + _CLOCKS_DIFFER:
        raise Rejected("`at` lies in the future")
    return min(at, now)


def assign(case: Case, *, assignee: str) -> Transition:
    """Somebody has it now. Raise Conflict for a case that is over."""
    _require_active(case, Verb.ASSIGN)
    if case.assignee == assignee:
        return Transition(case, None)
    return Transition(replace(case, assignee=assignee, version=case.version + 1), Verdict.ASSIGNED)


def _require_active(case: Case, verb: Verb) -> None:
    if not case.is_active:
        by = case.status_by or "the collector"
        raise Conflict(f"the case is {case.status.value} (set by {by}): {verb.value} is not possible")


def _require_not_before(case: Case, at: datetime) -> None:
    if at < case.opened_at:
        raise Rejected(f"`at` lies before the case was opened ({rfc3339(case.opened_at)})")
