"""v3 informs to our own engine: the receiver judged their time before it answered; repeats and copies are told apart here."""

from datetime import timedelta
from typing import Any

import pytest

from collector.domain.item import InformVerdict
from collector.domain.trust import Trust
from collector.store.engine import Store
from tests.v3_world import ENGINE, NAMING, OPEN_USER, OUR_ENGINE, STRANGER, V3World

CASE, REPEATED = ("case", ""), ("duplicate", "repeated_inform")
REPLAYED, UNKNOWN_ENGINE = ("unauthenticated", "replayed"), ("unauthenticated", "unknown_engine")
_TICK = timedelta(microseconds=1)


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def test_an_inform_that_came_in_time_is_believed_without_an_approval(world: V3World) -> None:
    world.informs("raise x 3")
    world.informs("raise x 3", user=NAMING)
    world.process()
    assert world.outcomes() == [CASE, CASE]
    assert {row.trust for row in world.notifications()} == {Trust.ENCRYPTED}
    assert world.engines() == []


@pytest.mark.parametrize(
    ("verdict", "parts", "outcome"),
    [
        pytest.param(InformVerdict.NOT_IN_TIME, {}, ("unauthenticated", "not_in_time_window"), id="too late"),
        pytest.param(
            InformVerdict.NOT_IN_TIME,
            {"boots": 0, "time": 0},
            ("not_a_notification", "time_synchronisation"),
            id="asks for our time",
        ),
        pytest.param(None, {}, UNKNOWN_ENGINE, id="nobody answered it"),
        pytest.param(None, {"engine_id": ENGINE, "user": NAMING}, UNKNOWN_ENGINE, id="to another engine"),
        pytest.param(InformVerdict.IN_TIME, {"user": STRANGER}, ("unauthenticated", "wrong_digest"), id="not by today's keys"),
    ],
)
def test_other_informs_are_refused(
    world: V3World, verdict: InformVerdict | None, parts: dict[str, Any], outcome: tuple[str, str]
) -> None:
    world.informs("raise x 3", verdict=verdict, **parts)
    world.process()
    assert world.outcomes() == [outcome]
    assert world.engines() == []


@pytest.mark.parametrize("restart", [False, True], ids=["in one batch", "over a restart"])
def test_a_repeat_has_another_message_around_the_same_content(world: V3World, restart: bool) -> None:
    for _ in range(3):
        world.informs("raise x 3")
        world.clock.move(timedelta(seconds=5))
        if restart:
            world.process()
    world.informs("raise x 3", inform=6)
    world.informs("raise y 3")
    world.informs("raise x 3", user=NAMING)
    world.informs("raise x 3", port=163)
    world.process()
    assert world.outcomes() == [CASE, REPEATED, REPEATED, CASE, CASE, CASE, CASE]


@pytest.mark.parametrize(
    ("later", "port", "outcome"),
    [
        pytest.param(timedelta(seconds=60) - _TICK, 162, REPEATED, id="from the same place within a minute"),
        pytest.param(timedelta(seconds=60), 162, REPLAYED, id="from the same place later"),
        pytest.param(timedelta(seconds=1), 163, REPLAYED, id="from another place"),
        pytest.param(timedelta(seconds=310) - _TICK, 163, REPLAYED, id="as long as it may be in time"),
    ],
)
@pytest.mark.parametrize("restart", [False, True], ids=["in one batch", "over a restart"])
def test_an_exact_copy(world: V3World, later: timedelta, port: int, outcome: tuple[str, str], restart: bool) -> None:
    datagram = world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5)
    envelope = InformVerdict.IN_TIME.value.encode()
    world.arrives(datagram, envelope=envelope)
    if restart:
        world.process()
    world.clock.move(later)
    world.arrives(datagram, envelope=envelope, peer_port=port)
    world.process()
    assert world.outcomes() == [CASE, outcome]


def test_a_copy_of_a_repeat_is_no_new_inform(world: V3World) -> None:
    """Whoever caught the second try may send it from elsewhere."""
    envelope = InformVerdict.IN_TIME.value.encode()
    tries = [world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5) for _ in range(2)]
    for datagram in tries:
        world.arrives(datagram, envelope=envelope)
    for datagram in tries:
        world.arrives(datagram, envelope=envelope, peer_port=9_999)
    world.process()
    assert world.outcomes() == [CASE, REPEATED, REPLAYED, REPLAYED]


def test_who_needs_no_authentication_is_only_compared_as_v2c_is(world: V3World) -> None:
    for port in (162, 162, 163):
        world.informs("raise x 3", user=OPEN_USER, message_id=9, port=port)
    world.process()
    assert world.outcomes() == [CASE, REPEATED, CASE]
