"""v3 informs to our own engine: the receiver judged their time before it answered; repeats and copies are told apart here."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from collector.domain.item import InformVerdict
from collector.domain.snmp_access import SnmpUser
from collector.domain.trust import Trust
from collector.pipeline.processor import Processor
from collector.store.engine import Store
from collector.store.registry import SourceRecord, load_registry, raise_registry_version, save_sources
from collector.store.seen import load_seen
from tests.builders import BOX
from tests.pipeline_world import BULK
from tests.v3_world import ENGINE, NAMING, OPEN_USER, OUR_ENGINE, STRANGER, USER, V3World, access_of

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
        pytest.param(timedelta(seconds=301), 163, REPLAYED, id="as long as it may be in time"),
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


def of_beta(world: V3World, user: SnmpUser, *networks: str) -> None:
    """BETA has a console of that user."""
    with world.store.write() as connection:
        save_sources(
            connection, world.source("other").customer.id, [SourceRecord("b", (), None, access_of(user, *networks))], BOX
        )
        raise_registry_version(connection)
        world.registry = load_registry(connection, BOX)


@pytest.mark.parametrize("restart", [False, True], ids=["in one batch", "over a restart"])
@pytest.mark.parametrize("inform", [5, 9], ids=["the same PDU", "another PDU"])
def test_an_inform_of_another_key_is_no_copy_whatever_its_header_says(world: V3World, restart: bool, inform: int) -> None:
    """Two customers' consoles of the same user name behind one address: each has its own pass phrases."""
    beta = replace(USER, auth=b"beta auth phrase", priv=b"beta priv phrase")
    of_beta(world, beta)
    world.informs("raise x 3", message_id=1)
    if restart:
        world.process()
    world.informs("raise x 3", message_id=1, user=beta, inform=inform)
    world.process()
    assert world.outcomes() == [CASE, CASE]
    assert [row.customer for row in world.notifications()] == ["ACME", "BETA"]


def test_a_copy_is_one_at_another_console_of_the_same_key_too(world: V3World) -> None:
    of_beta(world, USER, "198.51.100.0/24")
    datagram = world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5)
    for peer in ("192.0.2.1", "198.51.100.7"):
        world.arrives(datagram, envelope=InformVerdict.IN_TIME.value.encode(), peer=peer)
    world.process()
    assert world.outcomes() == [CASE, REPLAYED]


@pytest.mark.parametrize("restart", [None, "before", "after"])
@pytest.mark.parametrize("set_by", [timedelta(minutes=10), timedelta(hours=-3)], ids=["forward", "back"])
def test_a_copy_is_one_when_the_clock_was_set_meanwhile(world: V3World, set_by: timedelta, restart: str | None) -> None:
    """Our engine's window is measured on the other clock: the receiver took the copy for in time."""
    datagram, envelope = world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5), InformVerdict.IN_TIME.value.encode()
    processor, ports = world.processor(), count(162)

    def comes(now: bytes) -> None:
        world.arrives(now, envelope=envelope, peer_port=next(ports))
        while processor.step():
            pass
        tidy(world, processor)

    world.clock.move(timedelta(hours=1))
    comes(datagram)
    if restart == "before":
        processor = world.processor()
    world.clock.moment += set_by
    if restart == "after":
        processor = world.processor()
    for _ in range(9):
        world.clock.move(timedelta(seconds=32))
        comes(world.secured("info", engine_id=OUR_ENGINE, time=4_600, inform=6))
    comes(datagram)
    assert [outcome for outcome in world.outcomes() if outcome != ("informational", "by_rule")] == [CASE, REPLAYED]
    assert world.case().occurrences == 1


def tidy(world: V3World, processor: Processor) -> None:
    """As housekeeping does."""
    with world.store.write() as connection:
        tidied = processor.tidy(connection)
    tidied()


@pytest.mark.parametrize("restart", [False, True], ids=["one process", "over restarts"])
def test_what_is_remembered_of_informs_goes_when_their_window_is_over(world: V3World, restart: bool) -> None:
    processor = world.processor()
    for minutes in range(1, 40):
        world.informs("info", inform=minutes)
        while processor.step():
            pass
        tidy(world, processor)
        world.clock.move(timedelta(minutes=1))
        if minutes == 10:
            world.clock.moment += timedelta(minutes=10)
        if restart and minutes == 20:
            processor = world.processor()
    assert len(processor._memory.seen._committed) < 10
    assert 6 <= len(processor._memory.copies) <= 10
    with world.store.read() as connection:
        assert len(load_seen(connection)) < 20


def test_a_copy_that_waits_in_the_bulk_lane_is_one_however_long_it_waits(world: V3World) -> None:
    """The process role is busy with a flood for an hour; the clock was set meanwhile, there and back."""
    datagram, envelope = world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5), InformVerdict.IN_TIME.value.encode()
    processor, ports = world.processor(batch_limit=8), count(162)
    world.clock.moment -= timedelta(hours=5)
    world.arrives(datagram, envelope=envelope)
    world.clock.moment += timedelta(hours=5)
    for _ in range(20):
        world.trap("info", stream=BULK)
    world.arrives(datagram, envelope=envelope, stream=BULK, peer_port=9_999)
    for minutes in range(60):
        world.informs("info", inform=100 + minutes, port=next(ports), time=4_600)
        if minutes % 4 == 0:
            processor.step()
            tidy(world, processor)
        world.clock.move(timedelta(minutes=1))
    while processor.step():
        pass
    assert world.outcomes().count(REPLAYED) == 1
    assert world.case().occurrences == 1


@pytest.mark.parametrize("later", [timedelta(seconds=1), timedelta(days=20)], ids=["soon", "when its memory is gone"])
def test_a_copy_that_is_processed_again_stays_one(world: V3World, later: timedelta) -> None:
    datagram, envelope = world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5), InformVerdict.IN_TIME.value.encode()
    world.arrives(datagram, envelope=envelope)
    copy = world.arrives(datagram, envelope=envelope, peer_port=9_999)
    world.process()
    world.clock.move(later)
    [again] = world.inspector().reprocess(copy, actor="user:ana")
    assert (again.state.value, again.reason.value) == REPLAYED
    assert world.case().occurrences == 1


def test_of_copies_that_nobody_could_open_one_is_believed_when_they_are_processed_again(world: V3World) -> None:
    datagram = world.secured("raise x 3", user=STRANGER, engine_id=OUR_ENGINE, inform=5)
    copies = [world.arrives(datagram, envelope=InformVerdict.IN_TIME.value.encode()) for _ in range(2)]
    world.process()
    world.save(SourceRecord("secure", (), None, access_of(STRANGER)))
    again = [world.inspector().reprocess(copy, actor="user:ana")[0] for copy in copies]
    assert [(row.state.value, row.reason.value) for row in again] == [CASE, REPLAYED]
