"""A PostgreSQL server that hangs, a table that somebody locks, and a statement that only takes long: told from each other."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from collector.domain.errors import Unavailable
from collector.store.engine import Connection, Store
from tests.databases import Databases, PostgresqlServer, postgresql_missing

pytestmark = [pytest.mark.postgresql, pytest.mark.full]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """One that only these tests use, on TCP."""
    missing = postgresql_missing()
    if missing is not None:
        pytest.skip(missing)
    with PostgresqlServer() as started:
        started.start()
        yield started


@pytest.fixture(scope="module")
def served(server: PostgresqlServer) -> Iterator[Store]:
    store = Store(server.owned_database("x").replace("postgresql://", "postgresql+psycopg://"))
    yield store
    store.close()


def test_a_server_that_hangs_is_away_for_readers_and_writers_and_back_without_a_new_store(
    server: PostgresqlServer, served: Store
) -> None:
    assert served.reachable()
    server.hang()
    try:
        with pytest.raises(Unavailable), served.read() as connection:
            connection.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="a moment ago"), served.write():
            pass
        assert not served.reachable()
    finally:
        server.go_on()
    while not served.reachable():
        pass


def _hang_between_two_statements(server: PostgresqlServer, connection: Connection) -> None:
    connection.execute(text("INSERT INTO written VALUES (1)"))
    server.hang()
    connection.execute(text("INSERT INTO written VALUES (2)"))


def test_a_server_that_hangs_within_a_transaction_ends_it(server: PostgresqlServer, served: Store) -> None:
    with served.write() as connection:
        connection.execute(text("CREATE TABLE written (number INTEGER)"))
    try:
        with pytest.raises(Unavailable, match="gives no answer"), served.write() as connection:
            _hang_between_two_statements(server, connection)
    finally:
        server.go_on()
    while not served.reachable():
        pass
    with served.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM written")).scalar_one() == 0


def test_a_statement_that_takes_long_is_waited_for(postgresql_databases: Databases) -> None:
    with postgresql_databases.store() as store, store.read() as connection:
        assert connection.execute(text("SELECT 7 FROM pg_sleep(1.5)")).scalar_one() == 7


def test_a_server_that_lets_nobody_else_in_is_still_there(server: PostgresqlServer, served: Store) -> None:
    """A refusal of the second connection, by which the first one asks, is an answer."""
    with served.read() as connection, server.connect() as other:
        other.execute("ALTER ROLE collector CONNECTION LIMIT 0")
        assert connection.execute(text("SELECT 7 FROM pg_sleep(1.5)")).scalar_one() == 7
        other.execute("ALTER ROLE collector CONNECTION LIMIT -1")


def test_a_table_that_somebody_rebuilds_keeps_no_reader_waiting_for_ever(postgresql_databases: Databases) -> None:
    with postgresql_databases.store() as store, store.engine.begin() as rebuilding:
        rebuilding.execute(text("LOCK TABLE cases IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Unavailable, match="lock timeout"), store.read() as connection:
            connection.execute(text("SELECT count(*) FROM cases"))


def test_a_writer_that_hangs_is_cut_off_by_the_server(postgresql_databases: Databases) -> None:
    """Which is the server's own business; here is seen that it was told."""
    with postgresql_databases.store() as store, store.write() as connection:
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "30s"
        assert connection.execute(text("SHOW application_name")).scalar_one() == "collector"
    with postgresql_databases.store() as store, store.read() as connection:
        assert connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one() == "0"
