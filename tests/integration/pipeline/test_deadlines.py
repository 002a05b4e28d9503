"""Promised times in the store, on both databases: written with the change that moves them, and told once when they come near or
pass. Noon in UTC is 09:00 in Buenos Aires, on a Tuesday."""

import random
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from collector.actions import Act, Actions
from collector.changes.counters import ChangeCounters
from collector.changes.passing_time import PassingTime
from collector.domain.case import Verb, Verdict
from collector.domain.case_facts import Contact
from collector.domain.deadline import Deadline, DeadlineName, DeadlineState
from collector.domain.errors import Conflict, Rejected
from collector.domain.ids import CaseId
from collector.domain.item import TallyReason
from collector.domain.message import MessageType
from collector.store.deadlines import count_deadlines, find_cases_in_time, read_deadlines
from collector.store.messages import MessageFilter, read_messages
from tests.builders import TERMS, a_case, after
from tests.case_clocks import CaseClocks
from tests.pipeline_world import World

AT_RISK, BREACHED = Verdict.DEADLINE_AT_RISK, Verdict.DEADLINE_BREACHED


def deadlines(world: World) -> list[Deadline]:
    with world.store.read() as connection:
        return [one for found in read_deadlines(connection, [case.id for case in world.cases()]).values() for one in found]


def told(world: World) -> list[tuple[MessageType, datetime]]:
    """Messages about due times."""
    about = (MessageType.DEADLINE_AT_RISK, MessageType.DEADLINE_BREACHED)
    with world.store.read() as connection:
        found = read_messages(connection, MessageFilter(types=about), after=0, limit=1_000)
    return [(message.type, message.at) for message in found]


def look(world: World, minutes: float) -> Counter[Verdict]:
    """What time did by so long after noon."""
    world.clock.moment = after(minutes=minutes)
    return world.passing_time().pass_deadlines()


def act(world: World, verb: Verb, **more: object) -> None:
    actions = Actions(world.store, world.clock, nullcontext, TERMS)
    actions.perform(Act(world.cases()[0].external_key, verb, "user:ana", **more))  # type: ignore[arg-type]


def test_each_verdict_is_said_once_in_history_messages_and_counts(world: World) -> None:
    world.trap("raise disk 3")
    world.process()
    counters = ChangeCounters()
    passing = PassingTime(world.store, world.clock, nullcontext, TERMS, counters=counters)
    for minutes in (269, 270, 271, 359, 360, 361, 1_000):
        world.clock.moment = after(minutes=minutes)
        passing.pass_deadlines()
    lines = [entry for entry in world.log(world.case()) if entry.verdict in (AT_RISK, BREACHED)]
    assert [(line.verdict, line.at, line.actor) for line in lines] == [
        (AT_RISK, after(minutes=270), "collector"),
        (BREACHED, after(minutes=360), "collector"),
    ]
    assert lines[0].detail == {"deadline": "response", "severity": 3, "due_at": "2026-03-17T18:00:00.000Z", "provisional": True}
    assert told(world) == [
        (MessageType.DEADLINE_AT_RISK, after(minutes=270)),
        (MessageType.DEADLINE_BREACHED, after(minutes=360)),
    ]
    assert counters.deadlines == {AT_RISK: 1, BREACHED: 1}


def test_a_clock_that_jumps_over_both_says_the_breach_alone(world: World) -> None:
    world.trap("threat pc-1")
    world.process()
    assert look(world, 300) == {BREACHED: 2}
    assert look(world, 301) == {}
    assert [kind for kind, _ in told(world)] == [MessageType.DEADLINE_BREACHED] * 2


def test_what_waited_in_the_journal_counts_from_its_arrival(world: World) -> None:
    world.trap("threat pc-1")
    world.clock.moment = after(minutes=120)
    world.process()
    assert {(one.since_at, one.due_at) for one in deadlines(world)} == {(after(), after(minutes=30))}
    assert look(world, 120) == {BREACHED: 2}


def test_the_due_time_of_the_case_follows_its_deadlines(world: World) -> None:
    world.trap("threat pc-1")
    world.process()
    assert world.case().due_at == after(minutes=30)
    act(world, Verb.PEND)
    assert world.case().due_at is None
    world.clock.moment = after(minutes=10)
    act(world, Verb.RESUME)
    assert world.case().due_at == after(minutes=40)
    act(world, Verb.RECORD_CONTACT, contact=Contact("Ana", "phone"))
    act(world, Verb.RESPOND)
    assert world.case().due_at is None
    assert [one.state for one in deadlines(world)] == [DeadlineState.MET] * 2


