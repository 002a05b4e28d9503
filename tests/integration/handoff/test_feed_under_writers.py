"""Twenty writers at once and readers beside them, on both databases: the feed has no gaps, repeats nothing, and keeps the order
in which the changes were committed."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest

from collector.actions import Act, Actions
from collector.domain.case import Verb
from collector.domain.message import MessageType
from collector.handoff.feed import FeedPage, read_feed
from collector.store.engine import Store
from collector.store.messages import MessageFilter
from tests.builders import TERMS
from tests.feed_kit import stored
from tests.pipeline_world import World

WRITERS, CASES, ROUNDS = 20, 10, 4
Parsed = dict[str, Any]


@dataclass
class Walker:
    """Reads the feed from a place on until it is told that nothing comes any more and it is at the end."""

    store: Store
    over: threading.Event
    wanted: MessageFilter = field(default_factory=MessageFilter)
    limit: int = 7
    begin: threading.Event | None = None
    seen: list[Parsed] = field(default_factory=list)

    def walk(self) -> list[Parsed]:
        if self.begin is not None:
            assert self.begin.wait(60)
        after: int | None = None
        while True:
            finished = self.over.is_set()
            page = self._page(after)
            self.seen += [json.loads(body) for body in page.bodies]
            after = page.next
            if finished and not page.more:
                return self.seen

    def _page(self, after: int | None) -> FeedPage:
        with self.store.read() as connection:
            return read_feed(connection, self.wanted, after=after, limit=self.limit)


def acts(world: World, keys: list[str], writer: int) -> Iterator[Act]:
    """What one person does: notes of their own on every case, and verbs on which others may be faster."""
    for number in range(ROUNDS):
        key = keys[(writer + number) % len(keys)]
        yield Act(external_key=key, verb=Verb.NOTE, actor=f"key:{writer}", text=f"{writer}-{number}")
        yield Act(external_key=key, verb=Verb.ASSIGN, actor=f"key:{writer}", assignee=f"w{writer}")


def work(world: World, store: Store, keys: list[str], writer: int, halfway: threading.Barrier) -> None:
    actions = Actions(store, world.clock, nullcontext, TERMS)
    for number, act in enumerate(acts(world, keys, writer)):
        if number == ROUNDS:
            halfway.wait(60)
        actions.perform(act)


def run_all(work_of: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(work_of)) as pool:
        futures: list[Future[Any]] = [pool.submit(one) for one in work_of]
        return [future.result(120) for future in futures]


@pytest.fixture
def many(store: Store) -> Iterator[Store]:
    """A second way into the same store, as another process has, patient enough for twenty writers."""
    made = Store(store.engine.url.render_as_string(hide_password=False), write_wait_seconds=60.0)
    yield made
    made.close()


@pytest.mark.full
def test_nothing_is_missed_and_nothing_comes_twice(store: Store, many: Store) -> None:
    world = World(store)
    for number in range(CASES):
        world.trap(f"raise k{number} {1 + number % 4}")
    world.process()
    keys = [str(case.external_key) for case in world.cases()]
    over, late = threading.Event(), threading.Event()
    halfway = threading.Barrier(WRITERS, action=late.set)
    noted = MessageFilter(types=(MessageType.NOTED,))
    severe = MessageFilter(severities=(1, 2))
    walkers = [
        Walker(many, over),
        Walker(many, over, limit=500),
        Walker(many, over, noted, limit=3),
        Walker(many, over, severe),
        Walker(many, over, begin=late),
    ]

    def traps() -> None:
        for number in range(CASES * ROUNDS):
            world.trap(f"clear k{number % CASES}" if number % 2 else f"raise k{number % CASES} 1")
            world.process()

    def write() -> None:
        run_all([*(lambda writer=writer: work(world, many, keys, writer, halfway) for writer in range(WRITERS)), traps])
        over.set()

    run_all([write, *(walker.walk for walker in walkers)])
    kept = stored(store)
    assert [message["position"] for message in kept] == list(range(1, len(kept) + 1))
    everything = [{name: value for name, value in message.items() if name != "position"} for message in kept]
    for walker in (walkers[0], walkers[1], walkers[4]):
        assert walker.seen == everything
    assert walkers[2].seen == [message for message in everything if message["type"] == "case.noted"]
    assert walkers[3].seen == [message for message in everything if message["data"]["case"]["severity"] in (1, 2)]
    assert_every_case_in_order(everything)
    texts = [message["data"]["change"]["text"] for message in everything if message["data"]["change"]["what"] == "noted"]
    assert sorted(texts) == sorted(f"{writer}-{number}" for writer in range(WRITERS) for number in range(ROUNDS))


def assert_every_case_in_order(messages: list[Parsed]) -> None:
    """Contiguous numbers from `case.opened` on, in the order of the feed, and no id twice."""
    by_case: dict[str, list[Parsed]] = defaultdict(list)
    for message in messages:
        by_case[message["data"]["case"]["external_key"]].append(message)
    assert len(by_case) == CASES
    for mine in by_case.values():
        assert [message["seq"] for message in mine] == list(range(1, len(mine) + 1))
        assert mine[0]["type"] == "case.opened"
        occurrences = [message["data"]["case"]["occurrences"] for message in mine]
        assert occurrences == sorted(occurrences), "a later message has the later case"
    ids = [message["id"] for message in messages]
    assert len(ids) == len(set(ids))
