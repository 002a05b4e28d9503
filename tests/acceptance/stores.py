"""Where installations have their store: in their own data directory, or in a database of their own on a PostgreSQL server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import pytest

from tests.databases import PostgresqlDatabases

STORE_URL = "COLLECTOR__STORE__URL"
Variables = Mapping[str, str]
ON_SQLITE = pytest.mark.parametrize("stores", ["sqlite"], indirect=True)
"""Of tests that are about the file, with the reason beside it."""
ON_POSTGRESQL = pytest.mark.parametrize("stores", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)


class Stores(Protocol):
    """Gives the environment variables that name a store, for as long as the context is open."""

    @property
    def is_sqlite(self) -> bool: ...

    @contextmanager
    def empty(self) -> Iterator[Variables]:
        """Without a schema."""

    @contextmanager
    def copy(self, original: Variables) -> Iterator[Variables]:
        """With what that one holds, which nobody uses meanwhile."""


class SqliteStores:
    """A file goes with its data directory: there is nothing to do."""

    is_sqlite = True

    @contextmanager
    def empty(self) -> Iterator[Variables]:
        yield {}

    @contextmanager
    def copy(self, original: Variables) -> Iterator[Variables]:
        yield {}


@dataclass(frozen=True, slots=True)
class PostgresqlStores:
    databases: PostgresqlDatabases
    is_sqlite = False

    @contextmanager
    def empty(self) -> Iterator[Variables]:
        yield from self._named(self.databases.empty())

    @contextmanager
    def copy(self, original: Variables) -> Iterator[Variables]:
        yield from self._named(self.databases.copy(original[STORE_URL]))

    def _named(self, url: str) -> Iterator[Variables]:
        yield {STORE_URL: self.databases.over_tcp(url)}
        self.databases.drop(url)