def test_what_is_done_or_over_is_not_told(world: World) -> None:
    for number in range(3):
        world.trap(f"threat pc-{number}")
    world.process()
    first, second, third = world.cases()
    actions = Actions(world.store, world.clock, nullcontext, TERMS)
    actions.perform(Act(first.external_key, Verb.RESOLVE, "user:ana"))
    actions.perform(Act(second.external_key, Verb.PEND, "user:ana"))
    actions.perform(Act(third.external_key, Verb.RESPOND, "user:ana"))
    assert look(world, 1_000) == {BREACHED: 1}
    assert world.verdicts(third)[-1] == "deadline_breached"


def test_the_collectors_own_cases_and_contained_threats_have_no_clocks(world: World) -> None:
    world.tally(TallyReason.KERNEL_DROP, 5)
    world.trap("contained pc-1")
    world.process()
    assert len(world.cases()) == 2
    assert deadlines(world) == []
    assert look(world, 10_000) == {}


def test_many_that_are_due_in_the_same_moment_are_told_in_portions(world: World) -> None:
    for number in range(25):
        world.trap(f"raise disk-{number} 2")
    world.process()
    world.clock.moment = after(minutes=135)
    passing = world.passing_time()
    portions = [passing.pass_deadlines(limit=10)[AT_RISK] for _ in range(4)]
    assert portions == [10, 10, 5, 0]
    with world.store.read() as connection:
        assert find_cases_in_time(connection, now=world.clock.now()) == []
        assert count_deadlines(connection) == [("response", "at_risk", 25)]


def test_one_batch_that_opens_and_raises_winds_both(world: World) -> None:
    world.trap("raise disk 3")
    world.clock.moment = after(minutes=5)
    world.trap("raise disk 1")
    world.clock.moment = after(minutes=6)
    world.process()
    found = [(one.name, one.severity, one.since_at) for one in deadlines(world)]
    assert found == [
        (DeadlineName.RESPONSE, 3, after()),
        (DeadlineName.CONTACT, 1, after(minutes=5)),
        (DeadlineName.RESPONSE, 1, after(minutes=5)),
    ]


VERBS = (Verb.CONFIRM, Verb.PEND, Verb.RESUME, Verb.RECORD_CONTACT, Verb.RESPOND, Verb.RESOLVE, Verb.REOPEN, Verb.ACKNOWLEDGE)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_stored_is_what_was_computed(world: World, seed: int) -> None:
    """The same life twice: in the store, and in memory alone."""
    chance = random.Random(seed)
    world.trap("raise disk 3")
    world.process()
    life = CaseClocks(replace(a_case(severity=3), source_id=world.case().source_id), after(), TERMS.promise)
    for _ in range(40):
        moment = life.now + timedelta(seconds=chance.choice((1, 600, 3_000, 7_200, 90_000)))
        world.clock.moment = moment
        world.passing_time().pass_deadlines()
        life.at(moment)
        what = chance.choice((*VERBS, None))
        if what is None:
            severity = chance.randint(1, 4)
            if life.is_over:
                continue
            world.trap(f"raise disk {severity}")
            world.process()
            life.signal(severity=severity)
            continue
        given = chance.choice((None, 1, 2, 3, 4)) if what is Verb.CONFIRM else None
        earlier = moment - timedelta(seconds=chance.choice((0, 3_600))) if what in (Verb.RECORD_CONTACT, Verb.RESPOND) else None
        contact = Contact("Ana", "phone") if what is Verb.RECORD_CONTACT else None
        with suppress(Conflict, Rejected):
            act(world, what, severity=given, at=earlier, contact=contact)
        with suppress(Conflict, Rejected):
            life.do(what, severity=given, happened=earlier)
    stored = [replace(one, id=0, case_id=CaseId(0)) for one in deadlines(world)]
    assert stored == [replace(one, id=0, case_id=CaseId(0)) for one in life.deadlines]
    assert world.case().due_at == life.case.due_at
    assert len(told(world)) == len(life.told)
