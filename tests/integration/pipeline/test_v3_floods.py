"""What a customer's authentic messages have to fear from a flood in its name: nothing."""

import pytest

from collector.domain.limits import Limit
from collector.domain.outcome import Reason
from collector.store.engine import Store
from tests.v3_world import NAMING, V3World


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def left_out(world: V3World) -> int:
    return sum(line.count for line in world.ledger() if line.reason == Reason.CUSTOMER_RATE.value)


def test_answered_informs_of_v3_are_never_left_out(world: V3World) -> None:
    world.customer_limit = Limit(rate=1, burst=2)
    for number in range(40):
        world.informs(f"raise x{number} 3", inform=number, port=1_000 + number)
    world.process()

    assert left_out(world) == 0
    assert len(world.cases()) == 40


def test_forged_traps_of_a_customer_take_nothing_from_its_authentic_ones(world: V3World) -> None:
    world.customer_limit = Limit(rate=1, burst=20)
    for _ in range(300):
        world.trap("raise forged 3")
    for number in range(20):
        world.sends(f"raise x{number} 3", user=NAMING)
    world.process()

    assert left_out(world) == 300 - 20
    assert len([case for case in world.cases() if (case.host or "").startswith("x")]) == 20


def test_authentic_traps_far_above_the_rate_have_the_one_case_of_the_flood(world: V3World) -> None:
    world.customer_limit = Limit(rate=1, burst=20)
    for _ in range(100):
        world.trap("raise forged 3")
        world.sends("raise x 3", user=NAMING)
    world.process()

    assert left_out(world) == 200 - 40
    [case] = [case for case in world.cases() if case.pack == "self"]
    assert case.occurrences == 2
