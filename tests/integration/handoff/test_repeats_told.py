"""A storm of one trouble is one case and a handful of messages; who repeats is told of at most every quarter of an hour."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from collector.actions import Act, Actions
from collector.domain.case import Verb
from collector.domain.message import PULL
from tests.builders import TERMS
from tests.feed_kit import stored, told
from tests.pipeline_world import World

REPEATS = 10_000


def test_ten_thousand_repeats_are_one_opened_and_a_handful_of_notes(world: World) -> None:
    passing = world.passing_time()
    for _ in range(20):
        for _ in range(REPEATS // 20):
            world.trap("raise disk 3")
        world.process()
        passing.tell_repeats()
        world.clock.move(timedelta(minutes=3))
    world.clock.move(timedelta(minutes=15))
    passing.tell_repeats()
    messages = stored(world.store)
    assert told(messages) == [("case.opened", "opened")] + [("case.noted", "joined")] * (len(messages) - 1)
    assert 4 <= len(messages) <= 6
    assert sum(message["data"]["change"]["detail"]["count"] for message in messages[1:]) == REPEATS - 500
    last = messages[-1]["data"]
    assert (last["case"]["occurrences"], last["change"]["detail"]["occurrences"]) == (REPEATS, REPEATS)
    assert world.case().occurrences == REPEATS


def test_what_was_told_with_another_change_is_not_told_again(world: World) -> None:
    world.trap("raise disk 3")
    world.process()
    world.trap("raise disk 3")
    world.process()
    world.trap("raise disk 1")
    world.process()
    world.clock.move(timedelta(hours=1))
    assert world.passing_time().tell_repeats() == 0
    messages = stored(world.store)
    assert told(messages) == [("case.opened", "opened"), ("case.severity_changed", "raised")]
    assert messages[-1]["data"]["case"]["occurrences"] == 3


@pytest.mark.parametrize("verb", [Verb.RESOLVE, Verb.CLOSE])
def test_who_ended_a_case_is_not_told_afterwards_how_often_it_happened_before(world: World, verb: Verb) -> None:
    for _ in range(2):
        world.trap("raise disk 3")
        world.process()
    actions = Actions(world.store, world.clock, nullcontext, TERMS)
    actions.perform(Act(world.case().external_key, verb, "key:portal", destination=PULL))
    world.clock.move(timedelta(minutes=16))
    assert world.passing_time().tell_repeats() == 0
    assert told(stored(world.store)) == [("case.opened", "opened")]
    world.trap("raise disk 3")
    world.process()
    assert [message["data"]["case"]["occurrences"] for message in stored(world.store)][1:] == (
        [3] if verb is Verb.RESOLVE else [1]
    )


def test_a_contained_threat_is_told_of_when_it_grows_and_opens_then(world: World) -> None:
    world.trap("contained pc-1")
    world.process()
    assert stored(world.store) == []
    world.trap("threat pc-1")
    world.process()
    [message] = stored(world.store)
    assert (message["type"], message["seq"], message["data"]["case"]["contained"]) == ("case.opened", 1, False)


def test_what_one_batch_changes_in_many_ways_is_told_in_order_with_the_case_as_it_is_then(world: World) -> None:
    for text in ("raise disk 3", "raise disk 2", "clear disk", "raise disk 2"):
        world.trap(text)
    world.process()
    messages = stored(world.store)
    assert told(messages) == [
        ("case.opened", "opened"),
        ("case.severity_changed", "raised"),
        ("case.cleared", "cleared"),
        ("case.relapsed", "joined"),
    ]
    assert [len(message["data"]["case"]["evidence"]) for message in messages] == [4] * 4
    assert all(one["sha256"] for one in messages[0]["data"]["case"]["evidence"])


def test_evidence_of_earlier_batches_is_shown_as_the_store_keeps_it(world: World) -> None:
    first = world.trap("raise disk 3")
    world.process()
    second = world.trap("raise disk 1")
    world.process()
    shown = stored(world.store)[-1]["data"]["case"]["evidence"]
    assert [(one["id"], one["sha256"] is None) for one in shown] == [(str(second), False), (str(first), True)]
