"""Which v3 messages are believed, and why not the others, on both databases and over restarts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collector.domain.engine import MOST_APPROVED_UNASKED, MOST_SEEN
from collector.domain.engine_time import MAX_BOOTS
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trust import Trust
from collector.pipeline import engine_draft
from collector.store.engine import Store
from collector.store.registry import SourceRecord
from tests.pipeline_world import BULK
from tests.v3_world import (
    BOOTS,
    ENGINE,
    NAMING,
    OPEN_USER,
    OTHER_ENGINE,
    OUR_ENGINE,
    SIGNING,
    STRANGER,
    TRUSTING,
    USER,
    V3World,
    access_of,
)

BELIEVED = ("case", "")
_AUTH, _NONE = SecurityLevel.AUTH_NO_PRIV, SecurityLevel.NO_AUTH_NO_PRIV


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def unauthenticated(reason: str) -> tuple[str, str]:
    return "unauthenticated", reason


@pytest.mark.parametrize(
    ("parts", "outcome", "attributed"),
    [
        pytest.param({"user": NAMING}, BELIEVED, True, id="engine named in the customers file"),
        pytest.param({"user": TRUSTING}, BELIEVED, True, id="engines need no approval"),
        pytest.param({"user": USER}, unauthenticated("unknown_engine"), True, id="engine not approved"),
        pytest.param(
            {"user": NAMING, "engine_id": OTHER_ENGINE}, unauthenticated("unknown_engine"), True, id="another engine is named"
        ),
        pytest.param({"user": replace(USER, name=b"nobody")}, unauthenticated("unknown_user"), False, id="no such user"),
        pytest.param({"user": NAMING, "peer": "198.51.100.1"}, unauthenticated("unknown_user"), False, id="from elsewhere"),
        pytest.param({"user": STRANGER}, unauthenticated("wrong_digest"), True, id="wrong key"),
        pytest.param(
            {"user": replace(NAMING, priv=b"another pass phrase")}, unauthenticated("decryption_error"), True, id="wrong privacy"
        ),
        pytest.param({"user": NAMING, "level": _AUTH}, unauthenticated("level_too_low"), True, id="not encrypted"),
        pytest.param({"user": NAMING, "boots": MAX_BOOTS}, unauthenticated("not_in_time_window"), True, id="boots at their end"),
        pytest.param({"user": NAMING, "engine_id": b""}, ("not_a_notification", "engine_discovery"), False, id="discovery"),
        pytest.param({"user": NAMING, "reportable": True}, BELIEVED, True, id="a trap that says reportable"),
    ],
)
def test_a_trap_is_believed_or_refused_with_the_reason(
    world: V3World, parts: dict[str, Any], outcome: tuple[str, str], attributed: bool
) -> None:
    world.sends("raise x 3", **parts)
    world.process()
    assert world.outcomes() == [outcome]
    [row] = world.notifications()
    assert (row.source is not None) is attributed
    assert world.counted() == {outcome[0]: 1}


@pytest.mark.parametrize(
    ("user", "level", "trust"),
    [
        pytest.param(SIGNING, SecurityLevel.AUTH_PRIV, Trust.ENCRYPTED, id="encrypted"),
        pytest.param(SIGNING, _AUTH, Trust.AUTHENTICATED, id="signed"),
    ],
)
def test_how_a_message_is_protected_is_its_trust(world: V3World, user: object, level: SecurityLevel, trust: Trust) -> None:
    world.sends("raise x 3", user=user, level=level)
    world.process()
    assert world.case().trust is trust


def test_who_needs_no_authentication_is_as_spoofable_as_v2c_and_needs_no_window(world: V3World) -> None:
    world.sends("raise x 3", user=OPEN_USER)
    world.process()
    assert world.reasons() == ["unknown_engine"]
    world.approve()
    copy = world.secured("raise x 3", user=OPEN_USER, boots=1, time=5)
    for _ in range(2):
        world.arrives(copy)
    world.process()
    assert world.reasons() == ["unknown_engine", "case", "case"]
    assert world.case().trust is Trust.SPOOFABLE
    assert world.engine().time is None


@pytest.mark.parametrize("between", ["nothing", "a batch", "a restart"])
def test_a_copy_is_believed_once(world: V3World, between: str) -> None:
    processor = world.processor()
    datagram = world.secured("raise x 3", user=NAMING)
    for _ in range(4):
        world.arrives(datagram)
        world.clock.move(seconds(20))
        if between != "nothing":
            processor = processor if between == "a batch" else world.processor()
            while processor.step():
                pass
    world.process()
    assert world.reasons() == ["case", "replayed", "replayed", "replayed"]
    assert world.case().occurrences == 1


def test_the_same_id_in_the_same_second_is_a_copy_whatever_it_says(world: V3World) -> None:
    for text in ("raise x 3", "raise y 3"):
        world.sends(text, user=NAMING, message_id=7, time=50)
    world.sends("raise y 3", user=NAMING, message_id=7, time=51)
    world.sends("raise y 3", user=NAMING, message_id=8, time=51)
    world.process()
    assert world.reasons() == ["case", "replayed", "case", "case"]


@pytest.mark.parametrize("restart", [False, True], ids=["one process", "over a restart"])
def test_the_time_window_is_150_seconds(world: V3World, restart: bool) -> None:
    late = {delay: world.secured("raise x 3", user=NAMING) for delay in (150, 151)}
    world.sends("raise x 3", user=NAMING)
    if restart:
        world.process()
    for delay, step in ((150, 150), (151, 1)):
        world.clock.move(seconds(step))
        world.arrives(late[delay])
    world.process()
    assert world.reasons() == ["case", "case", "not_in_time_window"]


def test_what_was_held_back_is_believed_while_it_is_the_newest_and_refused_once_overtaken(world: V3World) -> None:
    """A console whose clock stood still must not be refused for ever."""
    world.sends("raise x 3", user=NAMING)
    world.clock.move(seconds(1))
    held_back = [world.secured("raise x 3", user=NAMING) for _ in range(3)]
    world.clock.move(timedelta(hours=2))
    for datagram in held_back[:2]:
        world.arrives(datagram)
    world.sends("raise x 3", user=NAMING)
    world.arrives(held_back[2])
    world.process()
    assert world.reasons() == ["case", "case", "case", "case", "not_in_time_window"]


@pytest.mark.parametrize("restart", [False, True], ids=["one process", "over a restart"])
@pytest.mark.parametrize("set_by", [timedelta(hours=2), timedelta(hours=-2)], ids=["forward", "back"])
def test_a_wall_clock_that_is_set_neither_refuses_what_waits_nor_lets_a_copy_through(
    world: V3World, set_by: timedelta, restart: bool
) -> None:
    first = world.secured("raise x 3", user=NAMING)
    world.arrives(first)
    began = world.engine_time
    for second in range(4):
        world.sends("raise held 3", user=NAMING, time=began + second, stream=BULK)
    world.clock.moment += set_by
    overtaken = world.secured("raise x 3", user=NAMING, time=began)
    for second in range(200):
        world.clock.move(seconds(1))
        world.sends("info", user=NAMING, time=began + second)
        if second == 20:
            world.arrives(overtaken)
    world.sends("raise held 3", user=NAMING, time=began + 150, stream=BULK)
    world.arrives(first)
    if restart:
        processor = world.processor(batch_limit=16)
        while processor.step():
            processor = world.processor(batch_limit=16)
    else:
        world.process(batch_limit=16)
    assert world.reasons().count("case") == 7
    refused = [reason for reason in world.reasons() if reason not in ("case", "informational")]
    assert len(refused) == 1
    assert refused[0] in ("replayed", "not_in_time_window")


@pytest.mark.parametrize("restart", [False, True], ids=["one process", "over a restart"])
def test_lower_boots_are_refused_and_higher_ones_begin_anew(world: V3World, restart: bool) -> None:
    old = [world.secured("raise x 3", user=NAMING, boots=BOOTS) for _ in range(2)]
    world.arrives(old[0])
    world.sends("raise x 3", user=NAMING, boots=BOOTS + 1, time=3, message_id=1)
    if restart:
        world.process()
    world.arrives(old[1])
    world.sends("raise x 3", user=NAMING, boots=BOOTS + 1, time=3, message_id=1)
    world.sends("raise x 3", user=NAMING, boots=BOOTS + 1, time=3, message_id=2)
    world.process()
    assert world.reasons() == ["case", "case", "not_in_time_window", "replayed", "case"]
    time = world.engine().time
    assert time is not None
    assert time[:2] == (BOOTS + 1, 3)


def test_what_waited_in_the_bulk_lane_is_judged_by_the_time_of_its_arrival(world: V3World) -> None:
    """A flood: the bulk lane is ten minutes behind. What arrived in time is believed, and its copy is not, however late it is."""
    first = world.secured("raise bulk 3", user=NAMING)
    world.arrives(first, stream=BULK)
    world.clock.move(seconds(40))
    world.arrives(first, stream=BULK)
    world.clock.move(seconds(200))
    world.arrives(first, stream=BULK)
    for _ in range(40):
        world.sends("raise main 3", user=NAMING)
        world.clock.move(seconds(10))
    world.process(batch_limit=4)
    bulk = {row.id.seq: row.reason.value or row.state.value for row in world.notifications() if row.id.stream == str(BULK)}
    assert bulk == {1: "case", 2: "replayed", 3: "not_in_time_window"}
    assert world.counted()["case"] == 41


def test_memory_is_let_go_of_when_it_has_served(world: V3World) -> None:
    processor = world.processor()
    for _ in range(100):
        world.sends("raise x 3", user=NAMING)
        world.clock.move(seconds(10))
        while processor.step():
            pass
    with world.store.read() as connection:
        held = connection.exec_driver_sql("SELECT count(*) FROM snmp_engine_seconds").scalar_one()
    assert 15 <= held <= 20
    assert set(world.reasons()) == {"case"}


def test_nothing_that_was_forgotten_is_believed_again(world: V3World) -> None:
    """A message that comes late and is the newest word all the same moves the window back (RFC 3414 section 3.2 step 7b)."""
    copied, held_up = world.secured("raise x 3", user=NAMING), world.secured("raise x 3", user=NAMING, time=world.engine_time + 5)
    world.arrives(copied)
    world.process()
    for _ in range(30):
        world.clock.move(seconds(10))
        world.sends("raise x 3", user=TRUSTING)
        world.process()
    world.arrives(held_up)
    world.process()
    world.arrives(copied)
    world.process()
    assert world.reasons()[-2:] == ["case", "replayed"]


def test_a_sender_gone_mad_shrinks_its_own_window_and_no_copy_is_believed(
    world: V3World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_draft, "MOST_RANGES", 40)
    monkeypatch.setattr(engine_draft, "_SHRUNK_RANGES", 30)
    began = world.engine_time
    sent = [world.secured("raise x 3", user=NAMING, time=began + number // 10, message_id=number * 10) for number in range(100)]
    for datagram in [*sent, *sent]:
        world.arrives(datagram)
    world.process(batch_limit=30)
    assert world.reasons()[:100] == ["case"] * 100
    assert set(world.reasons()[100:]) == {"replayed", "not_in_time_window"}
    assert world.case().occurrences == 100
    with world.store.read() as connection:
        rows = connection.exec_driver_sql("SELECT ids FROM snmp_engine_seconds").scalars()
        assert sum(len(ids) // 8 for ids in rows) <= 40


def test_two_consoles_that_could_both_match_are_told_apart_by_their_keys(world: V3World) -> None:
    other = replace(NAMING, auth=b"another auth pass phrase")
    world.save(SourceRecord("twin", (), None, access_of(other)))
    for user in (other, NAMING):
        world.sends("raise x 3", user=user)
    world.process()
    assert [row.source for row in world.notifications()] == ["twin", "naming"]


def test_where_the_keys_of_two_consoles_fit_only_the_engine_tells_them_apart_and_no_order_does(world: V3World) -> None:
    """The customers file does not allow that; nobody's case is opened at the other all the same."""
    world.save(SourceRecord("twin", (), None, access_of(replace(NAMING, engine_ids=(OTHER_ENGINE,)))))
    third = OTHER_ENGINE[:-1] + b"x"
    world.informs("raise x 3", user=NAMING)
    for engine_id in (ENGINE, OTHER_ENGINE, third):
        world.sends("raise x 3", user=NAMING, engine_id=engine_id)
    world.process()
    ambiguous = ("unattributed", "ambiguous_source")
    assert world.outcomes() == [ambiguous, BELIEVED, BELIEVED, ambiguous]
    rows = world.notifications()
    assert [row.source for row in rows] == [None, "naming", "twin", None]
    fit = "the keys of ACME/naming, ACME/twin fit"
    assert rows[0].detail == f"{fit}: give them different pass phrases"
    assert rows[3].detail == f"{third.hex()}: {fit}: approve it for one of them"
    world.approve(third, customer="ACME", source="twin")
    world.sends("raise x 3", user=NAMING, engine_id=third)
    world.process()
    assert world.notifications()[-1].source == "twin"


