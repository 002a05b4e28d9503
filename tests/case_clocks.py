"""One case and its clocks without a store: what is done to it, by the same functions as in the product, at times by the clock on
the wall in Buenos Aires."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from collector.domain.case import Case, CaseStatus, Transition, Verb, Verdict, transition
from collector.domain.case_facts import confirm, record_contact, respond
from collector.domain.clocks import CHANGES_CLOCKS, Happening, Promise, next_due, wind
from collector.domain.correlation import apply, decide
from collector.domain.deadline import Deadline, DeadlineName, pass_time
from collector.domain.ids import CaseId
from collector.domain.signal import CaseKind, Signal
from collector.domain.sla import SlaTargets
from collector.domain.trust import Trust
from tests.builders import a_case, a_signal, a_threat_signal
from tests.calendars import calendar, holiday, local

HOLIDAY = holiday("2026-11-23", name="Día de la Soberanía Nacional")
PROMISE = Promise(calendar(days=[HOLIDAY]), SlaTargets())
"""The Monday of that week is a holiday."""
ANA = "user:ana"


class CaseClocks:
    """`told` are the verdicts that time gave, in order: what, of which deadline (its place), when."""

    def __init__(self, case: Case, at: str | datetime, promise: Promise = PROMISE) -> None:
        self.promise = promise
        self.now = _time(at)
        self.case = replace(case, id=CaseId(1), opened_at=self.now, last_seen_at=self.now)
        self.deadlines: list[Deadline] = []
        self.told: list[tuple[Verdict, int, datetime]] = []
        self._numbers = 0
        self._wind(Verdict.CONTAINED if case.contained else Verdict.OPENED, self.now)

    def at(self, when: str | datetime) -> "CaseClocks":
        """It is so late now; time alone has done its part until then, looked at once."""
        self.now = _time(when)
        self.pass_time()
        return self

    def pass_time(self) -> None:
        for place, one in enumerate(self.deadlines):
            if (passed := pass_time(one, now=self.now)) is not None:
                self.deadlines[place] = passed[0]
                self.told.append((passed[1], place, self.now))

    def do(self, verb: Verb, *, happened: str | datetime | None = None, severity: int | None = None) -> "CaseClocks":
        """Somebody acts now, on what `happened` then. Raise as the verbs do."""
        at = self.now if happened is None else _time(happened)
        match verb:
            case Verb.CONFIRM:
                done = confirm(self.case, at=self.now, severity=severity)
            case Verb.RECORD_CONTACT:
                done = record_contact(self.case, at=at)
            case Verb.RESPOND:
                done = respond(self.case, at=at)
            case _:
                done = transition(self.case, verb, at=self.now, actor=ANA)
        return self._after(done, at)

    def signal(self, **changes: Any) -> "CaseClocks":
        """One more signal now: `severity=2`, or for a threat `contained=False`. A closed case hears no more."""
        if self.case.status is CaseStatus.CLOSED:
            return self
        made = a_threat_signal if self.case.kind is CaseKind.THREAT_INCIDENT else a_signal
        return self._hear(made(key=self.case.key, **changes))

    def _hear(self, signal: Signal) -> "CaseClocks":
        decision = decide(self.case, signal, at=self.now, source_id=self.case.source_id, trust=Trust.SPOOFABLE)
        if decision.verdict is Verdict.IGNORED_CLEAR or decision.replaces:
            return self
        self.case = apply(self.case, decision, signal, at=self.now, trust=Trust.SPOOFABLE)
        self._wind(decision.verdict, self.now)
        if decision.resumes:
            self._wind(Verdict.RESUMED, self.now)
        return self

    def _after(self, done: Transition, at: datetime) -> "CaseClocks":
        self.case = done.case
        if done.verdict is not None:
            self._wind(done.verdict, at)
        return self

    def _wind(self, verdict: Verdict, at: datetime) -> None:
        if verdict in CHANGES_CLOCKS:
            self.deadlines = [
                self._numbered(one) for one in wind(self.promise, self.case, self.deadlines, Happening(verdict, at, ANA))
            ]
        self.case = replace(self.case, due_at=next_due(self.deadlines))

    def _numbered(self, deadline: Deadline) -> Deadline:
        """As the store would."""
        if deadline.id:
            return deadline
        self._numbers += 1
        return replace(deadline, id=self._numbers)

    def owed(self) -> list[tuple[str, int | None, str, str]]:
        """(name, severity, state, due time on the wall) of those that are owed."""
        return [self.shown(one) for one in self.deadlines if one.is_owed]

    def all(self) -> list[tuple[str, int | None, str, str]]:
        return [self.shown(one) for one in self.deadlines]

    def shown(self, one: Deadline) -> tuple[str, int | None, str, str]:
        due = one.due_at.astimezone(self.promise.calendar.zone)
        return one.name.value, one.severity, one.state.value, due.strftime("%m-%d %H:%M")

    def one(self, name: DeadlineName, severity: int | None = None) -> Deadline:
        """The newest of them."""
        return [one for one in self.deadlines if (one.name, one.severity) == (name, severity)][-1]

    @property
    def is_over(self) -> bool:
        return self.case.status in (CaseStatus.RESOLVED, CaseStatus.CLOSED)


def severity_case(severity: int | None, at: str, **changes: Any) -> CaseClocks:
    return CaseClocks(a_case(severity=severity, **changes), at)


def _time(when: str | datetime) -> datetime:
    return local(f"2026-{when}") if isinstance(when, str) else when
