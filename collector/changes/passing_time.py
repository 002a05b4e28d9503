"""What time alone does to cases: quiet ones end, deadlines come near and pass, ticketing hears of further occurrences. Each call
is at most one transaction, and reads before it asks for the right to write."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from collector.changes.adoption import adopted
from collector.changes.change import CaseChange, Step
from collector.changes.counters import ChangeCounters
from collector.changes.outbox import plan_messages, plan_repeats, post
from collector.changes.write import record, write
from collector.domain.case import COLLECTOR, Case, Verb, Verdict, transition
from collector.domain.clock import Clock, rfc3339
from collector.domain.clocks import next_due
from collector.domain.deadline import Deadline, pass_time
from collector.domain.terms import Terms
from collector.store.case_log import LogEntry
from collector.store.cases import find_notes_due, find_quiet, find_untold, read_cases
from collector.store.deadlines import find_cases_in_time, read_deadlines
from collector.store.engine import Connection, Store, Turn

DEADLINES_AT_ONCE = 100
"""In one transaction: what came in on a weekend is due in the same moment, and people wait for the right to write meanwhile."""


class PassingTime:
    """Called about once a second by whoever processes."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        turn: Turn,
        terms: Terms,
        *,
        counters: ChangeCounters | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called after each commit, for those who wait for something to happen."""
        self._store = store
        self._clock = clock
        self._turn = turn
        self._terms = terms
        self._counters = counters or ChangeCounters()
        self._changed = changed

    def end_quiet_cases(self, *, until: datetime) -> int:
        """Resolve and close what was quiet for long enough; return how many cases changed. `until`: what arrived before has been
        processed, so that a case is not quiet only because its notifications still wait (`Processor.caught_up_to`)."""
        with self._store.read() as connection:
            if not find_quiet(connection, now=until):
                return 0
        at = self._clock.now()
        with self._store.write(self._turn) as connection:
            quiet = find_quiet(connection, now=until)
            changes = [_end_quietly(case, *due, at) for case in quiet if (due := case.quiet_verb(until))]
            record(connection, changes, self._terms)
        self._counters.quiet += len(changes)
        self._changed()
        return len(changes)

    def pass_deadlines(self, *, limit: int = DEADLINES_AT_ONCE) -> Counter[Verdict]:
        """Say of each deadline that it is at risk, or breached, when its time has come; return how many of each. About `limit`
        at a time, those that have waited longest: call it again as long as there were that many."""
        now = self._clock.now()
        with self._store.read() as connection:
            if not find_cases_in_time(connection, now=now, limit=1):
                return Counter()
        with self._store.write(self._turn) as connection:
            ids = find_cases_in_time(connection, now=now, limit=limit)
            cases, deadlines = read_cases(connection, ids), read_deadlines(connection, ids)
            changes = [_past(cases[one], deadlines[one], now) for one in ids if one in cases]
            for change in changes:
                plan_messages(change)
            write(connection, changes)
            post(connection, changes, self._terms)
        told = Counter(entry.verdict for change in changes for entry in change.log)
        self._counters.deadlines += told
        self._changed()
        return told

    def tell_repeats(self) -> int:
        """Tell ticketing of further occurrences that have waited long enough; return of how many cases."""
        now = self._clock.now()
        with self._store.read() as connection:
            if not find_notes_due(connection, now=now, limit=1):
                return 0
        with self._store.write(self._turn) as connection:
            told = self._tell(connection, find_notes_due(connection, now=now), now)
        self._counters.repeats_told += told
        self._changed()
        return told

    def adopt_cases(self) -> int:
        """Give the next cases of an older version, at most 100, what every case has since; return how many."""
        with self._store.read() as connection:
            if not find_untold(connection, limit=1):
                return 0
        now = self._clock.now()
        with self._store.write(self._turn) as connection:
            cases = find_untold(connection, limit=DEADLINES_AT_ONCE)
            changes = [adopted(case, self._terms.promise, now=now) for case in cases]
            for change in changes:
                plan_messages(change)
            write(connection, changes)
            post(connection, changes, self._terms)
        self._changed()
        return len(changes)

    def _tell(self, connection: Connection, cases: Sequence[Case], now: datetime) -> int:
        changes = [CaseChange(case) for case in cases]
        for change in changes:
            plan_repeats(change, at=now)
        write(connection, changes)
        post(connection, changes, self._terms)
        return len(changes)


def _end_quietly(case: Case, verb: Verb, reason: str, at: datetime) -> CaseChange:
    done = transition(case, verb, at=at, actor=COLLECTOR, reason=reason)
    if done.verdict is None:
        raise ValueError("time does nothing to a case that is in the state already")
    return CaseChange(done.case, [Step(LogEntry(case.id, at, done.verdict, COLLECTOR, text=reason), done.case)])


def _past(case: Case, deadlines: Sequence[Deadline], now: datetime) -> CaseChange:
    """The case with every deadline that time has changed, one line of its history for each."""
    passed = [(one, done) for one in deadlines if (done := pass_time(one, now=now)) is not None]
    changed = [after for _, (after, _) in passed]
    kept = [one for one in deadlines if one.id not in {after.id for after in changed}]
    after = replace(case, due_at=next_due([*kept, *changed]), version=case.version + 1)
    steps = [Step(_line(one, verdict, now), after) for one, (_, verdict) in passed]
    return CaseChange(after, steps, deadlines=[*kept, *changed], changed_deadlines=changed)


def _line(deadline: Deadline, verdict: Verdict, now: datetime) -> LogEntry:
    detail: dict[str, str | int | bool | None] = {
        "deadline": deadline.name.value,
        "due_at": rfc3339(deadline.due_at),
        "provisional": deadline.provisional,
    }
    if deadline.severity is not None:
        detail["severity"] = deadline.severity
    return LogEntry(deadline.case_id, now, verdict, COLLECTOR, detail=detail)
