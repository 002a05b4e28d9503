"""RFC 3414 section 3.2 and RFC 3412 section 7.2 as somebody would go about them who catches messages and has no key, on both
databases: every order of approving, forgetting and playing back, ends of numbers, other sources, relays and our own engine."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from itertools import permutations

import pytest

from collector.domain.engine import EngineState
from collector.domain.engine_time import MAX_BOOTS
from collector.domain.ids import NotificationId
from collector.domain.item import InformVerdict
from collector.domain.own_engine import MAX_TIME
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trust import Trust
from collector.pipeline.source_index import SourceIndex
from collector.pipeline.stages import Knowledge
from collector.store.engine import Store
from collector.store.engines import EngineFilter
from collector.store.registry import SourceRecord
from tests.pipeline_world import BULK
from tests.v3_world import BOOTS, ENGINE, NAMING, OPEN_USER, OTHER_ENGINE, OUR_ENGINE, STRANGER, USER, V3World, access_of

IN_TIME = InformVerdict.IN_TIME.value.encode()


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def forget(world: V3World, source: str = "secure") -> None:
    world.approval().forget(EngineFilter(engine_id=ENGINE, customer_code="ACME", source=source), actor="user:ana")


def again(world: V3World, item: NotificationId) -> str:
    [row] = world.inspector().reprocess(item, actor="user:ana")
    return row.reason.value or row.state.value


def believed(world: V3World) -> int:
    return world.reasons().count("case")


# approve, forget, approve again


@pytest.mark.parametrize("order", list(permutations(["copy", "reprocess", "newer"])), ids="-".join)
def test_what_waited_for_approval_is_believed_once_though_its_engine_was_forgotten_meanwhile(
    world: V3World, order: tuple[str, ...]
) -> None:
    message = world.secured("raise x 3")
    item = world.arrives(message)
    world.process()
    forget(world)
    world.approve(customer="ACME", source="secure")
    for step in order:
        world.clock.move(timedelta(seconds=5))
        if step == "copy":
            world.arrives(message)
        elif step == "newer":
            world.sends("info")
        else:
            again(world, item)
        world.process()
    assert believed(world) == 1


def test_honest_messages_that_waited_are_believed_though_their_engine_was_forgotten_meanwhile(world: V3World) -> None:
    items = []
    for _ in range(5):
        items.append(world.sends("raise x 3"))
        world.clock.move(timedelta(minutes=2))
    world.process()
    forget(world)
    world.approve(customer="ACME", source="secure")
    world.sends("raise x 3")
    world.process()
    assert [again(world, item) for item in items] == ["case"] * 5


def test_what_is_forgotten_is_approved_by_nobody_but_a_person(world: V3World) -> None:
    world.approve(customer="ACME", source="secure")
    message = world.secured("raise x 3")
    world.arrives(message)
    world.process()
    forget(world)
    world.arrives(message)
    world.sends("raise x 3")
    world.process()
    assert world.reasons() == ["case", "unknown_engine", "unknown_engine"]


# ends of numbers


def test_an_engine_at_the_end_of_its_time_is_heard_again_with_its_next_boots(world: V3World) -> None:
    for boots, time in ((BOOTS, MAX_TIME - 1), (BOOTS, MAX_TIME), (BOOTS, 5), (BOOTS + 1, 5), (BOOTS, MAX_TIME)):
        world.sends("raise x 3", user=NAMING, boots=boots, time=time)
    world.process()
    assert world.reasons() == ["case", "case", "not_in_time_window", "case", "not_in_time_window"]


def test_an_engine_at_its_last_boots_is_never_in_time_and_bars_nobody(world: V3World) -> None:
    """RFC 3414 section 2.2.2: it needs another engine ID."""
    for boots in (MAX_BOOTS, MAX_BOOTS - 1, MAX_BOOTS, BOOTS):
        world.sends("raise x 3", user=NAMING, boots=boots)
    world.process()
    assert world.reasons() == ["not_in_time_window", "case", "not_in_time_window", "not_in_time_window"]


def test_the_last_message_id_and_zero_are_ids_like_others(world: V3World) -> None:
    for message_id in (0, MAX_TIME, 0, MAX_TIME, 1, MAX_TIME - 1):
        world.sends("raise x 3", user=NAMING, message_id=message_id, time=50)
    world.process()
    assert world.reasons() == ["case", "case", "replayed", "replayed", "case", "case"]


# installed anew


def test_a_console_that_was_installed_anew_waits_and_its_old_messages_stay_old(world: V3World) -> None:
    old = world.secured("raise x 3", user=USER)
    world.approve(customer="ACME", source="secure")
    world.arrives(old)
    world.sends("raise x 3", engine_id=OTHER_ENGINE, boots=1, time=3)
    world.process()
    world.approve(OTHER_ENGINE)
    world.sends("raise x 3", engine_id=OTHER_ENGINE, boots=1, time=4)
    world.arrives(old)
    world.process()
    assert world.reasons() == ["case", "unknown_engine", "case", "replayed"]


# the same engine, and the same keys, at two consoles


def test_an_engine_is_approved_for_one_console_at_a_time(world: V3World) -> None:
    world.save(SourceRecord("twin", (), None, access_of(USER, "198.51.100.0/24")))
    message = world.secured("raise x 3")
    world.approve(customer="ACME", source="secure")
    for peer in ("192.0.2.1", "198.51.100.9"):
        world.arrives(message, peer=peer)
    world.process()
    assert world.reasons() == ["case", "unknown_engine"]
    assert [(engine.source, engine.state) for engine in world.engines()] == [
        ("secure", EngineState.APPROVED),
        ("twin", EngineState.SEEN),
    ]


def test_another_consoles_messages_of_the_same_engine_id_are_not_taken_for_copies(world: V3World) -> None:
    """Two machines of one image, with pass phrases of their own."""
    other = replace(NAMING, auth=b"another auth pass phrase")
    world.save(SourceRecord("clone", (), None, access_of(other, "198.51.100.0/24")))
    world.sends("raise x 3", user=NAMING, message_id=9, time=50)
    world.sends("raise x 3", user=other, message_id=9, time=50, peer="198.51.100.9")
    world.process()
    assert world.reasons() == ["case", "case"]


# without authentication


def test_what_is_not_authenticated_teaches_nothing_of_time_and_proves_nothing(world: V3World) -> None:
    """A user that may come without authentication: the next ones of its console, with it, are judged by its own."""
    loose = replace(NAMING, min_level=SecurityLevel.NO_AUTH_NO_PRIV)
    world.save(SourceRecord("naming", (), None, access_of(loose)))
    world.sends("raise x 3", user=loose, level=SecurityLevel.AUTH_PRIV)
    for boots in (MAX_BOOTS, MAX_BOOTS - 1, BOOTS + 1):
        world.sends("raise x 3", user=loose, level=SecurityLevel.NO_AUTH_NO_PRIV, boots=boots, time=MAX_TIME)
    world.sends("raise x 3", user=loose, level=SecurityLevel.AUTH_PRIV)
    world.process()
    assert world.reasons() == ["case"] * 5
    trusts = [row.trust for row in sorted(world.notifications(), key=lambda row: row.id)]
    assert trusts == [Trust.ENCRYPTED, *[Trust.SPOOFABLE] * 3, Trust.ENCRYPTED]
    time = world.engine().time
    assert time is not None
    assert time[:2] == (BOOTS, world.engine_time)


def test_who_needs_no_authentication_is_approved_by_nobody_but_a_person(world: V3World) -> None:
    world.save(SourceRecord("open", (), None, access_of(replace(OPEN_USER, approve_engines=True))))
    world.sends("raise x 3", user=OPEN_USER)
    world.process()
    assert world.reasons() == ["unknown_engine"]


# our own engine


def test_a_trap_that_names_our_engine_is_one_of_any_engine_and_opens_no_way_for_informs(world: V3World) -> None:
    world.sends("raise x 3", engine_id=OUR_ENGINE)
    world.process()
    world.approve(OUR_ENGINE)
    trap = world.secured("raise x 3", engine_id=OUR_ENGINE)
    inform = world.secured("raise x 3", engine_id=OUR_ENGINE, inform=5)
    for datagram, envelope in ((trap, b""), (trap, b""), (inform, b""), (inform, IN_TIME), (inform, b""), (trap, b"")):
        world.arrives(datagram, envelope=envelope, peer_port=1_024 + len(world.journal.items))
    world.process()
    assert world.reasons() == ["unknown_engine", "case", "replayed", "unknown_engine", "case", "unknown_engine", "replayed"]


@pytest.mark.parametrize("stream", [None, BULK], ids=["main lane", "bulk lane"])
def test_an_inform_that_was_processed_again_is_a_copy_when_it_comes_again(world: V3World, stream: object) -> None:
    """The customers file was wrong for a moment; who caught the inform sends it while it is still in time."""
    inform = world.secured("raise x 3", user=STRANGER, engine_id=OUR_ENGINE, inform=5)
    processor = world.processor()
    item = world.arrives(inform, envelope=IN_TIME)
    processor.step()
    world.save(SourceRecord("secure", (), None, access_of(STRANGER)))
    assert again(world, item) == "case"
    lane = {"stream": BULK} if stream else {}
    world.arrives(inform, envelope=IN_TIME, peer_port=9_999, **lane)  # type: ignore[arg-type]
    world.clock.move(timedelta(seconds=2))
    while processor.step():
        pass
    assert sorted(world.reasons()) == ["case", "replayed"]


# relays


def test_a_copy_is_one_whichever_way_it_comes(world: V3World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the trusted relay, and straight from its sender's forged address; in either order."""
    index = SourceIndex(world.registry.sources, relays=[ip_network("203.0.113.9/32")])
    knowledge = world.knowledge

    def with_relay() -> Knowledge:
        return replace(knowledge(), index=index)

    monkeypatch.setattr(world, "knowledge", with_relay)
    for peers in (("203.0.113.9", "192.0.2.1"), ("192.0.2.1", "203.0.113.9")):
        message = world.secured("raise x 3", user=NAMING, relayed_for="192.0.2.1")
        for peer in peers:
            world.arrives(message, peer=peer)
    world.arrives(world.secured("raise x 3", user=NAMING, relayed_for="198.51.100.7"), peer="203.0.113.9")
    world.process()
    assert world.reasons() == ["case", "replayed", "case", "replayed", "unknown_user"]
