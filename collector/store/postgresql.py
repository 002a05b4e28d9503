"""Connections to PostgreSQL that notice when the server no longer answers, and what a store URL may say to it. Only
collector.store.engine uses this module; statements are not made here."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.conninfo import make_conninfo, timeout_from_conninfo
from psycopg.rows import TupleRow

from collector.domain.errors import ConfigurationError

Parameters: TypeAlias = Mapping[str, Any]
_T = TypeVar("_T")

_CONNECT_SECONDS = 2
"""A server that takes longer to let us in is away (libpq's least); `connect_timeout` in the URL wins."""
_SILENT_SECONDS = 1.0
"""A statement that waits so long for an octet makes us ask, over a connection of its own, whether the server is there at all. A
slow statement and a held lock are so told from a server that hangs, however long they take."""
_REMEMBER_SECONDS = 1.0
"""So long nobody asks again: whoever needs the store hears at once that it is away instead of waiting in turn."""
_NOWHERE = "/dev/null"
"""A directory of sockets in which there is none."""


class Server:
    """Makes the connections of one engine."""

    def __init__(self) -> None:
        self._away_until = 0.0

    def connect(self, *words: Any, **parameters: Any) -> "WatchedConnection":
        """Raise psycopg.OperationalError when it cannot be had within the time, at once when that was so a moment ago."""
        if time.monotonic() < self._away_until:
            raise psycopg.errors.ConnectionTimeout("the server did not answer a moment ago")
        parameters = {"connect_timeout": _CONNECT_SECONDS, "application_name": "collector", **parameters}
        try:
            made = WatchedConnection.connect(*words, **parameters)
        except psycopg.errors.ConnectionTimeout:
            self._away_until = time.monotonic() + _REMEMBER_SECONDS
            raise
        made.answers = lambda: self._answers(*words, **parameters)
        return made

    def _answers(self, *words: Any, **parameters: Any) -> bool:
        """A refusal is an answer too."""
        try:
            self.connect(*words, **parameters).close()
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.OperationalError:
            return True
        return True


class WatchedConnection(psycopg.Connection[TupleRow]):
    """Fails with OperationalError, and is closed, when a statement waits for a server that is not there any more. A connection by
    itself would wait for as long as the other end's kernel holds it open: for ever, when the server hangs."""

    answers: Callable[[], bool] | None = None

    def wait(self, gen: PQGen[_T], *words: Any, **options: Any) -> _T:
        """psycopg's one place to wait, for everything that happens on a connection. It resumes `gen` ten times a second."""
        return super().wait(self._watched(gen), *words, **options)

    def _watched(self, gen: PQGen[_T]) -> PQGen[_T]:
        heard = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    heard = time.monotonic()
                elif self.answers is not None and time.monotonic() - heard > _SILENT_SECONDS:
                    if not self.answers():
                        self.close()
                        raise psycopg.OperationalError("the server gives no answer any more")
                    heard = time.monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            result: _T = end.value
            return result


def require_valid(parameters: Parameters) -> None:
    """Ask libpq, without the network, whether it takes these parameters. Raise ConfigurationError; it repeats no password."""
    try:
        timeout_from_conninfo(dict(parameters))
        hosts = str(parameters.get("host") or "").count(",") + 1
        conninfo = make_conninfo(**{**parameters, "host": ",".join([_NOWHERE] * hosts), "hostaddr": None})
    except (psycopg.ProgrammingError, ValueError, TypeError) as error:
        raise ConfigurationError(f"store.url: {_first_line(error)}") from error
    attempt = pq.PGconn.connect_start(conninfo.encode())
    said = attempt.get_error_message()
    attempt.finish()
    if not said.startswith("connection to server"):
        raise ConfigurationError(f"store.url: {said.splitlines()[0]}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
