"""A case, its states and what people may do to it: the transition table. Pure; the store and the log live elsewhere."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from collector.domain.errors import Conflict
from collector.domain.ids import CaseId, CustomerId, ExternalKey, SourceId
from collector.domain.signal import CaseKind, MatchedCondition, Urgency, Words
from collector.domain.trust import Trust


class CaseStatus(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Verb(StrEnum):
    """What people do to a case."""

    ACKNOWLEDGE = "acknowledge"
    PEND = "pend"
    RESUME = "resume"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    NOTE = "note"
    CONFIRM = "confirm"
    RECORD_CONTACT = "record-contact"
    RESPOND = "respond"
    ASSIGN = "assign"


class Verdict(StrEnum):
    """What happened to a case, or what a signal did: one word for log, metric, API and tests."""

    OPENED = "opened"
    JOINED = "joined"
    RAISED = "raised"
    CLEARED = "cleared"
    REOPENED = "reopened"
    CONTAINED = "contained"
    SUPPRESSED = "suppressed"
    IGNORED_CLEAR = "ignored_clear"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    CONTACTED = "contacted"
    RESPONDED = "responded"
    CONFIRMED = "confirmed"
    SEVERITY_SET = "severity_set"
    ESCALATED = "escalated"
    PENDED = "pended"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"
    UNMERGED = "unmerged"
    NOTED = "noted"
    DEADLINE_AT_RISK = "deadline_at_risk"
    DEADLINE_BREACHED = "deadline_breached"


COLLECTOR = "collector"
"""The actor of what time alone does to a case."""
QUIET_BEFORE_RESOLVE = timedelta(minutes=15)
"""A cleared severity 3-4 or contained case without a new signal for this long is resolved."""
QUIET_BEFORE_CLOSE = timedelta(minutes=60)
"""A resolved case without a new signal for this long is closed; inside it a raise reopens the case."""


@dataclass(frozen=True, slots=True)
class Case:
    """The durable thing we owe a customer an answer on. All times aware UTC. `version` grows by one with every change."""

    id: CaseId
    external_key: ExternalKey
    customer_id: CustomerId
    customer_code: str
    key: str
    kind: CaseKind
    severity: int | None
    urgency: Urgency
    contained: bool
    status: CaseStatus
    level: int
    trust: Trust
    needs_triage: bool
    review_for_severity_1: bool
    title: Words
    summary: Words
    steps: Words
    product: str
    pack: str
    rule: str
    rule_version: str
    source_id: SourceId | None
    source_name: str
    channel: str
    host: str | None
    source_severity: str | None
    fields: dict[str, str]
    opened_at: datetime
    last_seen_at: datetime
    occurrences: int
    cleared_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    quiet_close: timedelta | None = None
    matched: tuple[MatchedCondition, ...] = ()
    previous_case: ExternalKey | None = None
    merged_into: ExternalKey | None = None
    status_by: str = ""
    pended_at: datetime | None = None
    """Since when it waits for the customer; None when it does not."""
    assignee: str | None = None
    confirmed_at: datetime | None = None
    contacted_at: datetime | None = None
    responded_at: datetime | None = None
    due_at: datetime | None = None
    """The earliest due time that is still owed (collector.domain.deadline); None when none is, or while the case waits for the
    customer."""
    handed_seq: int = 0
    """How many messages about it were written for ticketing; 0 while nobody was told."""
    note_due_at: datetime | None = None
    """When ticketing is to be told of further occurrences."""
    noted_occurrences: int = 0
    """How many occurrences ticketing knows of."""
    version: int = 1

    @property
    def is_active(self) -> bool:
        """Neither resolved nor closed."""
        return self.status in _ACTIVE

    @property
    def rank(self) -> int:
        """Order of service: threat high/normal 1, low 3, contained 4, else the severity."""
        return rank(self.kind, self.severity, self.urgency, self.contained)

    @property
    def resolves_by_clear(self) -> bool:
        """Severity 1-2 and active threats are never resolved by a clear."""
        return self.contained or (self.kind is CaseKind.SEVERITY_CASE and (self.severity or 4) >= 3)

    def quiet_verb(self, now: datetime) -> tuple[Verb, str] | None:
        """What time alone does to the case, with the reason, or None: quiet after a clear, after resolved, or the rule's own."""
        quiet = now - self.last_seen_at
        if self.status is CaseStatus.RESOLVED:
            since = max(self.resolved_at or self.last_seen_at, self.last_seen_at)
            return (Verb.CLOSE, "quiet after it was resolved") if now - since >= QUIET_BEFORE_CLOSE else None
        if self.status is CaseStatus.CLOSED:
            return None
        if self.quiet_close is not None and quiet >= self.quiet_close:
            return Verb.CLOSE, "quiet for long enough"
        if self.cleared_at is not None and self.resolves_by_clear:
            since = max(self.cleared_at, self.last_seen_at)
            return (Verb.RESOLVE, "the console says it is fine again") if now - since >= QUIET_BEFORE_RESOLVE else None
        return None


