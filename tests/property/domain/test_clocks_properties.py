"""Any order of raises, confirmations, pauses, contacts, answers, ends, reopenings and time: what always holds of clocks."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from collector.domain.case import CaseStatus, Verb, Verdict
from collector.domain.deadline import Deadline, DeadlineName, DeadlineState
from collector.domain.errors import Conflict, Rejected
from tests.builders import a_case, a_threat
from tests.calendars import local
from tests.case_clocks import CaseClocks

START = local("2026-11-18 08:00")
TICK = timedelta(microseconds=1)
steps = st.one_of(
    st.timedeltas(timedelta(), timedelta(minutes=40)),
    st.timedeltas(timedelta(), timedelta(hours=9)),
    st.timedeltas(timedelta(), timedelta(days=5)),
)
PLAIN = (Verb.ACKNOWLEDGE, Verb.PEND, Verb.PEND, Verb.RESUME, Verb.RESUME, Verb.RESOLVE, Verb.CLOSE, Verb.REOPEN, Verb.REOPEN)
ENDED = (DeadlineState.MET, DeadlineState.REPLACED)


class ClocksOfACase(RuleBasedStateMachine):
    """One case; people and consoles do what they like."""

    life: CaseClocks
    seen: dict[int, Deadline]

    @initialize(severity=st.integers(1, 4), review=st.booleans(), threat=st.booleans(), contained=st.booleans(), after=steps)
    def opens(self, severity: int, review: bool, threat: bool, contained: bool, after: timedelta) -> None:
        case = a_threat(contained=contained) if threat else a_case(severity=severity, review_for_severity_1=review)
        self.life = CaseClocks(case, START + after)
        self.seen = {}

    @rule(step=steps)
    def time_passes(self, step: timedelta) -> None:
        self.life.at(self.life.now + step)

    @rule(step=steps, verb=st.sampled_from(PLAIN))
    def somebody_acts_before_anybody_looked_at_the_time(self, step: timedelta, verb: Verb) -> None:
        self.life.now += step
        with suppress(Conflict):
            self.life.do(verb)

    @rule(severity=st.integers(1, 4), review=st.booleans())
    def a_signal_comes(self, severity: int, review: bool) -> None:
        if self.life.case.severity is None:
            self.life.signal()
        else:
            self.life.signal(severity=severity, review_for_severity_1=review)

    @rule(verb=st.sampled_from(PLAIN))
    def somebody_acts(self, verb: Verb) -> None:
        with suppress(Conflict):
            self.life.do(verb)

    @rule(severity=st.one_of(st.none(), st.integers(1, 4)))
    def somebody_confirms(self, severity: int | None) -> None:
        with suppress(Conflict, Rejected):
            self.life.do(Verb.CONFIRM, severity=severity)

    @rule(verb=st.sampled_from((Verb.RECORD_CONTACT, Verb.RESPOND)), ago=st.one_of(st.just(timedelta()), steps))
    def somebody_speaks_to_the_customer(self, verb: Verb, ago: timedelta) -> None:
        with suppress(Conflict, Rejected):
            self.life.do(verb, happened=self.life.now - ago)

    @invariant()
    def each_thing_is_owed_once(self) -> None:
        owed = [(one.name, one.severity) for one in self.life.deadlines if one.is_owed]
        assert len(owed) == len(set(owed))

    @invariant()
    def the_case_is_due_when_its_earliest_deadline_is(self) -> None:
        running = [one.due_at for one in self.life.deadlines if one.is_owed and one.state is not DeadlineState.PAUSED]
        assert self.life.case.due_at == min(running, default=None)

    @invariant()
    def working_time_up_to_the_due_time_is_the_target(self) -> None:
        calendar = self.life.promise.calendar
        for one in self.life.deadlines:
            if one.is_owed and one.state is not DeadlineState.PAUSED:
                assert calendar.counted(one.since_at, one.due_at, one.pauses) == one.target
                assert calendar.counted(one.since_at, one.due_at - TICK, one.pauses) < one.target
                assert one.since_at <= one.start_at <= one.risk_at <= one.due_at

    @invariant()
    def the_states_fit_the_case(self) -> None:
        waits = self.life.case.status is CaseStatus.PENDING
        for one in self.life.deadlines:
            assert not (one.is_owed and self.life.is_over)
            assert (one.ended_at is None) is one.is_owed
            assert one.state is not DeadlineState.PAUSED or waits
            assert sum(pause.end_at is None for pause in one.pauses) == (one.state is DeadlineState.PAUSED)
            assert one.state is not DeadlineState.RUNNING or one.told is None

    @invariant()
    def what_is_done_stays_done_and_what_stopped_starts_only_by_reopening(self) -> None:
        for one in self.life.deadlines:
            before = self.seen.get(one.id)
            if before is not None and before.state in ENDED:
                assert one == before
            if before is not None and before.state is DeadlineState.STOPPED and one.is_owed:
                assert not self.life.is_over
        assert self.seen.keys() <= {one.id for one in self.life.deadlines}
        self.seen = {one.id: one for one in self.life.deadlines}

    @invariant()
    def every_verdict_is_given_once_and_a_breach_is_the_last_word(self) -> None:
        said = Counter((place, verdict) for verdict, place, _ in self.life.told)
        assert all(times == 1 for times in said.values())
        for place in {place for _, place, _ in self.life.told}:
            words = [verdict for verdict, where, _ in self.life.told if where == place]
            assert Verdict.DEADLINE_BREACHED not in words[:-1]
            assert self.life.deadlines[place].told is words[-1]

    @invariant()
    def a_contained_threat_has_no_clocks_and_an_open_case_has_a_response(self) -> None:
        if self.life.case.contained:
            assert self.life.deadlines == []
        elif not self.life.is_over:
            assert any(one.name is DeadlineName.RESPONSE for one in self.life.deadlines)


TestClocksOfACase = ClocksOfACase.TestCase
TestClocksOfACase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
