"""What was far above its customer's rate and was listed is processed again as if it had come within it, on both databases."""

import pytest

from collector.domain.clock import rfc3339
from collector.domain.errors import Conflict
from collector.domain.ids import NotificationId
from collector.domain.limits import Limit
from collector.pipeline.customer_limit import FAR, SAMPLE
from collector.store.engine import Store
from tests.v3_world import BOOTS, NAMING, V3World

OVER = ("over_limit", "customer_rate")


@pytest.fixture
def world(store: Store) -> V3World:
    world = V3World(store)
    world.customer_limit = Limit(rate=1, burst=1)
    return world


def listed(world: V3World) -> NotificationId:
    [row] = [row for row in world.notifications() if (row.state.value, row.reason.value) == OVER]
    return row.id


def flood_case(world: V3World) -> tuple[int, str]:
    case = next(case for case in world.cases() if case.pack == "self")
    return case.occurrences, rfc3339(case.last_seen_at)


@pytest.mark.parametrize("version", ["v2c", "v3"])
def test_it_becomes_what_it_would_have_been_and_the_flood_is_not_told_again(world: V3World, version: str) -> None:
    for number in range(FAR + 5):
        if version == "v2c":
            world.trap(f"raise disk{number} 3")
        else:
            world.sends(f"raise disk{number} 3", user=NAMING, boots=BOOTS)
    world.process()
    within = world.counted()["case"]
    assert world.counted() == {"case": within, "over_limit": FAR + 5 - within}
    flood, item = flood_case(world), listed(world)

    [again] = world.inspector().reprocess(item, actor="user:ana")

    assert (again.id, again.state.value, again.verdict) == (item, "case", "opened")
    assert flood_case(world) == flood
    assert world.counted() == {"case": within + 1, "over_limit": FAR + 4 - within}
    opened = next(case for case in world.cases() if case.external_key == again.case)
    assert [line.text for line in world.log(opened)][-1] == f"reprocessed {item}"
    with pytest.raises(Conflict, match="is case; only quarantine and what was over a customer's rate"):
        world.inspector().reprocess(item, actor="user:ana")


def test_a_copy_of_it_stays_one(world: V3World) -> None:
    for number in range(FAR):
        world.sends(f"raise disk{number} 3", user=NAMING)
    datagram = world.secured("raise x 3", user=NAMING)
    world.arrives(datagram)
    copy = world.arrives(datagram)
    world.process()
    assert world.outcomes()[-1] == ("unauthenticated", "replayed")
    for item, outcome in ((listed(world), "case"), (copy, "unauthenticated")):
        [row] = world.inspector().reprocess(item, actor="user:ana")
        assert row.state.value == outcome


def test_explain_tells_what_it_would_become(world: V3World) -> None:
    for number in range(2 * SAMPLE):
        world.trap(f"raise disk{number} 3")
    world.process()
    item = max(row.id for row in world.notifications() if row.reason.value == "customer_rate")
    before = world.written()
    told = world.inspector().explain(item, customer_id=None)
    assert told["state"] == "over_limit"
    now = told["now"]
    assert isinstance(now, dict)
    assert now["notifications"][0]["key"].startswith("v1:pack:disk")
    assert world.written() == before
