"""What a signal does to the case of its key: open, join, raise, clear, reopen. Pure: the present case in, a decision out."""

from dataclasses import dataclass, replace
from datetime import datetime

from collector.domain.case import COLLECTOR, QUIET_BEFORE_CLOSE, Case, CaseStatus, Verdict
from collector.domain.ids import SourceId
from collector.domain.outcome import Reason
from collector.domain.signal import CaseKind, Signal, SignalType, Urgency
from collector.domain.trust import Trust


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict and what comes with it.

    `relapses`: a cleared case is failing again. `resumes`: a pending case goes on. `replaces`: the resolved case was quiet for so
    long that it is closed now and a new one opened. `cleared`: a clear that came after it was processed before it, and holds.
    `reason` says why a signal has no effect.
    """

    verdict: Verdict
    reason: Reason = Reason.NONE
    relapses: bool = False
    resumes: bool = False
    replaces: bool = False
    cleared: bool = False


JOINED = Decision(Verdict.JOINED)
"""The most frequent decision by far: count it, nothing else changes."""
CLEARED = Decision(Verdict.CLEARED)
CLEARED_SINCE = Decision(Verdict.SUPPRESSED, Reason.CLEARED_SINCE)

_URGENCY_ORDER = {Urgency.LOW: 0, Urgency.NORMAL: 1, Urgency.HIGH: 2}


def decide(case: Case | None, signal: Signal, *, at: datetime, source_id: SourceId | None, trust: Trust) -> Decision:
    """`case` is the one that holds the key and is not closed, or None. `at` is the notification's arrival."""
    if signal.type is SignalType.CLEAR:
        return _decide_clear(case, at=at, source_id=source_id, trust=trust)
    if case is None:
        return Decision(Verdict.CONTAINED if signal.contained else Verdict.OPENED)
    if case.status is CaseStatus.RESOLVED:
        return _decide_resolved(case, signal, at=at)
    if signal.contained and not case.contained:
        # A row that says "dealt with" for an active threat is the console's all-clear for it.
        return _decide_clear(case, at=at, source_id=source_id, trust=trust)
    relapses = case.cleared_at is not None and at >= case.cleared_at
    # what arrived before somebody said that the customer is waited for was there to be seen then
    resumes = case.status is CaseStatus.PENDING and (case.pended_at is None or at >= case.pended_at)
    if grows(case, signal):
        return Decision(Verdict.RAISED, relapses=relapses, resumes=resumes)
    if relapses or resumes:
        return Decision(Verdict.JOINED, relapses=relapses, resumes=resumes)
    return JOINED


def makes_active(decision: Decision) -> bool:
    """Whether a case is not cleared after it that was over, cleared or not there before."""
    return decision.relapses or decision.verdict in (Verdict.OPENED, Verdict.CONTAINED, Verdict.REOPENED)


def was_cleared_since(decision: Decision, case: Case | None, signal: Signal) -> Decision:
    """What is left of a decision that `makes_active` when a clear came after its signal and was processed before it. A trouble
    that the clear ends needs no case; one that only people end has its case, which is cleared."""
    if decision.relapses:
        kept = replace(decision, relapses=False)
        return JOINED if kept == JOINED else kept
    ends = signal.contained or (signal.kind is CaseKind.SEVERITY_CASE and (signal.severity or 4) >= 3)
    if ends and (case is None or decision.replaces or case.resolves_by_clear):
        return CLEARED_SINCE
    return replace(decision, cleared=True)


def grows(case: Case, signal: Signal) -> bool:
    """Whether it is worse than the case knows: a more severe number, a threat no longer contained, more urgent."""
    if case.kind is CaseKind.THREAT_INCIDENT:
        return (case.contained and not signal.contained) or _URGENCY_ORDER[signal.urgency] > _URGENCY_ORDER[case.urgency]
    if signal.severity is None:
        return False
    if signal.needs_triage:
        # Once level 1 has set the severity, what level 1 would have to judge again does not overrule it.
        return case.needs_triage and signal.severity < (case.severity or 4)
    return case.severity is not None and signal.severity < case.severity


