"""Engines approved and forgotten by people, and what waited for it processed again, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.domain.engine import Engine, EngineState, ForgottenEngine
from collector.domain.errors import Conflict, NotFound
from collector.domain.ids import NotificationId
from collector.domain.item import ItemKind
from collector.domain.mail import Mail, MailResult
from collector.domain.signal import Classified
from collector.domain.snmp_access import SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from collector.pipeline.approval import Caught
from collector.store.engine import Store
from collector.store.engines import EngineFilter
from collector.store.forgotten_engines import ForgottenFilter, list_forgotten
from collector.store.registry import SourceRecord
from tests.builders import NOON
from tests.pipeline_world import MAIN
from tests.v3_world import BOOTS, ENGINE, NAMING, OTHER_ENGINE, STRANGER, USER, V3World, access_of


@pytest.fixture
def world(store: Store) -> V3World:
    return V3World(store)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def again(world: V3World, *items: NotificationId) -> list[str]:
    """What becomes of them when they are processed again."""
    rows = [row for item in items for row in world.inspector().reprocess(item, actor="user:ana")]
    return [row.reason.value if row.state.value == "unauthenticated" else row.state.value for row in rows]


def test_an_approved_engine_is_believed_from_the_next_batch_on(world: V3World) -> None:
    processor = world.processor()
    world.sends("raise x 3")
    processor.step()
    engine = world.approve()
    assert (engine.state, engine.approved_by, engine.approved_at) == (EngineState.APPROVED, "user:ana", NOON)
    world.sends("raise x 3")
    processor.step()
    assert world.reasons() == ["unknown_engine", "case"]


def test_an_approval_between_looking_and_committing_counts(world: V3World) -> None:
    """The batch was judged before; it is judged anew by what the store says."""
    processor = world.processor()
    world.sends("raise x 3")
    processor.step()
    unlock = world.decoders.unlock

    def approved_meanwhile(datagram: bytes, secured: Secured, user: SnmpUser) -> Trap | NotDecoded:
        world.decoders = replace(world.decoders, unlock=unlock)
        if world.engine().state is EngineState.SEEN:
            world.approve()
        return unlock(datagram, secured, user)

    world.decoders = replace(world.decoders, unlock=approved_meanwhile)
    world.sends("raise x 3")
    processor.step()
    assert world.reasons() == ["unknown_engine", "case"]


def test_only_v3_messages_are_looked_at_anew_when_somebody_approves(world: V3World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is locked meanwhile: mails, whose decoding and rules may take seconds, stay what they were."""
    processor = world.processor()
    world.sends("raise x 3")
    processor.step()
    unlock, mails, classify_mail = world.decoders.unlock, world.decoders.mails, world.rules.classify_mail
    decoded: list[bytes] = []
    classified: list[str] = []

    def approved_meanwhile(datagram: bytes, secured: Secured, user: SnmpUser) -> Trap | NotDecoded:
        if world.engine().state is EngineState.SEEN:
            world.approve()
        return unlock(datagram, secured, user)

    def counted_mails(octets: Sequence[bytes]) -> list[MailResult]:
        decoded.extend(octets)
        return mails(octets)

    def counted_rules(mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> Sequence[Classified]:
        if not trace:  # not what a new case keeps
            classified.append(mail.text)
        return classify_mail(mail, source=source, products=products, trace=trace)

    world.decoders = replace(world.decoders, unlock=approved_meanwhile, mails=counted_mails)
    monkeypatch.setattr(world.rules, "classify_mail", counted_rules)
    world.sends("raise x 3")
    for _ in range(2):
        world.mail("raise y 3", "raise z 2", message_id="one")
    world.mail("raise y 3", to=["nobody@example.org"], message_id="two")
    world.trap("raise v 3")
    world.sends("raise w 3")
    world.clock.move(seconds(1))
    processor.step()
    assert sorted(world.reasons()) == sorted(["unknown_engine", *["case"] * 5, "duplicate", "unattributed"])
    assert (len(decoded), len(classified)) == (3, 1)
    assert len(world.cases()) == 5


def test_approving_twice_keeps_the_first_approval(world: V3World) -> None:
    world.sends("raise x 3")
    world.process()
    world.approve()
    world.clock.move(seconds(60))
    engine = world.approval().approve(EngineFilter(engine_id=ENGINE), actor="key:robot")
    assert (engine.approved_by, engine.approved_at) == ("user:ana", NOON)


def test_a_replaced_console_waits_for_approval_and_is_believed_beside_the_engine_that_the_file_names(world: V3World) -> None:
    world.sends("raise x 3", user=replace(NAMING, auth=b"another pass phrase"), engine_id=OTHER_ENGINE)
    world.sends("raise x 3", user=NAMING, engine_id=OTHER_ENGINE)
    world.process()
    assert world.reasons() == ["wrong_digest", "unknown_engine"]
    assert (world.engine().source, world.engine().messages, world.engine().state) == ("naming", 1, EngineState.SEEN)
    engine = world.approve(OTHER_ENGINE)
    assert world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=9) == Caught(1, 0)
    for engine_id in (OTHER_ENGINE, ENGINE):
        world.sends("raise x 3", user=NAMING, engine_id=engine_id)
    world.process()
    assert world.reasons() == ["wrong_digest", "case", "case", "case"]


