"""Any order of raises, clears, verbs and time: one case per key that is not closed, and every change is counted."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from collector.domain.case import Case, CaseStatus, Transition, Verb, Verdict, transition
from collector.domain.correlation import apply, decide
from collector.domain.errors import Conflict
from collector.domain.ids import SourceId
from collector.domain.signal import Signal, Urgency
from collector.domain.trust import Trust
from tests.builders import NOON, a_case, a_clear, a_signal, a_threat, a_threat_signal

KEYS = ("disk", "risk")
sources = st.sampled_from([SourceId(1), SourceId(2)])
trusts = st.sampled_from(Trust)
delays = st.one_of(st.just(timedelta()), st.timedeltas(timedelta(), timedelta(hours=2)))


class CaseLife(RuleBasedStateMachine):
    """The cases of two keys, as the store would hold them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.cases: list[Case] = []
        self.accepted: list[int] = []

    def holder(self, key: str) -> int | None:
        return next((n for n, case in enumerate(self.cases) if case.key == key and case.status is not CaseStatus.CLOSED), None)

    def replace(self, place: int, case: Case) -> None:
        before = self.cases[place]
        assert (case.version > before.version) is (case != before)
        self.cases[place] = case

    @rule(step=st.timedeltas(timedelta(), timedelta(hours=2)))
    def time_passes(self, step: timedelta) -> None:
        self.now += step
        for place, case in enumerate(self.cases):
            if (due := case.quiet_verb(self.now)) is not None:
                self.replace(place, transition(case, due[0], at=self.now, actor="collector", reason=due[1]).case)

    @rule(severity=st.integers(1, 4), source=sources, trust=trusts, late=delays)
    def a_disk_fails(self, severity: int, source: SourceId, trust: Trust, late: timedelta) -> None:
        self.arrives(a_signal(key="disk", severity=severity), source, trust, late)

    @rule(contained=st.booleans(), urgency=st.sampled_from(Urgency), source=sources, trust=trusts, late=delays)
    def a_risk_is_found(self, contained: bool, urgency: Urgency, source: SourceId, trust: Trust, late: timedelta) -> None:
        quiet = timedelta(hours=24) if contained else None
        self.arrives(a_threat_signal(key="risk", contained=contained, urgency=urgency, quiet_close=quiet), source, trust, late)

    @rule(key=st.sampled_from(KEYS), source=sources, trust=trusts, late=delays)
    def it_is_fine_again(self, key: str, source: SourceId, trust: Trust, late: timedelta) -> None:
        self.arrives(a_clear(key=key), source, trust, late)

    def arrives(self, signal: Signal, source: SourceId, trust: Trust, late: timedelta) -> None:
        """`late`: it came that long before what was processed last."""
        at = self.now - late
        place = self.holder(signal.key)
        case = None if place is None else self.cases[place]
        decision = decide(case, signal, at=at, source_id=source, trust=trust)
        if decision.verdict is Verdict.IGNORED_CLEAR:
            return
        if case is None or place is None or decision.replaces:
            if case is not None and place is not None:
                self.replace(place, transition(case, Verb.CLOSE, at=at, actor="collector").case)
            self.open(signal, source, trust)
            return
        self.replace(place, apply(case, decision, signal, at=at, trust=trust))
        self.accepted[place] += decision.verdict is not Verdict.CLEARED

    def open(self, signal: Signal, source: SourceId, trust: Trust) -> None:
        made = a_case if signal.severity is not None else a_threat
        case = made(key=signal.key, urgency=signal.urgency, contained=signal.contained, quiet_close=signal.quiet_close)
        case = replace(case, opened_at=self.now, last_seen_at=self.now)
        self.cases.append(replace(case, severity=signal.severity, source_id=source, trust=trust))
        self.accepted.append(1)

    @rule(data=st.data(), verb=st.sampled_from(Verb))
    def a_person_acts(self, data: st.DataObject, verb: Verb) -> None:
        if not self.cases:
            return
        place = data.draw(st.integers(0, len(self.cases) - 1))
        case = self.cases[place]
        if verb is Verb.REOPEN and self.holder(case.key) not in (None, place):
            return  # the caller's part of the table: only when no other case holds the key
        try:
            done: Transition = transition(case, verb, at=self.now, actor="user:ana")
        except Conflict:
            return
        assert (done.verdict is None) is (done.case == case)
        self.replace(place, done.case)

    @invariant()
    def one_case_holds_a_key(self) -> None:
        open_keys = [case.key for case in self.cases if case.status is not CaseStatus.CLOSED]
        assert len(open_keys) == len(set(open_keys))

    @invariant()
    def every_accepted_raise_is_counted_once(self) -> None:
        assert [case.occurrences for case in self.cases] == self.accepted

    @invariant()
    def times_fit_the_status(self) -> None:
        for case in self.cases:
            assert (case.closed_at is not None) is (case.status is CaseStatus.CLOSED)
            assert case.resolved_at is not None or case.status is not CaseStatus.RESOLVED
            assert case.resolved_at is None or case.status in (CaseStatus.RESOLVED, CaseStatus.CLOSED)
            assert case.acknowledged_at is not None or case.status not in (CaseStatus.ACKNOWLEDGED, CaseStatus.PENDING)
            assert case.opened_at <= case.last_seen_at


TestCaseLife = CaseLife.TestCase
TestCaseLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