def test_a_console_is_heard_on_its_own_listener_alone(world: V3World) -> None:
    world.save(SourceRecord("naming", (), None, access_of(NAMING, listener="127.0.0.1:1162")))
    for listener in ("127.0.0.1:1162", "[::1]:1162"):
        world.arrives(world.secured("raise x 3", user=NAMING), listener=listener)
    world.process()
    assert world.reasons() == ["case", "unknown_user"]


def test_an_unknown_engine_is_listed_with_what_was_authenticated(world: V3World) -> None:
    world.sends("raise x 3", user=STRANGER)
    world.sends("raise x 3", peer="192.0.2.7")
    world.clock.move(seconds(60))
    copy = world.secured("raise x 3")
    world.arrives(copy, peer="192.0.2.8")
    world.arrives(copy, peer="192.0.2.9")
    world.process()
    assert world.reasons() == ["wrong_digest", "unknown_engine", "unknown_engine", "replayed"]
    engine = world.engine()
    assert (engine.engine_id, engine.customer, engine.source, engine.state.value) == (ENGINE, "ACME", "secure", "seen")
    assert (engine.peer, engine.messages, engine.approved_by) == ("192.0.2.8:162", 2, None)
    assert engine.last_seen_at - engine.first_seen_at == seconds(60)
    assert engine.time is not None
    assert engine.time[:2] == (BOOTS, world.engine_time)
    [first, *_] = [row for row in world.notifications() if row.reason.value == "unknown_engine"]
    assert (first.detail, first.text) == (ENGINE.hex(), "raise x 3")