@pytest.mark.parametrize("heard", [False, True], ids=["at once", "when it was heard again"])
def test_an_engine_that_the_file_names_no_more_is_believed_only_when_a_person_approves_it(world: V3World, heard: bool) -> None:
    world.sends("raise x 3", user=NAMING)
    world.process()
    world.save(SourceRecord("naming", (), None, access_of(replace(NAMING, engine_ids=(OTHER_ENGINE,)))))
    if heard:
        world.sends("raise x 3", user=NAMING)
        world.process()
        assert world.reasons() == ["case", "unknown_engine"]
        assert (world.engine().state, world.engine().approved_by) == (EngineState.SEEN, None)
    assert world.approve().approved_by == "user:ana"
    world.sends("raise x 3", user=NAMING)
    world.process()
    assert world.reasons()[-1] == "case"


def test_an_engine_that_speaks_for_several_sources_must_be_named_with_one(world: V3World) -> None:
    world.save(SourceRecord("third", (), None, access_of(STRANGER)))
    for user in (USER, STRANGER):
        world.sends("raise x 3", user=user)
    world.process()
    with pytest.raises(Conflict, match="ACME/secure, ACME/third"):
        world.approve()
    world.approve(customer="ACME", source="third")
    assert [(engine.source, engine.state.value) for engine in world.engines()] == [("secure", "seen"), ("third", "approved")]
    assert world.approve().source == "secure"  # the only one that still waits
    with pytest.raises(Conflict):
        world.approval().forget(EngineFilter(engine_id=ENGINE), actor="user:ana")


def test_an_engine_may_be_approved_before_it_is_seen(world: V3World) -> None:
    with pytest.raises(NotFound):
        world.approve()
    with pytest.raises(NotFound):
        world.approve(customer="ACME", source="console")
    engine = world.approve(customer="ACME", source="secure")
    assert (engine.messages, engine.time, engine.peer) == (0, None, "")
    world.sends("raise x 3")
    world.process()
    assert world.reasons() == ["case"]


def test_a_customers_people_reach_their_own_engines_alone(world: V3World) -> None:
    world.sends("raise x 3")
    world.process()
    beta = world.source("other").customer.id
    for deed in (world.approval().approve, world.approval().forget):
        with pytest.raises(NotFound):
            deed(EngineFilter(engine_id=ENGINE, customer_id=beta), actor="key:beta")
        with pytest.raises(NotFound):
            deed(EngineFilter(engine_id=ENGINE, customer_id=beta, customer_code="ACME", source="secure"), actor="key:beta")