_NAMES = tuple(field.name for field in fields(Case))
_values_of = attrgetter(*_NAMES)
_SETTERS = tuple(Case.__dict__[name].__set__ for name in _NAMES)


def changed(case: Case, **changes: object) -> Case:
    """What `dataclasses.replace` makes, in a third of the time (5 us, not 15): for what is done to every case of a batch. Raise
    AttributeError for a field that there is not."""
    made = object.__new__(Case)
    for put, value in zip(_SETTERS, _values_of(case), strict=True):
        put(made, value)
    for name, value in changes.items():
        object.__setattr__(made, name, value)
    return made


def rank(kind: CaseKind, severity: int | None, urgency: Urgency, contained: bool) -> int:
    if kind is CaseKind.THREAT_INCIDENT:
        if contained:
            return 4
        return 3 if urgency is Urgency.LOW else 1
    return severity or 4


@dataclass(frozen=True, slots=True)
class Transition:
    """The case after a verb, and the word for the log; `verdict` is None when nothing changed (no second log line)."""

    case: Case
    verdict: Verdict | None


_ACTIVE = frozenset({CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED, CaseStatus.PENDING})


def transition(case: Case, verb: Verb, *, at: datetime, actor: str, reason: str | None = None) -> Transition:
    """What `verb` makes of `case`, by `_TARGETS`. Raise Conflict where that has no line: the API says 409."""
    if verb is Verb.NOTE:
        return Transition(replace(case, version=case.version + 1), Verdict.NOTED)
    target = _TARGETS.get((case.status, verb))
    if target is None:
        raise Conflict(
            f"the case is {case.status.value} (set by {case.status_by or 'the collector'}): {verb.value} is not possible"
        )
    if target is case.status and verb is not Verb.RESUME:
        return Transition(case, None)
    return Transition(_enter(case, target, at=at, actor=actor, reason=reason), _VERDICTS[verb])


def _enter(case: Case, status: CaseStatus, *, at: datetime, actor: str, reason: str | None) -> Case:
    pended_at = at if status is CaseStatus.PENDING else None
    changed = replace(case, status=status, status_by=actor, pended_at=pended_at, version=case.version + 1)
    match status:
        case CaseStatus.ACKNOWLEDGED | CaseStatus.PENDING:
            # Who works on a case or waits for the customer has seen it.
            taken = replace(changed, acknowledged_at=case.acknowledged_at or at, acknowledged_by=case.acknowledged_by or actor)
            return taken if case.status in _ACTIVE else _reopened(taken)
        case CaseStatus.RESOLVED:
            return replace(changed, resolved_at=at, close_reason=reason)
        case CaseStatus.CLOSED:
            return replace(changed, closed_at=at, close_reason=reason or case.close_reason)
        case _:
            return changed


def _reopened(case: Case) -> Case:
    """Somebody says that it is not over: what the console said, or a quiet time, must not end it again at once."""
    return replace(case, resolved_at=None, closed_at=None, close_reason=None, cleared_at=None, quiet_close=None)


def _targets() -> dict[tuple[CaseStatus, Verb], CaseStatus]:
    s, v = CaseStatus, Verb
    table = {(s.CLOSED, v.CLOSE): s.CLOSED, (s.CLOSED, v.REOPEN): s.ACKNOWLEDGED}
    table |= {(s.RESOLVED, v.RESOLVE): s.RESOLVED, (s.RESOLVED, v.CLOSE): s.CLOSED, (s.RESOLVED, v.REOPEN): s.ACKNOWLEDGED}
    for active in _ACTIVE:
        table |= {(active, v.RESOLVE): s.RESOLVED, (active, v.CLOSE): s.CLOSED, (active, v.PEND): s.PENDING}
    table |= {(s.OPEN, v.ACKNOWLEDGE): s.ACKNOWLEDGED, (s.ACKNOWLEDGED, v.ACKNOWLEDGE): s.ACKNOWLEDGED}
    table |= {(s.PENDING, v.ACKNOWLEDGE): s.PENDING, (s.PENDING, v.RESUME): s.ACKNOWLEDGED}
    return table


_TARGETS = _targets()
_VERDICTS = {
    Verb.ACKNOWLEDGE: Verdict.ACKNOWLEDGED,
    Verb.PEND: Verdict.PENDED,
    Verb.RESUME: Verdict.RESUMED,
    Verb.RESOLVE: Verdict.RESOLVED,
    Verb.CLOSE: Verdict.CLOSED,
    Verb.REOPEN: Verdict.REOPENED,
}
