"""A case while a batch works on it: what was read, what it has become, and the history lines to write with it."""

from dataclasses import replace
from datetime import datetime, timedelta

from collector.changes.change import Step
from collector.domain.case import COLLECTOR, Case, CaseStatus, Verdict, changed
from collector.domain.correlation import JOINED, Decision, apply
from collector.domain.signal import Signal
from collector.domain.trust import Trust
from collector.pipeline.draft import Draft, Entry
from collector.store.case_log import LogEntry

_ALWAYS_LOGGED = 10
_QUIET_BEFORE_LOGGED = timedelta(minutes=15)


class CaseFold:
    """Repeats only raise a counter here, so that a storm of one key costs one change of the case per batch."""

    def __init__(self, case: Case, *, is_new: bool) -> None:
        self._case = case
        self.is_new = is_new
        self._changed = is_new
        self._more_than_repeats = is_new
        self.steps: list[Step] = []
        self._joined = 0
        self._first_joined: tuple[Entry, Draft, Signal] | None = None
        self._last_seen_at = case.last_seen_at
        self._trust = case.trust

    @property
    def case(self) -> Case:
        """The case with every repeat counted."""
        self._settle()
        return self._case

    @property
    def log(self) -> list[LogEntry]:
        """The lines of the history to write."""
        return [step.entry for step in self.steps]

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        self._settle()
        return self._changed

    @property
    def only_repeated(self) -> bool:
        """Whether nothing but the count of notifications changed."""
        return not self._more_than_repeats

    @property
    def known(self) -> Case:
        """The case without the repeats that are not counted yet: its last time, count and trust may be behind."""
        return self._case

    def join(self, entry: Entry, draft: Draft, signal: Signal, *, at: datetime) -> None:
        """Count one more notification of the same trouble."""
        if self._first_joined is None:
            self._first_joined = (entry, draft, signal)
        self._joined += 1
        if at > self._last_seen_at:
            self._last_seen_at = at
        trust = entry.trust_of(draft.source)
        if trust > self._trust:
            self._trust = trust

    def opened(self, entry: Entry, draft: Draft, verdict: Verdict, *, at: datetime, late: bool) -> None:
        """Note the birth of the case."""
        self._note(entry, draft, verdict, at=at, detail={"late": True} if late else {})

    def change(self, entry: Entry, draft: Draft, decision: Decision, signal: Signal, *, at: datetime, trust: Trust) -> None:
        """Apply any decision that is more than a plain repeat."""
        self._settle()
        before = self._case
        self._case = apply(before, decision, signal, at=at, trust=trust)
        self._last_seen_at, self._trust = self._case.last_seen_at, self._case.trust
        self._changed = self._more_than_repeats = True
        self._note(entry, draft, decision.verdict, at=at, detail=_what_changed(before, self._case, decision))
        if decision.resumes:
            self._note(entry, draft, Verdict.RESUMED, at=at, detail={})

    def close(self, *, at: datetime, reason: str) -> None:
        """The quiet time of a resolved case was over before this batch: close it, so that a new case can hold the key."""
        self._settle()
        closed = replace(self._case, status=CaseStatus.CLOSED, status_by=COLLECTOR, closed_at=at, version=self._case.version + 1)
        self._case = replace(closed, close_reason=closed.close_reason or reason)
        self._changed = self._more_than_repeats = True
        self.steps.append(Step(LogEntry(closed.id, at, Verdict.CLOSED, COLLECTOR, text=reason), self._case))

    def adopt(self, case: Case) -> None:
        """What became of the case beyond what the batch did: its id, its due time, what ticketing was told."""
        self._settle()
        self._case = case

    def _settle(self) -> None:
        if self._first_joined is None:
            return
        entry, draft, signal = self._first_joined
        before, count = self._case, self._joined
        self._case = changed(
            before,
            occurrences=before.occurrences + count,
            last_seen_at=self._last_seen_at,
            trust=self._trust,
            version=before.version + 1,
        )
        self._changed = True
        self._first_joined, self._joined = None, 0
        if _worth_a_line(before, self._case):
            detail = {"occurrences": self._case.occurrences}
            line = LogEntry(
                before.id, self._last_seen_at, JOINED.verdict, _actor(signal), count, _notification(entry, draft), None, detail
            )
            self.steps.append(Step(line, self._case))

    def _note(
        self, entry: Entry, draft: Draft, verdict: Verdict, *, at: datetime, detail: dict[str, str | int | bool | None]
    ) -> None:
        found = draft.classified
        signal = found.signal if found else None
        actor = _actor(signal) if signal else COLLECTOR
        line = LogEntry(self._case.id, at, verdict, actor, 1, _notification(entry, draft), None, detail)
        self.steps.append(Step(line, self._case))


def _notification(entry: Entry, draft: Draft) -> str | None:
    """Its id; a tally is none."""
    return str(entry.id_of(draft)) if entry.tally is None else None


def _actor(signal: Signal) -> str:
    return f"rule:{signal.rule}@{signal.rule_version}"


def _worth_a_line(before: Case, after: Case) -> bool:
    """The history names the first repeats, then each doubling, and the first one after a quiet quarter of an hour; every single
    notification stays listed under the case."""
    if before.occurrences < _ALWAYS_LOGGED:
        return True
    doubled = after.occurrences.bit_length() > before.occurrences.bit_length()
    return doubled or after.last_seen_at - before.last_seen_at >= _QUIET_BEFORE_LOGGED


def _what_changed(before: Case, after: Case, decision: Decision) -> dict[str, str | int | bool | None]:
    detail: dict[str, str | int | bool | None] = {}
    if after.severity != before.severity:
        detail |= {"severity_before": before.severity, "severity": after.severity}
    if after.urgency is not before.urgency:
        detail |= {"urgency_before": before.urgency.value, "urgency": after.urgency.value}
    if after.contained != before.contained:
        detail["contained"] = after.contained
    if decision.relapses:
        detail["relapsed"] = True
    return detail
