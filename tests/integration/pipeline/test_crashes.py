"""Killed anywhere: before or after any statement, before or after the commit. The next process writes the same, nothing twice."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from collector.domain.engine import Engine
from collector.domain.engine_time import WINDOW_SECONDS
from collector.domain.ids import SourceId
from collector.domain.item import TallyReason
from collector.pipeline.processor import Processor
from collector.pipeline.repeats import SeenMemory
from collector.store.engine import Store
from collector.store.engines import load_memos
from tests.builders import after
from tests.databases import Databases
from tests.pipeline_world import World, Written
from tests.v3_world import BOOTS, NAMING, TRUSTING, V3World


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def story(store: Store) -> World:
    """Every way of writing: cases opened, joined, raised, cleared, contained, duplicates, strangers, refusals, rows of a mail."""
    world = World(store)
    texts = ("raise disk 3", "raise cpu 3", "raise disk 3", "contained risk", "clear cpu", "raise disk 2")
    for minutes, text in enumerate(texts):
        world.clock.moment = after(minutes=minutes)
        world.trap(text)
        world.trap("raise disk 4", inform=9)
        world.mail("raise mail 3", text, message_id="one")
    world.trap("info", community=b"stranger")
    world.tally(TallyReason.TOO_LARGE, 5)
    world.tally(TallyReason.KERNEL_DROP, 5)
    return world


def v3_story(store: Store) -> V3World:
    """v3 engines approved and not, copies, new boots, informs, memory that is let go of."""
    world = V3World(store)
    copied = world.secured("raise cpu 3", user=NAMING, message_id=1)
    for minutes, text in enumerate(("raise disk 3", "raise cpu 3", "raise disk 3", "raise disk 2")):
        world.clock.moment = after(minutes=2 * minutes)
        world.arrives(copied)
        for message_id in (1, 2, 100):
            world.sends(text, user=TRUSTING, message_id=10_000 * minutes + message_id)
        world.sends(text, message_id=200 + minutes, boots=BOOTS + minutes // 2)
        world.informs(text, user=NAMING)
    return world


class Killer:
    """Kills at the n-th moment: before each statement (which is after the one before it) and around each commit."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._moments = 0
        self._at = 0
        for name in ("execute", "exec_driver_sql", "commit"):
            patch.setattr(Connection, name, self._wrapped(getattr(Connection, name)))

    def aim(self, at: int) -> None:
        self._moments, self._at = 0, at

    @property
    def struck(self) -> bool:
        return self._moments >= self._at

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            self._moment()
            result = function(*arguments, **options)
            if function.__name__ == "commit":
                self._moment()
            return result

        return run

    def _moment(self) -> None:
        self._moments += 1
        if self._moments == self._at:
            raise Killed


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    return Killer(monkeypatch)


def undisturbed(databases: Databases) -> Written:
    with databases.store() as store:
        world = story(store)
        world.process(batch_limit=7)
        return world.written()


@pytest.mark.full
def test_killed_at_any_statement_the_next_process_believes_the_same(
    databases: Databases, sqlite_databases: Databases, killer: Killer
) -> None:
    with databases.store() as store:
        world = v3_story(store)
        world.process(batch_limit=5)
        expected, engines = world.written(), engines_of(world)
    stride = 3 if databases is sqlite_databases else 11
    for at in range(1, 1_000, stride):
        with databases.store() as store:
            world = v3_story(store)
            killer.aim(at)
            with suppress(Killed):
                world.process(batch_limit=5)
            struck = killer.struck
            killer.aim(0)
            world.process(batch_limit=5)
            assert_equal(world.written(), expected)
            assert engines_of(world) == engines
        if not struck:
            assert at > 40, "the story should need many statements"
            return


def engines_of(world: V3World) -> list[tuple[Engine, dict[int, bytes]]]:
    """What is known of them and of the message ids that they used lately, without the numbers of rows. When older ones are let go
    of is left open."""
    with world.store.read() as connection:
        memos = {memo.number: memo for memo in load_memos(connection)}
    told = []
    for engine in world.engines():
        assert engine.time is not None
        lately = engine.time.time - WINDOW_SECONDS
        seconds = {second: ids for second, ids in memos[engine.number].seconds.items() if second >= lately}
        told.append((replace(engine, number=0, source_id=SourceId(0)), seconds))
    return told


def work_off(processor: Processor) -> None:
    while processor.step():
        pass


def assert_equal(found: Written, expected: Written) -> None:
    assert found.notifications == expected.notifications
    assert found.ledger == expected.ledger
    assert found.log == expected.log
    assert [case.external_key for case in found.cases] == [case.external_key for case in expected.cases]
    assert [case.occurrences for case in found.cases] == [case.occurrences for case in expected.cases]


@pytest.mark.full
def test_killed_at_any_statement_the_next_process_writes_the_same(
    databases: Databases, sqlite_databases: Databases, killer: Killer
) -> None:
    expected = undisturbed(databases)
    stride = 1 if databases is sqlite_databases else 5  # the same code runs on both; PostgreSQL takes longer
    for at in range(1, 1_000, stride):
        with databases.store() as store:
            world = story(store)
            killer.aim(at)
            with suppress(Killed):
                world.process(batch_limit=7)
            struck = killer.struck
            killer.aim(0)
            world.process(batch_limit=7)
            assert_equal(world.written(), expected)
        if not struck:
            assert at > 40, "the story should need many statements"
            return


def test_killed_between_the_commit_and_its_bookkeeping_nothing_is_twice(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(databases)

    def die(*_: object) -> None:
        raise Killed

    with databases.store() as store:
        world = story(store)
        with monkeypatch.context() as patch:
            patch.setattr(SeenMemory, "commit", die)
            deaths = 0
            for _ in range(10):
                try:
                    world.process(batch_limit=7)
                except Killed:
                    deaths += 1
        world.process(batch_limit=7)
        assert_equal(world.written(), expected)
        assert deaths > 2


def test_a_step_that_failed_is_begun_again_by_the_same_processor(databases: Databases, killer: Killer) -> None:
    """Whatever came out of a step: the next one starts from what the store holds."""
    expected = undisturbed(databases)
    with databases.store() as store:
        world = story(store)
        processor = world.processor(batch_limit=7)
        killer.aim(30)
        with pytest.raises(Killed):
            work_off(processor)
        work_off(processor)
        assert_equal(world.written(), expected)


def test_a_store_restored_from_a_backup_makes_the_same_keys_again(databases: Databases) -> None:
    with databases.store() as store, databases.store() as backup:
        world = story(store)
        world.process()
        again = World(backup, world.journal)
        again.process()
        assert [case.external_key for case in again.cases()] == [case.external_key for case in world.cases()]
