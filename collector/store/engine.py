"""Opening the store: connections, transactions, waiting. With dialect.py the only file that knows which database it is."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from collector.domain.errors import ConfigurationError, Unavailable

__all__ = ["Connection", "Store", "Turn"]

Turn: TypeAlias = Callable[[], AbstractContextManager[None]]
"""What a writer holds while it waits for the write lock, so that `process` sees that somebody waits (collector.writer_turn)."""

_RETRY_SECONDS = 0.002
"""How often a writer asks for SQLite's write lock. Its own busy handler sleeps up to 100 ms and would miss the gap that `process`
leaves between two batches."""
_READ_WAIT_MS = 2_000
"""How long a reader waits out the moments in which SQLite's file is closed even to readers: recovery after a crash, the end of
the last connection."""
_WRITE_LOCK = 0x63617365
"""The advisory lock that makes PostgreSQL's writers take turns as SQLite's do. What was read in a writing transaction is then
still true when it commits, and ids become visible in the order in which they were given."""
_MOST_CONNECTIONS = 45
"""More than the API's worker threads, so that none of them waits for a connection."""


class Store:
    """One database. `read` and `write` give a connection inside a transaction; leaving it ends it, an exception undoes it."""

    def __init__(self, url: str, *, write_wait_seconds: float = 10.0) -> None:
        """Raise ConfigurationError when the URL names no database we support."""
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigurationError(f"store.url: {parsed.get_backend_name()} is not supported; use sqlite or postgresql+psycopg")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._write_wait_seconds = write_wait_seconds
        self.engine: Engine = _sqlite_engine(url) if self.is_sqlite else _engine(url, pool_pre_ping=True)

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
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(self._write_wait_seconds * 1000)}")
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


def _engine(url: str, **options: Any) -> Engine:
    """Errors of the engine name no values: they may be bodies of mails or communities."""
    return create_engine(url, hide_parameters=True, max_overflow=_MOST_CONNECTIONS, **options)


def _sqlite_engine(url: str) -> Engine:
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
