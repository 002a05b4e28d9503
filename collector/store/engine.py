"""Opening the store: connections, transactions, waiting. With dialect.py the only file that knows which database it is."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from collector.domain.errors import ConfigurationError, Unavailable

__all__ = ["Connection", "Store", "Turn", "check_url", "file_of"]

Turn: TypeAlias = Callable[[], AbstractContextManager[None]]
"""What a writer holds while it waits for the write lock, so that `process` sees that somebody waits (collector.writer_turn)."""

_RETRY_SECONDS = 0.002
"""How often a writer asks for SQLite's write lock. Its own busy handler sleeps up to 100 ms and would miss the gap that `process`
leaves between two batches."""
_READ_WAIT_MS = 2_000
"""How long a reader waits out the moments in which SQLite's file is closed even to readers: recovery after a crash, the end of
the last connection."""
_READ_LOCK_WAIT = "2s"
"""The same on PostgreSQL: how long a reader waits for a table that somebody rebuilds."""
_IDLE_WRITER = "30s"
"""A writer that says nothing for so long in its transaction is cut off by the server: a machine that hangs or lost its network
must not keep the lock from everybody."""
_WRITE_LOCK = 0x63617365
"""The advisory lock that makes PostgreSQL's writers take turns as SQLite's do. What was read in a writing transaction is then
still true when it commits, and ids become visible in the order in which they were given."""
_SPELLING = "in a user name or password, @ is written %40, / is %2F, : is %3A, ? is %3F, # is %23, % is %25"
_MOST_CONNECTIONS = 45
"""More than the API's worker threads, so that none of them waits for a connection."""


class Store:
    """One database. `read` and `write` give a connection inside a transaction; leaving it ends it, an exception undoes it."""

    def __init__(self, url: str, *, write_wait_seconds: float = 10.0) -> None:
        """Raise ConfigurationError when the URL names no database we support."""
        parsed = check_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._write_wait_seconds = write_wait_seconds
        self.engine: Engine = _sqlite_engine(parsed) if self.is_sqlite else _postgresql_engine(parsed)

    @property
    def file(self) -> Path | None:
        """The file that holds the whole store, where one does."""
        return file_of(self.engine.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view of one moment. Raise Unavailable when the database is away."""
        with _translated(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_READ_WAIT_MS}")
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection
            connection.rollback()

    @contextmanager
    def write(self, turn: Turn = nullcontext) -> Iterator[Connection]:
        """The right to write, taken before anything is read; one writer at a time. `turn` is held only while waiting for it
        (collector.writer_turn).

        Raise Unavailable when it cannot be had in time or the database is away; the caller may try again.
        """
        with _translated(), self.engine.connect() as connection:
            with turn():
                if self.is_sqlite:
                    self._begin_immediate(connection)
                else:
                    self._take_write_lock(connection)
            yield connection
            connection.commit()

    def _take_write_lock(self, connection: Connection) -> None:
        patience = f"set_config('lock_timeout', '{round(self._write_wait_seconds * 1000)}', true)"
        idle = f"set_config('idle_in_transaction_session_timeout', '{_IDLE_WRITER}', true)"
        connection.exec_driver_sql(f"SELECT {patience}, {idle}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")

    def _begin_immediate(self, connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
        give_up = time.monotonic() + self._write_wait_seconds
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= give_up:
                    raise
                connection.rollback()
                time.sleep(_RETRY_SECONDS)
            else:
                return

    def reachable(self) -> bool:
        """Whether a question is answered now."""
        try:
            with self.read() as connection:
                connection.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    def close(self) -> None:
        self.engine.dispose()


def check_url(url: str) -> URL:
    """The URL taken apart. Raise ConfigurationError when it names no database that we support or has options that it does not
    know; what may be part of a password is not repeated."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(f"store.url: cannot be read; {_SPELLING}") from error
    if "@" in url.partition("?")[2]:
        raise ConfigurationError(f"store.url: there is an @ after the ?; {_SPELLING}")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigurationError(f"store.url: {parsed.get_backend_name()} is not supported; use sqlite or postgresql+psycopg")
    if parsed.get_backend_name() == "postgresql":
        _check_postgresql(parsed)
    elif parsed.query:
        raise ConfigurationError("store.url: a SQLite store takes no options after a ?")
    return parsed


def file_of(url: URL) -> Path | None:
    """The file that holds the whole store, where one does. It need not be there."""
    return Path(url.database).absolute() if url.get_backend_name() == "sqlite" and url.database else None


def _check_postgresql(url: URL) -> None:
    from collector.store.postgresql import require_valid

    try:
        _, parameters = url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError(f"store.url: cannot be read; {_SPELLING}") from error
    require_valid(parameters)


def _engine(url: URL, **options: Any) -> Engine:
    """Errors of the engine name no values: they may be bodies of mails or communities."""
    return create_engine(url, hide_parameters=True, max_overflow=_MOST_CONNECTIONS, **options)


def _postgresql_engine(url: URL) -> Engine:
    from collector.store.postgresql import Server  # the driver is memory that a store on SQLite need not pay

    server = Server()
    engine = _engine(url, pool_pre_ping=True)

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Dialect, _entry: ConnectionPoolEntry, words: list[Any], parameters: dict[str, Any]) -> object:
        return server.connect(*words, **parameters)

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{_READ_LOCK_WAIT}'")
        cursor.close()
        connection.commit()

    return engine


def _sqlite_engine(url: URL) -> Engine:
    connect = {"timeout": _READ_WAIT_MS / 1000, "check_same_thread": False, "isolation_level": None}
    engine = _engine(url, connect_args=connect)

    @event.listens_for(engine, "connect")
    def _configure(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        # WAL lets readers go on beside the writer; FULL survives a power cut, which NORMAL does not promise in WAL mode.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32768", "wal_autocheckpoint=4000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("every connection to the store is in use") from error
    except OperationalError as error:
        raise Unavailable(f"the store does not answer: {_sentence(error)}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("the connection to the store was lost") from error
        raise


def _is_busy(error: OperationalError) -> bool:
    return "locked" in str(error.orig) or "busy" in str(error.orig)


def _sentence(error: DBAPIError) -> str:
    """The driver's own first line, without the statement and its values."""
    return str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