def test_a_forgotten_engine_begins_anew(world: V3World) -> None:
    """What a console that lost its boots needs: it would be too old for ever."""
    world.approve(customer="ACME", source="secure")
    processor = world.processor()
    world.sends("raise x 3")
    processor.step()
    world.sends("raise x 3", boots=1, time=5)
    processor.step()
    forgotten = world.approval().forget(EngineFilter(engine_id=ENGINE), actor="user:ana")
    assert forgotten.engine_id == ENGINE
    assert world.engines() == []
    world.approve(customer="ACME", source="secure")
    world.sends("raise x 3", boots=1, time=6)
    processor.step()
    assert world.reasons() == ["case", "not_in_time_window", "case"]


def test_what_waited_is_processed_again_and_of_ten_copies_one_is_believed(world: V3World) -> None:
    copy = world.secured("raise x 3")
    for _ in range(10):
        world.arrives(copy)
    world.sends("raise y 3")
    world.process()
    assert world.reasons() == ["unknown_engine", *["replayed"] * 9, "unknown_engine"]
    assert world.counted() == {"unauthenticated": 11}
    world.clock.move(timedelta(days=3))
    engine = world.approve()
    assert world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=100) == Caught(2, 0)
    assert [case.occurrences for case in world.cases()] == [1, 1]
    waiting = [row.id for row in world.notifications() if row.reason.value == "replayed"]
    assert again(world, *waiting) == ["replayed"] * 9
    assert world.counted() == {"case": 2, "unauthenticated": 9}
    assert {row.received_at for row in world.notifications()} == {NOON}


def test_copies_that_nobody_could_read_when_they_came_are_believed_once(world: V3World) -> None:
    """The user was unknown, so nothing was found out about them."""
    new = replace(USER, name=b"new")
    copy = world.secured("raise x 3", user=new)
    items = [world.arrives(copy) for _ in range(10)]
    other = world.sends("raise x 3", user=new)
    world.process()
    assert set(world.reasons()) == {"unknown_user"}
    world.save(SourceRecord("new", (), None, access_of(new)))
    world.clock.move(timedelta(days=1))
    assert again(world, items[0]) == ["unknown_engine"]
    world.approve(ENGINE)
    assert again(world, *items, other) == ["case", *["replayed"] * 9, "case"]
    assert world.case().occurrences == 2
    world.arrives(copy)
    world.process()
    assert world.reasons()[-1] in ("not_in_time_window", "replayed")


def test_what_was_processed_again_is_remembered_by_process(world: V3World) -> None:
    """A copy that comes after it, while it would still be in time."""
    processor = world.processor()
    copy = world.secured("raise x 3", user=STRANGER)
    item = world.arrives(copy)
    world.sends("raise y 3", user=NAMING)
    processor.step()
    world.save(SourceRecord("secure", (), None, access_of(STRANGER)))
    world.approve(customer="ACME", source="secure")
    assert again(world, item) == ["case"]
    world.arrives(copy)
    processor.step()
    assert world.reasons() == ["case", "case", "replayed"]


def test_what_may_have_been_believed_before_is_not_believed_when_it_is_processed_again(world: V3World) -> None:
    """A copy from outside the console's networks waits in quarantine; the networks are widened long after its original."""
    copy = world.secured("raise x 3", user=NAMING)
    outside = world.arrives(copy, peer="198.51.100.9")
    world.arrives(copy)
    world.process()
    processor = world.processor()
    for _ in range(50):
        world.clock.move(seconds(10))
        world.sends("raise x 3", user=NAMING)
        processor.step()
    world.save(SourceRecord("naming", (), None, access_of(NAMING, "192.0.2.0/24", "198.51.100.0/24")))
    assert again(world, outside) == ["not_in_time_window"]
    assert world.case().occurrences == 51


def test_what_is_older_than_everything_that_was_judged_may_be_believed_later(world: V3World) -> None:
    """The pass phrase was wrong for the first hour."""
    items = []
    for _ in range(10):
        items.append(world.sends("raise x 3", user=STRANGER))
        world.clock.move(timedelta(minutes=6))
    world.process()
    assert set(world.reasons()) == {"wrong_digest"}
    world.save(SourceRecord("secure", (), None, access_of(STRANGER)))
    world.approve(customer="ACME", source="secure")
    for _ in range(50):
        world.sends("raise x 3", user=STRANGER)
        world.clock.move(seconds(10))
    world.process()
    assert world.case().occurrences == 50
    assert again(world, *items) == ["case"] * 10
    assert world.case().occurrences == 60
    with pytest.raises(Conflict):
        again(world, items[0])


