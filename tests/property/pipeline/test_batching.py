"""However the journal is cut into batches, the same cases, notifications, counts and history come out."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.actions import Act, Actions
from collector.domain.case import Case, CaseStatus, Verb
from collector.domain.errors import Conflict
from collector.domain.ids import CaseId, CustomerId
from collector.domain.item import ItemKind, TallyReason
from collector.store.engine import Store
from tests.builders import TERMS
from tests.databases import Databases
from tests.pipeline_world import MAIN, World, Written

KEYS = ("disk", "risk", "cpu")
_NO_EXTRAS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass(frozen=True, slots=True)
class Step:
    """Something that arrives, or that people and time do; `wait` before it."""

    what: str
    text: str = ""
    wait: timedelta = timedelta(milliseconds=1)


_texts = st.one_of(
    st.builds(lambda key, severity: f"raise {key} {severity}", st.sampled_from(KEYS), st.integers(1, 4)),
    st.builds(lambda word, key: f"{word} {key}", st.sampled_from(["clear", "threat", "contained"]), st.sampled_from(KEYS)),
    st.sampled_from(["info", "suppressed", "unmatched", "explode"]),
)
_waits = st.sampled_from([timedelta(milliseconds=1), timedelta(seconds=20), timedelta(minutes=16), timedelta(minutes=61)])
_traps = st.builds(Step, st.sampled_from(["trap", "trap", "trap", "inform", "stranger", "garbage", "drops"]), _texts, _waits)
_mails = st.builds(Step, st.sampled_from(["mail", "mail again"]), st.lists(_texts, min_size=1, max_size=4).map("\n".join), _waits)
_acts = st.builds(Step, st.sampled_from(["acknowledge", "pend", "resolve", "close", "time"]), st.sampled_from(KEYS), _waits)
_ARRIVE: dict[str, Callable[[World, str], object]] = {
    "trap": lambda world, text: world.trap(text),
    "inform": lambda world, text: world.trap(text, inform=len(text)),
    "stranger": lambda world, text: world.trap(text, community=b"stranger"),
    "garbage": lambda world, text: world.item(MAIN, ItemKind.DATAGRAM, text.encode()),
    "drops": lambda world, text: world.tally(TallyReason.KERNEL_DROP, 3),
    "mail": lambda world, text: world.mail(*text.split("\n")),
    "mail again": lambda world, text: world.mail(*text.split("\n"), message_id=f"{len(text)}"),
}


def act(world: World, verb: str, key: str) -> None:
    """What a person does to the case of the key, if there is one; or time."""
    actions = Actions(world.store, world.clock, nullcontext, TERMS)
    if verb == "time":
        world.passing_time().end_quiet_cases(until=world.clock.now())
        return
    for case in world.cases():
        if case.key == f"v1:pack:{key}" and case.status is not CaseStatus.CLOSED:
            try:
                actions.perform(Act(case.external_key, Verb(verb), "user:ana"))
            except Conflict:
                return


def play(store: Store, steps: list[Step], cuts: set[int], *, batch_limit: int = 2_000) -> Written:
    """Let the steps happen. What arrived is processed at the cuts, and always before anybody acts and at the end."""
    world = World(store)
    for number, step in enumerate(steps):
        world.clock.move(step.wait)
        if step.what in _ARRIVE:
            _ARRIVE[step.what](world, step.text)
        else:
            world.process(batch_limit=batch_limit)
            act(world, step.what, step.text)
        if number in cuts:
            world.process(batch_limit=batch_limit)
    world.process(batch_limit=batch_limit)
    assert_ledger_adds_up(world)
    return world.written()


def assert_ledger_adds_up(world: World) -> None:
    arrived = [item for items in world.journal.items.values() for item in items if item.kind != ItemKind.TALLY]
    assert sum(world.counted().values()) == len(arrived)
    assert {(row.id.stream, row.id.seq) for row in world.notifications()} == {(item.stream, item.seq) for item in arrived}
    for case in world.cases():
        counted = sum(row.case == case.external_key and row.verdict != "cleared" for row in world.notifications())
        assert case.occurrences == counted or case.customer_code == "SELF"


def _by_itself(case: Case) -> Case:
    """Without the numbers that its database gave out: what was rolled back there uses some up."""
    return replace(case, id=CaseId(0), customer_id=CustomerId(0), source_id=None)


def assert_same(databases: Databases, steps: list[Step], cuts: set[int], *, batch_limit: int = 2_000) -> None:
    with databases.store() as whole, databases.store() as parts:
        expected = play(whole, steps, set())
        found = play(parts, steps, cuts, batch_limit=batch_limit)
    assert found.notifications == expected.notifications
    assert [_by_itself(case) for case in found.cases] == [_by_itself(case) for case in expected.cases]
    assert found.log == expected.log
    assert found.ledger == expected.ledger


_cuts = st.sets(st.integers(0, 40), max_size=40)


@settings(_NO_EXTRAS, max_examples=20)
@given(steps=st.lists(st.one_of(_traps, _traps, _mails, _acts), min_size=2, max_size=25), cuts=_cuts)
def test_any_cut_of_traps_and_mails_gives_the_same_on_sqlite(
    sqlite_databases: Databases, steps: list[Step], cuts: set[int]
) -> None:
    assert_same(sqlite_databases, steps, cuts)


@settings(_NO_EXTRAS, max_examples=20)
@given(steps=st.lists(st.one_of(_traps, _traps, _acts), min_size=2, max_size=25), limit=st.integers(1, 7), cuts=_cuts)
def test_any_size_of_batch_gives_the_same_on_sqlite(
    sqlite_databases: Databases, steps: list[Step], limit: int, cuts: set[int]
) -> None:
    assert_same(sqlite_databases, steps, cuts, batch_limit=limit)


@pytest.mark.postgresql
@settings(_NO_EXTRAS, max_examples=5)
@given(steps=st.lists(st.one_of(_traps, _mails, _acts), min_size=2, max_size=25), cuts=_cuts)
def test_any_cut_of_traps_and_mails_gives_the_same_on_postgresql(
    postgresql_databases: Databases, steps: list[Step], cuts: set[int]
) -> None:
    assert_same(postgresql_databases, steps, cuts)