def test_what_is_too_short_to_be_an_engine_id_is_never_listed_nor_approved_unasked(world: V3World) -> None:
    short = ENGINE[:4]
    for user in (USER, TRUSTING, OPEN_USER):
        world.sends("raise x 3", user=user, engine_id=short)
    world.sends("raise x 3", engine_id=ENGINE[:5])
    world.process()
    assert world.reasons() == ["unknown_engine"] * 4
    told = f"{short.hex()}: an engine ID has 5 to 32 octets"
    assert [row.detail for row in world.notifications()] == [told] * 3 + [ENGINE[:5].hex()]
    assert world.engine().engine_id == ENGINE[:5]


def test_informs_to_other_engines_are_never_listed(world: V3World) -> None:
    world.informs("raise x 3", engine_id=OTHER_ENGINE, verdict=None, reportable=True)
    world.informs("raise x 3", engine_id=OUR_ENGINE)
    world.process()
    assert world.engines() == []


def test_engines_that_wait_for_approval_are_bounded_and_the_quietest_goes(world: V3World) -> None:
    ids = [b"\x80\x00\x1f\x88\x05" + bytes([number]) * 4 for number in range(MOST_SEEN + 3)]
    for engine_id in ids:
        world.sends("raise x 3", engine_id=engine_id)
        world.clock.move(seconds(1))
    world.process(batch_limit=20)
    assert [engine.engine_id for engine in world.engines()] == ids[3:]


