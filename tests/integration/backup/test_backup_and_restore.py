"""A backup brought back is the same store, whichever databases the two are; what comes after it makes nothing twice."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from collector.domain.ids import NotificationId
from collector.domain.item import TallyReason
from collector.journal.positions import troubles
from collector.store.copying import row_counts
from collector.store.dialect import table_of
from collector.store.engine import Store
from collector.store.messages import MessageFilter, read_messages
from collector.store.registry import save_customer
from collector.store.restoring import POSITIONS_SKIPPED, SEQS_SKIPPED
from collector.store.streams import load_positions
from collector.store.tables import CaseRow, SeenRow, SessionRow, UserRow
from tests.backup_kit import Place, receive, rows_of, told
from tests.builders import NOON, after
from tests.integration.backup.conftest import Pair
from tests.pipeline_world import World

HOSTILE = ("'; DROP TABLE cases; --", "\\N", "\\.", "a\tb", "línea ☎ \U0001f525", '{"a": "\\u0001"}')


def story(world: World, *, rounds: range = range(6)) -> None:
    """Every way of writing, with texts that a copy could trip over."""
    texts = ("raise disk 3", "raise cpu 3", "raise disk 3", "contained risk", "clear cpu", "raise disk 2")
    for number in rounds:
        world.clock.moment = after(minutes=number)
        world.trap(texts[number % len(texts)])
        world.trap("raise disk 4", inform=9 + number)
        world.mail("raise mail 3", HOSTILE[number % len(HOSTILE)], message_id=f"m{number}")
    world.trap("info", community=b"stranger")
    world.tally(TallyReason.KERNEL_DROP, 5)


def somebody_signed_in(store: Store) -> None:
    """Rows of kinds that the story does not make: nulls, octets of every value."""
    people = {"name": "ana", "full_name": "", "role": "engineer", "language": "es", "password_hash": "x", "created_at": NOON}
    with store.write() as connection:
        user = connection.execute(insert(table_of(UserRow)).values(people).returning(table_of(UserRow).c.id)).scalar_one()
        session = {"token_hash": "t", "user_id": user, "form_token": "f", "created_at": NOON, "expires_at": NOON}
        connection.execute(insert(table_of(SessionRow)).values(session))
        connection.execute(insert(table_of(SeenRow)).values({"digest": bytes(range(256)), "expires_at": NOON}))


@pytest.fixture
def origin(pair: Pair, tmp_path: Path) -> Place:
    return Place.at(tmp_path / "origin", pair.origin.fresh())


@pytest.fixture
def target(pair: Pair, tmp_path: Path) -> Place:
    return Place.at(tmp_path / "target", pair.target.empty())


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def test_every_row_comes_back(origin: Place, target: Place, backup: Path) -> None:
    store = origin.store()
    world = World(store)
    story(world)
    world.process()
    somebody_signed_in(store)
    expected = rows_of(store)
    assert all(
        expected[name] for name in ("cases", "case_log", "notifications", "messages", "deadlines", "ledger", "seen", "users")
    )
    manifest = origin.back_up(backup, store_only=True)
    with store.read() as connection:
        assert manifest.rows == row_counts(connection)
    store.close()
    target.restore(backup, store_only=True)
    restored = target.store()
    assert rows_of(restored) == expected
    with restored.read() as connection:
        assert connection.execute(select(table_of(SessionRow))).all() == [], "nobody is signed in"
    restored.close()
    assert target.leftovers() == []


def test_ids_go_on_above_those_that_came_back(origin: Place, target: Place, backup: Path) -> None:
    store = origin.store()
    world = World(store)
    story(world)
    world.process()
    origin.back_up(backup, store_only=True)
    store.close()
    target.restore(backup, store_only=True)
    restored = target.store()
    before = {row.id for row in World(restored).notifications()}
    with restored.write() as connection:
        save_customer(connection, code="NEW", name="New", language="es")
    again = World(restored, world.journal)
    again.clock.moment = after(minutes=30)
    again.trap("raise other 3")
    again.process()
    found = {row.id for row in again.notifications()}
    assert len(found - before) == 1
    restored.close()


def test_a_store_restored_beside_its_journal_comes_to_the_same_end(origin: Place, target: Place, backup: Path) -> None:
    """Items that were processed after the backup are processed again: the same cases, keys, messages and ids."""
    store = origin.store()
    world = World(store)
    story(world, rounds=range(3))
    world.process(batch_limit=1)
    origin.back_up(backup, store_only=True)
    half = len(told(store))
    story(world, rounds=range(3, 9))
    world.process(batch_limit=1)
    expected, messages = world.written(), told(store)
    store.close()
    target.restore(backup, store_only=True)
    restored = target.store()
    again = World(restored, world.journal)
    again.clock.moment = world.clock.moment
    again.process(batch_limit=1)
    assert again.written() == expected
    assert told(restored) == messages
    assert 0 < half < len(messages)
    assert len({identity for identity, _, _ in messages}) == len(messages)
    restored.close()


def test_a_reader_of_the_feed_who_is_ahead_of_the_backup_misses_nothing(origin: Place, target: Place, backup: Path) -> None:
    store = origin.store()
    world = World(store)
    world.trap("raise disk 3")
    world.process()
    origin.back_up(backup, store_only=True)
    for number in range(5):
        world.trap(f"raise later-{number} 3")
    world.process()
    reached = _last_position(store)
    store.close()
    target.restore(backup, store_only=True)
    restored = target.store()
    again = World(restored, world.journal)
    again.process()
    assert len(_positions_after(restored, reached)) == 5
    assert min(_positions_after(restored, reached)) == POSITIONS_SKIPPED + 2
    restored.close()


def test_a_whole_installation_comes_back_and_goes_on_in_new_streams(origin: Place, target: Place, backup: Path) -> None:
    store = origin.store()
    world = World(store)
    journal = origin.journal()
    processed = receive(journal, world, ["raise disk 3"] * 30)
    world.journal = journal.reader()  # type: ignore[assignment]
    world.process()
    pending = receive(journal, world, ["raise cpu 3"] * 30)
    origin.back_up(backup)
    lost = receive(journal, world, ["raise disk 3", "raise never 3"])
    world.process()
    lost_messages = told(store)
    store.close()

    target.restore(backup)
    assert target.leftovers() == []
    restored, copy = target.store(), target.journal()
    with copy.reader() as reader, restored.read() as connection:
        positions = {stream: position.position for stream, position in load_positions(connection).items()}
        assert troubles(positions, reader.streams()) == []
        again = World(restored)
        again.journal = reader  # type: ignore[assignment]
        again.process()
        assert {str(row.id) for row in again.notifications()} == {*processed, *pending}
        assert reader.get(world.journal.streams()[0].stream, 1) is not None, "originals can be looked at"
        new = receive(copy, again, ["raise cpu 3", "raise disk 2"])
        assert set(new).isdisjoint({*processed, *pending, *lost})
        again.clock.move(timedelta(seconds=1))
        again.process()
        assert {str(row.id) for row in again.notifications()} == {*processed, *pending, *new}
        assert again.counted() == {"case": 62}
    _assert_no_message_has_an_id_that_was_lost(told(restored), lost_messages, backup_had=_told_in(backup))
    restored.close()


def _assert_no_message_has_an_id_that_was_lost(
    found: list[tuple[str, int, str]], lost: list[tuple[str, int, str]], *, backup_had: set[str]
) -> None:
    """The messages that the origin wrote after the backup are elsewhere already; an id means one of them, or what it meant."""
    afterwards = {identity: body for identity, _, body in lost if identity not in backup_had}
    assert afterwards
    again = {identity for identity, seq, _ in found if identity in afterwards}
    assert all(identity.endswith("_1") for identity in again), "only the opening of a case is made again, and it is the same case"
    assert any(seq > SEQS_SKIPPED for _, seq, _ in found)


def _told_in(backup: Path) -> set[str]:
    copy = backup.with_name("looked-at.db")
    shutil.copyfile(backup / "store.db", copy)
    store = Store(f"sqlite:///{copy}")
    found = {identity for identity, _, _ in told(store)}
    store.close()
    return found


def test_a_restored_installation_can_be_backed_up_and_restored_again(
    origin: Place, target: Place, backup: Path, pair: Pair
) -> None:
    store = origin.store()
    world = World(store)
    first = receive(origin.journal(), world, ["raise disk 3"] * 3)
    origin.back_up(backup)
    store.close()
    target.restore(backup)
    restored = target.store()
    second = receive(target.journal(), World(restored), ["raise disk 3"] * 3)
    target.back_up(backup.with_name("second"))
    restored.close()
    third = Place.at(backup.with_name("third"), pair.target.empty())
    third.restore(backup.with_name("second"))
    again = World(third.store())
    again.journal = third.journal().reader()  # type: ignore[assignment]
    again.process()
    assert {str(row.id) for row in again.notifications()} == {*first, *second}
    newest = receive(third.journal(), again, ["raise disk 3"])
    assert NotificationId.parse(newest[0]).stream not in {NotificationId.parse(name).stream for name in (*first, *second)}
    again.store.close()


def test_the_next_case_has_a_number_of_its_own(origin: Place, target: Place, backup: Path) -> None:
    store = origin.store()
    world = World(store)
    for number in range(20):
        world.trap(f"raise host-{number} 3")
    world.process()
    origin.back_up(backup, store_only=True)
    store.close()
    target.restore(backup, store_only=True)
    restored = target.store()
    again = World(restored, world.journal)
    for number in range(20, 40):
        again.trap(f"raise host-{number} 3")
    again.process()
    with restored.read() as connection:
        ids = connection.execute(select(table_of(CaseRow).c.id)).scalars().all()
    assert len(set(ids)) == 40
    restored.close()


def _last_position(store: Store) -> int:
    return max(_positions_after(store, 0))


def _positions_after(store: Store, position: int) -> list[int]:
    with store.read() as connection:
        return [message.position for message in read_messages(connection, MessageFilter(), after=position, limit=1_000)]
