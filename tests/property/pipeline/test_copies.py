"""Informs of v3 to our own engine: whatever is caught and played back, however clocks are set, and whoever starts again, none is
believed twice, and what an honest console sends in time is believed."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from collector.domain.item import InformVerdict
from collector.domain.own_engine import OwnEngine
from collector.store.engine import Store
from tests.databases import Databases
from tests.pipeline_world import BULK, MAIN
from tests.v3_world import OUR_ENGINE, V3World

_NO_EXTRAS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
_IN_TIME = InformVerdict.IN_TIME.value.encode()


@dataclass(frozen=True, slots=True)
class Step:
    """`number`: by how much a clock drifts, passes or is set (seconds), or which of the messages before comes again."""

    what: str
    number: int = 0
    bulk: bool = False


_lanes = st.booleans()
_passed = st.builds(
    Step, st.sampled_from(["time passes with work", "time passes with work", "time passes"]), st.sampled_from([31, 130, 299])
)
_informs = st.builds(Step, st.just("inform"), st.sampled_from([-150, 0, 150, 150]), _lanes)
_copies = st.builds(Step, st.sampled_from(["copy", "copy in time"]), st.integers(0, 3), _lanes)
_disturbances = st.one_of(
    st.builds(Step, st.just("wall clock is set"), st.sampled_from([-90_000, -400, -6, 6, 400, 90_000])),
    st.builds(Step, st.sampled_from(["work", "process starts", "collector starts", "machine starts"])),
)
_played_back = st.builds(
    lambda first, between, last: [first, Step("work"), *between, last],
    _informs,
    st.lists(st.one_of(_passed, _passed, _passed, _disturbances), min_size=2, max_size=4),
    _copies,
)
_steps = st.lists(
    st.one_of(_played_back, st.one_of(_informs, _copies, _passed, _disturbances).map(lambda step: [step])),
    min_size=1,
    max_size=10,
).map(lambda parts: [step for part in parts for step in part])


class Machine:
    """A receiver, which judges by the monotonic clock, before a `process`; both start again and again."""

    def __init__(self, world: V3World, batch_limit: int) -> None:
        self.world, self.batch_limit = world, batch_limit
        world.journal.items.update({MAIN: [], BULK: []})
        self.engine = OwnEngine(OUR_ENGINE, 1, 0)
        self.sent: list[tuple[bytes, int, int]] = []
        """Messages with their boots and time."""
        self.honest: list[str] = []
        self.processor = world.processor(batch_limit=batch_limit)

    def play(self, step: Step) -> None:
        clock = self.world.clock
        if step.what == "inform":
            self._inform(step)
        elif step.what.startswith("copy"):
            self._copy(step)
        elif step.what.startswith("time passes"):
            clock.move(timedelta(seconds=step.number))
            if step.what == "time passes with work":
                self._work()
        elif step.what == "wall clock is set":
            clock.moment += timedelta(seconds=step.number)
        elif step.what == "work":
            self._work()
        elif step.what.endswith("starts"):
            self._start(step.what)

    def _inform(self, step: Step) -> None:
        number, boots = len(self.sent), self.engine.boots
        time = max(0, self.engine.time(self.world.clock.monotonic_ns()) + step.number)
        text = f"raise {number} 3"
        message = self.world.secured(text, engine_id=OUR_ENGINE, boots=boots, time=time, inform=number, message_id=number)
        self.sent.append((message, boots, time))
        self.honest.append(text)
        self._arrives(number, bulk=step.bulk)

    def _copy(self, step: Step) -> None:
        """Of one of the last messages."""
        known = [which for which in range(len(self.sent)) if step.what == "copy" or self._in_time(which)]
        if known:
            self._arrives(known[-1 - step.number % len(known)], bulk=step.bulk)

    def _in_time(self, which: int) -> bool:
        _, boots, time = self.sent[which]
        return self.engine.in_time(boots, time, self.world.clock.monotonic_ns())

    def _arrives(self, which: int, *, bulk: bool) -> None:
        """From a port of its own, so that nothing is a repeat."""
        message, _, _ = self.sent[which]
        envelope = _IN_TIME if self._in_time(which) else InformVerdict.NOT_IN_TIME.value.encode()
        port = 1_024 + len(self.world.journal.items[MAIN]) + len(self.world.journal.items[BULK])
        self.world.arrives(message, stream=BULK if bulk else MAIN, envelope=envelope, peer_port=port)

    def _work(self) -> None:
        self.processor.step()
        with self.world.store.write() as connection:
            tidied = self.processor.tidy(connection)
        tidied()

    def _start(self, what: str) -> None:
        if what == "machine starts":
            self.world.clock.passed = timedelta()
        if what != "process starts":
            self.engine = OwnEngine(OUR_ENGINE, self.engine.boots + 1, self.world.clock.monotonic_ns())
        self.processor = self.world.processor(batch_limit=self.batch_limit)

    def believed(self) -> list[str]:
        while self.processor.step():
            pass
        return [row.text for row in self.world.notifications() if row.state.value == "case"]


def assert_once(store: Store, steps: list[Step], batch_limit: int) -> None:
    machine = Machine(V3World(store), batch_limit)
    for step in steps:
        machine.play(step)
    believed = machine.believed()
    assert sorted(believed) == sorted(machine.honest)


_batch_limits = st.sampled_from([1, 3, 100])
_AT_THE_END_OF_THE_WINDOW = [
    *(Step("inform", 150), Step("work"), Step("time passes with work", 31), Step("time passes with work", 130)),
    *(Step("wall clock is set", 90_000), Step("time passes with work", 130), Step("copy in time")),
]


@settings(_NO_EXTRAS, max_examples=25)
@given(steps=_steps, batch_limit=_batch_limits)
@example(steps=_AT_THE_END_OF_THE_WINDOW, batch_limit=100)
def test_no_inform_is_believed_twice_on_sqlite(sqlite_databases: Databases, steps: list[Step], batch_limit: int) -> None:
    with sqlite_databases.store() as store:
        assert_once(store, steps, batch_limit)


@pytest.mark.full
@settings(_NO_EXTRAS, max_examples=500)
@given(steps=_steps, batch_limit=_batch_limits)
def test_no_inform_is_believed_twice_looked_at_longer(sqlite_databases: Databases, steps: list[Step], batch_limit: int) -> None:
    with sqlite_databases.store() as store:
        assert_once(store, steps, batch_limit)


@pytest.mark.postgresql
@settings(_NO_EXTRAS, max_examples=8)
@given(steps=_steps, batch_limit=_batch_limits)
def test_no_inform_is_believed_twice_on_postgresql(postgresql_databases: Databases, steps: list[Step], batch_limit: int) -> None:
    with postgresql_databases.store() as store:
        assert_once(store, steps, batch_limit)
