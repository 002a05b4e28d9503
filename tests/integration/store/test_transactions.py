"""Reading and writing beside each other, and a store that is locked or away, on both databases."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from collector.domain.errors import ConfigurationError, Unavailable
from collector.domain.ids import ExternalKey
from collector.store.cases import CaseFilter, insert_cases, list_cases
from collector.store.engine import Connection, Store
from collector.store.registry import raise_registry_version, registry_version
from collector.writer_turn import WriterTurn
from tests.builders import a_case
from tests.databases import Databases, hold_write_lock
from tests.integration.store.conftest import People

_SOON = 20.0


def version(store: Store) -> int:
    with store.read() as connection:
        return registry_version(connection)


def _write_and_fail(connection: Connection) -> None:
    raise_registry_version(connection)
    raise LookupError


def test_what_was_written_is_there_and_what_failed_is_not(store: Store) -> None:
    with store.write() as connection:
        raise_registry_version(connection)
    with pytest.raises(LookupError), store.write() as connection:
        _write_and_fail(connection)
    assert version(store) == 1


def test_a_failed_writer_leaves_the_right_to_write_to_the_next(store: Store) -> None:
    for _ in range(60):  # more often than the pool has connections
        with pytest.raises(LookupError), store.write():
            raise LookupError
    with store.write() as connection:
        raise_registry_version(connection)
    assert version(store) == 1


def test_a_reader_sees_one_moment(store: Store) -> None:
    with store.read() as reading:
        assert registry_version(reading) == 0
        with store.write() as writing:
            raise_registry_version(writing)
        assert registry_version(reading) == 0
    assert version(store) == 1


def test_a_reader_does_not_see_what_is_not_committed_and_does_not_wait(store: Store) -> None:
    with store.write() as writing:
        raise_registry_version(writing)
        assert version(store) == 0


def test_a_reader_cannot_write_on_postgresql(postgresql_databases: Databases) -> None:
    with postgresql_databases.store() as store, pytest.raises(Exception, match="read-only"), store.read() as connection:
        raise_registry_version(connection)


def test_writers_take_turns_and_none_loses_what_another_wrote(store: Store) -> None:
    def add() -> None:
        for _ in range(10):
            with store.write() as connection:
                raise_registry_version(connection)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(add) for _ in range(4)]:
            done.result(_SOON)
    assert version(store) == 40


def test_two_threads_that_open_one_key_at_once_get_one_case(store: Store, people: People) -> None:
    """Without the turns of `Store.write`: the database's own index decides."""
    start = threading.Barrier(2)

    def insert(number: int) -> bool:
        start.wait(_SOON)
        case = a_case(external_key=ExternalKey(f"TST-{number}"), key="k", customer_id=people.acme, source_id=people.console)
        try:
            with store.engine.begin() as connection:
                if store.is_sqlite:
                    connection.exec_driver_sql("PRAGMA busy_timeout=10000")
                insert_cases(connection, [case])
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(insert, range(2), timeout=_SOON)) == [False, True]
    with store.read() as connection:
        assert len(list_cases(connection, CaseFilter(), after=None, limit=9)) == 1


@contextmanager
def held(databases: Databases, url: str) -> Iterator[None]:
    """Another program that writes and does not come to an end."""
    if url.startswith("sqlite"):
        other = hold_write_lock(url)
        yield
        other.close()
        return
    blocker = Store(url)
    with blocker.write():
        yield
    blocker.close()


def test_a_locked_store_is_unavailable_to_writers_and_works_again_after_it(databases: Databases) -> None:
    url = databases.fresh()
    store = Store(url, write_wait_seconds=0.05)
    with held(databases, url):
        with pytest.raises(Unavailable, match="does not answer"), store.write():
            pass
        assert version(store) == 0
        assert store.reachable()
    with store.write() as connection:
        raise_registry_version(connection)
    assert version(store) == 1
    store.close()


def _cut(store: Store, connection: Connection) -> None:
    mine = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with store.read() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    raise_registry_version(connection)


def test_a_connection_that_was_cut_is_unavailable_once_and_then_replaced(postgresql_databases: Databases) -> None:
    with postgresql_databases.store() as store:
        with pytest.raises(Unavailable), store.write() as connection:
            _cut(store, connection)
        with store.write() as connection:
            raise_registry_version(connection)
        assert version(store) == 1


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:////nonexistent/folder/store.db", id="no such folder"),
        pytest.param("postgresql+psycopg://nobody@/none?host=/nonexistent", id="no such server"),
    ],
)
def test_a_store_that_is_not_there_is_unavailable_and_says_so_in_one_line(url: str) -> None:
    store = Store(url)
    assert not store.reachable()
    with pytest.raises(Unavailable) as raised, store.write():
        pass
    assert "\n" not in str(raised.value)
    assert "BEGIN" not in str(raised.value)
    store.close()


def test_a_password_in_the_url_is_in_no_error() -> None:
    store = Store("postgresql+psycopg://me:pa55word@127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(Unavailable) as raised, store.read():
        pass
    assert "pa55word" not in str(raised.value)
    assert "pa55word" not in repr(raised.value.__cause__)
    store.close()


@pytest.mark.parametrize("url", ["mysql://root@localhost/store", "oracle://x"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is not supported; use sqlite or postgresql"):
        Store(url)


def test_errors_of_the_database_show_no_values(store: Store, people: People) -> None:
    case = a_case(customer_id=people.acme, source_id=people.console, key="s3cret-key")
    with pytest.raises(IntegrityError) as raised, store.write() as connection:
        insert_cases(connection, [case, case])
    told = str(raised.value).replace(str(raised.value.orig), "")
    assert "s3cret-key" not in told


def test_many_readers_at_once_get_a_connection_each(store: Store) -> None:
    start = threading.Barrier(40)

    def look() -> int:
        with store.read() as connection:
            start.wait(_SOON)
            return registry_version(connection)

    with ThreadPoolExecutor(40) as pool:
        assert [done.result(_SOON) for done in [pool.submit(look) for _ in range(40)]] == [0] * 40


def test_stores_that_come_and_go_do_not_disturb_each_other(databases: Databases) -> None:
    """The last connection that leaves a SQLite file closes it to everybody for a moment."""
    url = databases.fresh()

    def come_and_go() -> None:
        for _ in range(40):
            store = Store(url)
            assert version(store) == 0
            store.close()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(come_and_go) for _ in range(3)]:
            done.result(60.0)


def test_a_waiting_writer_shows_that_it_waits_and_gets_in_between_two_batches(databases: Databases, tmp_path: Path) -> None:
    url = databases.fresh()
    store, turn = Store(url), WriterTurn(tmp_path / "turn")
    entered, written = threading.Event(), threading.Event()

    def batches(yield_now: Callable[[], bool]) -> int:
        """Transaction after transaction, as `process` works, until the other one has written."""
        count = 0
        while not written.is_set():
            with store.write() as connection:
                count += 1
                entered.set()
                connection.execute(text("SELECT 1"))
            if yield_now():
                written.wait(_SOON)
        return count

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(batches, turn.someone_waits)
        assert entered.wait(_SOON)
        with store.write(turn.waiting) as connection:
            assert not turn.someone_waits()  # the token is let go as soon as the right to write is there
            raise_registry_version(connection)
        written.set()
        assert running.result(_SOON) >= 1
    assert version(store) == 1
    turn.close()
    store.close()
