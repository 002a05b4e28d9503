"""The collector's own engine speaks for no console: a trap from it is refused, and it is never listed or approved."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from collector.domain.errors import Conflict
from collector.pipeline.approval import Approval
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.store.engine import Store
from collector.store.engines import EngineFilter
from collector.store.registry import SourceRecord
from tests.v3_world import NAMING, OPEN_USER, OUR_ENGINE, SIGNING, TRUSTING, USER, V3World, access_of


class OwnWorld(V3World):
    """One that knows its own engine."""

    def knowledge(self) -> Knowledge:
        return replace(super().knowledge(), index=SourceIndex(self.registry.sources, own_engine=OUR_ENGINE))

    def approval(self) -> Approval:
        return Approval(self.store, self.clock, nullcontext, own_engine=OUR_ENGINE)


@pytest.fixture
def world(store: Store) -> OwnWorld:
    return OwnWorld(store)


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(USER, id="of a known user"),
        pytest.param(TRUSTING, id="where engines need no approval"),
        pytest.param(replace(SIGNING, engine_ids=(OUR_ENGINE,)), id="where the customers file names it"),
        pytest.param(OPEN_USER, id="without a signature"),
    ],
)
def test_a_trap_that_says_to_be_from_it_is_refused_and_not_listed(world: OwnWorld, user: object) -> None:
    world.save(SourceRecord("signing", (), None, access_of(replace(SIGNING, engine_ids=(OUR_ENGINE,)))))
    world.sends("raise x 3", user=user, engine_id=OUR_ENGINE)
    world.process()
    [row] = world.notifications()
    assert (row.reason.value, row.detail) == (
        "unknown_engine",
        f"{OUR_ENGINE.hex()}: our own engine, which speaks for no console",
    )
    assert row.source is not None
    assert world.engines() == []
    assert world.cases() == []


def test_nor_is_it_listed_where_the_keys_of_two_fit(world: OwnWorld) -> None:
    world.save(SourceRecord("twin", (), None, access_of(USER)))
    world.sends("raise x 3", engine_id=OUR_ENGINE)
    world.process()
    assert world.outcomes() == [("unattributed", "ambiguous_source")]
    assert world.engines() == []


def test_informs_to_it_are_taken_as_before(world: OwnWorld) -> None:
    world.informs("raise x 3", user=NAMING)
    world.process()
    assert world.outcomes() == [("case", "")]


@pytest.mark.parametrize("source", [None, "secure"])
def test_nobody_can_approve_it(world: OwnWorld, source: str | None) -> None:
    wanted = EngineFilter(engine_id=OUR_ENGINE, customer_code="ACME" if source else None, source=source)
    with pytest.raises(Conflict, match="own engine"):
        world.approval().approve(wanted, actor="user:ana")
    assert world.engines() == []