def test_engines_that_nobody_authenticated_push_out_none_that_were(world: V3World) -> None:
    with_keys = replace(USER, name=OPEN_USER.name, min_level=_NONE)
    world.save(SourceRecord("open", (), None, access_of(with_keys)))
    world.sends("raise x 3", user=with_keys, level=_AUTH)
    for number in range(MOST_SEEN + 3):
        world.clock.move(seconds(1))
        engine_id = b"\x80\x00\x1f\x88\x05" + bytes([number]) * 4
        world.sends("raise x 3", user=with_keys, level=_NONE, engine_id=engine_id)
    world.process(batch_limit=20)
    held = [engine.engine_id for engine in world.engines()]
    assert len(held) == MOST_SEEN
    assert held[0] == ENGINE


def test_who_has_the_pass_phrase_cannot_have_any_number_of_engines_approved(world: V3World) -> None:
    for number in range(MOST_APPROVED_UNASKED + 2):
        world.sends("raise x 3", user=TRUSTING, engine_id=b"\x80\x00\x1f\x88\x05" + bytes([number]) * 4)
    world.process(batch_limit=20)
    assert world.reasons() == ["case"] * MOST_APPROVED_UNASKED + ["unknown_engine"] * 2
    assert {engine.approved_by for engine in world.engines()} == {"approve_engines", None}


def test_who_approved_an_engine_is_told(world: V3World) -> None:
    world.sends("raise x 3", user=NAMING)
    world.sends("raise x 3", user=TRUSTING, engine_id=OTHER_ENGINE)
    world.process()
    assert [engine.approved_by for engine in world.engines()] == ["engine_id", "approve_engines"]
