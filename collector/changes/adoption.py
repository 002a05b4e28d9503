"""Cases that an older version opened: they get the clocks and the message that every case has since. Once they have them, there
is nothing left to find here."""

from datetime import datetime

from collector.changes.change import CaseChange, Step
from collector.domain.case import COLLECTOR, Case, CaseStatus, Verdict, changed
from collector.domain.clocks import Happening, Promise, next_due, wind
from collector.domain.deadline import Deadline, pause
from collector.store.case_log import LogEntry

_TOLD = "clocks and messages begin with this version; due times count from the opening"


def adopted(case: Case, promise: Promise, *, now: datetime) -> CaseChange:
    """The case with its clocks, and a line of its history that says so: the first of which ticketing is told."""
    deadlines = _clocks_of(case, promise)
    after = changed(case, due_at=next_due(deadlines), version=case.version + 1)
    entry = LogEntry(case.id, now, Verdict.NOTED, COLLECTOR, text=_TOLD)
    return CaseChange(after, [Step(entry, after)], deadlines=deadlines, changed_deadlines=deadlines)


def _clocks_of(case: Case, promise: Promise) -> list[Deadline]:
    """As if they had run since the opening; what the case waits for the customer is not counted from now on. A resolved case owes
    nothing; it gets its clocks when it is opened again."""
    if case.status is CaseStatus.RESOLVED:
        return []
    begun = wind(promise, case, [], Happening(Verdict.OPENED, case.opened_at, COLLECTOR))
    if case.status is not CaseStatus.PENDING:
        return begun
    return [pause(one, at=case.pended_at or case.last_seen_at) for one in begun]
