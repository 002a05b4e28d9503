"""What people do to cases, on both databases: one transaction, one log line, nothing of other customers."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from collector.actions import Act, Actions, Request, RequestReused, StaleVersion
from collector.domain.case import Case, CaseStatus, Verb
from collector.domain.errors import Conflict, NotFound, Unavailable
from collector.store.engine import Store
from tests.builders import TERMS, after
from tests.databases import Databases, written_by_another
from tests.pipeline_world import World

Do = Callable[..., Case]


@pytest.fixture
def actions(world: World) -> Actions:
    world.trap("raise disk 3")
    world.process()
    world.clock.moment = after(minutes=5)
    return Actions(world.store, world.clock, nullcontext, TERMS)


@pytest.fixture
def do(world: World, actions: Actions) -> Do:
    """Act on the only case."""
    key = world.case().external_key

    def act(verb: Verb, actor: str = "user:ana", text: str | None = None, **more: object) -> Case:
        return actions.perform(Act(key, verb, actor, text, **more))  # type: ignore[arg-type]

    return act


_ROUNDS = [
    pytest.param([Verb.ACKNOWLEDGE], CaseStatus.ACKNOWLEDGED, ["acknowledged"], id="acknowledge"),
    pytest.param([Verb.PEND, Verb.RESUME], CaseStatus.ACKNOWLEDGED, ["pended", "resumed"], id="pend and resume"),
    pytest.param([Verb.RESOLVE, Verb.REOPEN], CaseStatus.ACKNOWLEDGED, ["resolved", "reopened"], id="resolve and reopen"),
    pytest.param([Verb.RESOLVE, Verb.CLOSE], CaseStatus.CLOSED, ["resolved", "closed"], id="resolve and close"),
    pytest.param([Verb.CLOSE, Verb.REOPEN], CaseStatus.ACKNOWLEDGED, ["closed", "reopened"], id="close and reopen"),
    pytest.param([Verb.NOTE, Verb.NOTE], CaseStatus.OPEN, ["noted", "noted"], id="two notes"),
    pytest.param([Verb.CLOSE, Verb.NOTE], CaseStatus.CLOSED, ["closed", "noted"], id="a note on a closed case"),
]


@pytest.mark.parametrize(("verbs", "status", "verdicts"), _ROUNDS)
def test_every_verb_changes_the_case_and_writes_one_line(
    world: World, do: Do, verbs: list[Verb], status: CaseStatus, verdicts: list[str]
) -> None:
    for verb in verbs:
        returned = do(verb, text=f"because of {verb.value}")
    assert world.case() == returned
    assert returned.status is status
    assert returned.version == 1 + len(verbs)
    lines = world.log(returned)[1:]
    assert [line.verdict.value for line in lines] == verdicts
    assert [(line.actor, line.at) for line in lines] == [("user:ana", after(minutes=5))] * len(verbs)
    assert [line.text for line in lines] == [f"because of {verb.value}" for verb in verbs]


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.PEND, Verb.RESOLVE, Verb.CLOSE])
def test_doing_it_twice_is_doing_it_once(world: World, do: Do, verb: Verb) -> None:
    first = do(verb)
    assert do(verb, actor="user:bea") == first == world.case()
    assert len(world.log(first)) == 2


@pytest.mark.parametrize("verb", [Verb.RESUME, Verb.REOPEN])
def test_what_the_state_does_not_allow_changes_nothing(world: World, do: Do, verb: Verb) -> None:
    before = world.case()
    with pytest.raises(Conflict, match="open"):
        do(verb)
    assert world.case() == before
    assert world.verdicts() == ["opened"]


def test_a_case_that_is_not_there_is_not_found(actions: Actions) -> None:
    with pytest.raises(NotFound, match="TST-none"):
        actions.perform(Act("TST-none", Verb.ACKNOWLEDGE, "user:ana"))


def test_another_customers_case_is_as_if_it_were_not_there(world: World, do: Do, actions: Actions) -> None:
    beta = world.source("other").customer.id
    with pytest.raises(NotFound) as theirs:
        do(Verb.ACKNOWLEDGE, customer_id=beta)
    with pytest.raises(NotFound) as nothing:
        actions.perform(Act("TST-none", Verb.ACKNOWLEDGE, "user:ana", customer_id=beta))
    assert str(theirs.value) == str(nothing.value).replace("TST-none", world.case().external_key)
    assert world.case().status is CaseStatus.OPEN
    assert do(Verb.ACKNOWLEDGE, customer_id=world.case().customer_id).status is CaseStatus.ACKNOWLEDGED


def test_a_version_that_was_overtaken_is_refused(world: World, do: Do) -> None:
    seen = world.case().version
    do(Verb.NOTE, if_version=seen)
    with pytest.raises(StaleVersion, match="version 2, not 1"):
        do(Verb.ACKNOWLEDGE, if_version=seen)
    assert do(Verb.ACKNOWLEDGE, if_version=seen + 1).version == 3


def test_a_new_notification_overtakes_the_version_too(world: World, do: Do) -> None:
    seen = world.case().version
    world.trap("raise disk 3")
    world.process()
    with pytest.raises(StaleVersion):
        do(Verb.ACKNOWLEDGE, if_version=seen)


def test_a_request_that_is_repeated_has_no_second_effect(world: World, do: Do) -> None:
    request = Request("digest-1", "note hello")
    first = do(Verb.NOTE, text="hello", request=request)
    assert do(Verb.NOTE, text="hello", request=request, if_version=1) == first
    assert do(Verb.NOTE, text="hello", request=Request("digest-2", "note hello")).version == first.version + 1
    with pytest.raises(RequestReused):
        do(Verb.NOTE, text="other", request=Request("digest-1", "note other"))
    assert world.verdicts() == ["opened", "noted", "noted"]


def test_a_closed_case_is_not_reopened_while_another_holds_its_key(world: World, do: Do) -> None:
    do(Verb.CLOSE)
    world.trap("raise disk 3")
    world.process()
    _, holder = world.cases()
    with pytest.raises(Conflict, match=f"{holder.external_key} holds the same trouble now"):
        Actions(world.store, world.clock, nullcontext, TERMS).perform(Act(world.cases()[0].external_key, Verb.REOPEN, "user:ana"))
    assert [case.status for case in world.cases()] == [CaseStatus.CLOSED, CaseStatus.OPEN]


@pytest.mark.parametrize("verb", [Verb.ACKNOWLEDGE, Verb.RESOLVE, Verb.CLOSE])
def test_two_who_do_it_at_once_write_one_line(world: World, do: Do, verb: Verb) -> None:
    start = threading.Barrier(2)

    def act(actor: str) -> Case:
        start.wait(20)
        return do(verb, actor=actor)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(act, ("user:ana", "user:bea"), timeout=30)
    assert first == second == world.case()
    assert len(world.log(first)) == 2
    assert world.log(first)[1].actor == first.status_by


def test_two_who_look_at_one_version_cannot_both_act(world: World, do: Do) -> None:
    start = threading.Barrier(2)

    def note(number: int) -> bool:
        start.wait(20)
        try:
            do(Verb.NOTE, text=str(number), if_version=1)
        except StaleVersion:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(note, range(2), timeout=30)) == [False, True]
    assert world.case().version == 2


def test_a_locked_store_is_told_as_unavailable(databases: Databases) -> None:
    url = databases.fresh()
    store = Store(url, write_wait_seconds=0.02)
    world = World(store)
    world.trap("raise disk 3")
    world.process()
    with written_by_another(url), pytest.raises(Unavailable):
        Actions(store, world.clock, nullcontext, TERMS).perform(Act(world.case().external_key, Verb.ACKNOWLEDGE, "user:ana"))
    assert world.case().status is CaseStatus.OPEN
    store.close()


def test_time_ends_many_cases_with_one_line_each(world: World) -> None:
    for number in range(30):
        world.trap(f"contained risk-{number}")
    world.trap("raise disk 2")
    world.process()
    world.clock.moment = after(minutes=24 * 60)
    assert world.passing_time().end_quiet_cases(until=after(minutes=24 * 60 - 1)) == 0
    assert world.passing_time().end_quiet_cases(until=world.clock.now()) == 30
    closed = [case for case in world.cases() if case.status is CaseStatus.CLOSED]
    assert len(closed) == 30
    assert {(case.status_by, case.closed_at, case.close_reason) for case in closed} == {
        ("collector", world.clock.now(), "quiet for long enough")
    }
    assert all(world.verdicts(case) == ["contained", "closed"] for case in closed)