def test_an_old_message_cannot_set_an_engines_clock_forward(world: V3World) -> None:
    """A console was set back to its beginning, forgotten and approved anew; what it sent before would make it too old again."""
    old = world.sends("raise x 3", user=STRANGER, boots=BOOTS + 5)
    world.process()
    world.save(SourceRecord("secure", (), None, access_of(STRANGER)))
    world.approve(customer="ACME", source="secure")
    world.clock.move(seconds(60))
    world.sends("raise x 3", user=STRANGER, boots=1)
    world.process()
    assert again(world, old) == ["not_in_time_window"]
    world.sends("raise x 3", user=STRANGER, boots=1)
    world.process()
    assert world.reasons()[-1] == "case"


def test_quarantine_that_was_believed_may_be_tried_again_and_again(world: V3World) -> None:
    item = world.sends("nonsense", user=NAMING)
    world.process()
    for _ in range(3):
        assert again(world, item) == ["unmatched"]


def test_what_waits_for_one_engine_is_not_processed_for_another(world: V3World) -> None:
    for engine_id in (ENGINE, OTHER_ENGINE):
        world.sends("raise x 3", engine_id=engine_id)
    world.informs("raise x 3", engine_id=ENGINE, verdict=None)
    world.process()
    engine: Engine = world.approve(ENGINE)
    assert world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=1) == Caught(1, 0)
    assert sorted(world.reasons()) == ["case", "unknown_engine", "unknown_engine"]


def test_what_the_journal_does_not_keep_any_more_holds_up_nothing(world: V3World) -> None:
    for _ in range(3):
        world.sends("raise x 3")
    world.process()
    gone, *kept = world.journal.items[MAIN]
    world.journal.items[MAIN] = [gone._replace(kind=ItemKind.TALLY), *kept]
    engine = world.approve()
    assert world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=2) == Caught(2, 1)
    assert world.approval().catch_up(engine, world.inspector(), actor="user:ana", limit=2) == Caught(0, 1)


def forgotten(world: V3World, *, newest_first: bool = False) -> list[ForgottenEngine]:
    with world.store.read() as connection:
        return list_forgotten(connection, ForgottenFilter(), newest_first=newest_first)


def test_who_forgot_an_engine_stays_also_when_it_comes_again(world: V3World) -> None:
    world.sends("raise x 3")
    world.process()
    world.approve()
    world.clock.move(seconds(60))
    world.approval().forget(EngineFilter(engine_id=ENGINE), actor="key:bridge/eva")
    world.sends("raise x 3")
    world.process()
    world.approval().forget(EngineFilter(engine_id=ENGINE), actor="command:root")
    told = [(one.engine_id, one.source, one.messages, one.approved_by, one.approved_at) for one in forgotten(world)]
    assert told == [(ENGINE, "secure", 1, "user:ana", NOON), (ENGINE, "secure", 1, None, None)]
    assert [(one.forgotten_by, one.forgotten_at) for one in forgotten(world, newest_first=True)] == [
        ("command:root", NOON + seconds(60)),
        ("key:bridge/eva", NOON + seconds(60)),
    ]
    assert world.engines() == []


def test_of_each_source_only_so_many_are_kept_and_nobody_pushes_out_anothers(
    world: V3World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.store.forgotten_engines.MOST_FORGOTTEN", 3)
    world.approve(ENGINE, customer="ACME", source="secure")
    world.approval().forget(EngineFilter(engine_id=ENGINE), actor="user:ana")
    for number in range(5):
        engine_id = b"\x80\x00\x1f\x88\x05" + bytes([number]) * 4
        world.approve(engine_id, customer="ACME", source="naming")
        world.approval().forget(EngineFilter(engine_id=engine_id), actor=f"user:{number}")
    assert [(one.source, one.forgotten_by) for one in forgotten(world)] == [
        ("secure", "user:ana"),
        *(("naming", f"user:{number}") for number in (2, 3, 4)),
    ]
