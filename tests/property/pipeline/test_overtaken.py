"""What waits in a bulk lane while later arrivals pass it on the main lane: in the end the same troubles are open as if everything
had been processed in order of arrival."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.domain.case import Case
from collector.domain.ids import StreamName
from collector.store.engine import Store
from tests.databases import Databases
from tests.pipeline_world import BULK, MAIN, World

_OTHER_MAIN = StreamName("snmp-1", bulk=False, epoch="dddddd")
_NO_EXTRAS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
_TICK = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """`steps` of processing come after it; then `process` may be started anew."""

    text: str
    stream: StreamName
    steps: int = 0
    restart: bool = False


_texts = st.one_of(
    st.builds(lambda key, severity: f"raise {key} {severity}", st.sampled_from("ab"), st.integers(1, 4)),
    st.sampled_from(["clear a", "clear a", "clear b"]),
)
_arrivals = st.lists(
    st.builds(Arrival, _texts, st.sampled_from([MAIN, BULK, BULK, _OTHER_MAIN]), st.integers(0, 2), st.booleans()),
    min_size=2,
    max_size=20,
)


def play(store: Store, arrivals: list[Arrival], *, batch_limit: int) -> World:
    world = World(store)
    world.journal.items.update({stream: [] for stream in (MAIN, BULK, _OTHER_MAIN)})  # as receivers make them when they start
    processor = world.processor(batch_limit=batch_limit)
    for arrival in arrivals:
        world.clock.move(_TICK)
        world.trap(arrival.text, stream=arrival.stream)
        if arrival.restart:
            processor = world.processor(batch_limit=batch_limit)
        for _ in range(arrival.steps):
            processor.step()
    while processor.step():
        pass
    world.clock.move(timedelta(minutes=16))
    world.passing_time().end_quiet_cases(until=world.clock.now())
    return world


def open_troubles(world: World) -> dict[str, tuple[bool, bool]]:
    """What is still owed after a quiet quarter of an hour: key → (whether only people end it, whether it was cleared)."""
    return {case.key: _owed(case) for case in world.cases() if case.is_active}


def _owed(case: Case) -> tuple[bool, bool]:
    return not case.resolves_by_clear, case.cleared_at is not None


def assert_as_in_order(databases: Databases, arrivals: list[Arrival], batch_limit: int) -> None:
    in_order = [replace(arrival, stream=MAIN, steps=0, restart=False) for arrival in arrivals]
    with databases.store() as model_store, databases.store() as store:
        model = play(model_store, in_order, batch_limit=2_000)
        found = play(store, arrivals, batch_limit=batch_limit)
        assert open_troubles(found) == open_troubles(model)
        assert sum(found.counted().values()) == len(arrivals) == len(found.notifications())


_batch_limits = st.sampled_from([1, 2, 16])


@settings(_NO_EXTRAS, max_examples=20)
@given(arrivals=_arrivals, batch_limit=_batch_limits)
def test_lanes_do_not_change_which_troubles_are_open_on_sqlite(
    sqlite_databases: Databases, arrivals: list[Arrival], batch_limit: int
) -> None:
    assert_as_in_order(sqlite_databases, arrivals, batch_limit)


@pytest.mark.full
@settings(_NO_EXTRAS, max_examples=500)
@given(arrivals=_arrivals, batch_limit=_batch_limits)
def test_lanes_do_not_change_which_troubles_are_open_looked_at_longer(
    sqlite_databases: Databases, arrivals: list[Arrival], batch_limit: int
) -> None:
    assert_as_in_order(sqlite_databases, arrivals, batch_limit)


@pytest.mark.postgresql
@settings(_NO_EXTRAS, max_examples=10)
@given(arrivals=_arrivals, batch_limit=_batch_limits)
def test_lanes_do_not_change_which_troubles_are_open_on_postgresql(
    postgresql_databases: Databases, arrivals: list[Arrival], batch_limit: int
) -> None:
    assert_as_in_order(postgresql_databases, arrivals, batch_limit)