def _decide_resolved(case: Case, signal: Signal, *, at: datetime) -> Decision:
    quiet_since = max(case.resolved_at or case.last_seen_at, case.last_seen_at)
    if at - quiet_since >= QUIET_BEFORE_CLOSE:
        return Decision(Verdict.CONTAINED if signal.contained else Verdict.OPENED, replaces=True)
    if signal.contained and not case.contained:
        return Decision(Verdict.IGNORED_CLEAR, Reason.CLEAR_WITHOUT_CASE)
    if signal.contained or _was_known(case, at):
        return JOINED
    return Decision(Verdict.REOPENED)


def _was_known(case: Case, at: datetime) -> bool:
    """Whether what arrived `at` was there to be seen when the case was resolved. Time alone resolves for want of a signal after
    the clear, so a signal from between the two proves it wrong."""
    if case.resolved_at is None or at >= case.resolved_at:
        return False
    return case.status_by != COLLECTOR or case.cleared_at is None or at < case.cleared_at


def _decide_clear(case: Case | None, *, at: datetime, source_id: SourceId | None, trust: Trust) -> Decision:
    if case is None or case.status is CaseStatus.RESOLVED:
        return Decision(Verdict.IGNORED_CLEAR, Reason.CLEAR_WITHOUT_CASE)
    if case.source_id != source_id:
        return Decision(Verdict.IGNORED_CLEAR, Reason.CLEAR_OTHER_SOURCE)
    if trust < case.trust:
        return Decision(Verdict.IGNORED_CLEAR, Reason.CLEAR_LESS_TRUSTED)
    if at < case.last_seen_at:
        return Decision(Verdict.IGNORED_CLEAR, Reason.CLEAR_OUT_OF_DATE)
    if case.cleared_at is not None:
        return Decision(Verdict.IGNORED_CLEAR, Reason.CLEAR_REPEATED)
    return CLEARED


def apply(case: Case, decision: Decision, signal: Signal, *, at: datetime, trust: Trust) -> Case:
    """The case after a decision other than opening. `version` grows by one."""
    changed = replace(case, version=case.version + 1)
    if decision.verdict is Verdict.CLEARED:
        return replace(changed, cleared_at=at)
    changed = replace(
        changed,
        occurrences=case.occurrences + 1,
        last_seen_at=max(case.last_seen_at, at),
        trust=max(case.trust, trust),
        cleared_at=None if decision.relapses or decision.verdict is Verdict.REOPENED else case.cleared_at,
    )
    if decision.resumes:
        changed = replace(changed, status=CaseStatus.ACKNOWLEDGED, status_by=f"rule:{signal.rule}", pended_at=None)
    if decision.verdict is Verdict.REOPENED:
        changed = replace(changed, status=CaseStatus.OPEN, status_by=f"rule:{signal.rule}", resolved_at=None, close_reason=None)
    if decision.verdict in (Verdict.RAISED, Verdict.REOPENED) and grows(case, signal):
        changed = _raise(changed, signal)
    return changed


def _raise(case: Case, signal: Signal) -> Case:
    urgency = max(case.urgency, signal.urgency, key=_URGENCY_ORDER.__getitem__)
    severities = [severity for severity in (case.severity, signal.severity) if severity is not None]
    return replace(
        case,
        severity=min(severities) if severities else None,
        urgency=urgency,
        contained=case.contained and signal.contained,
        quiet_close=case.quiet_close if case.contained and signal.contained else signal.quiet_close,
        title=signal.title,
        summary=signal.summary,
        steps=signal.steps,
        source_severity=signal.source_severity or case.source_severity,
        review_for_severity_1=case.review_for_severity_1 or signal.review_for_severity_1,
    )
