"""Copying a whole store from one database to another, SQLite or PostgreSQL, row by row and whatever tables there are. Which
stores, and what becomes of a copy, is collector.backup's business."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Table, delete, func, inspect, select
from sqlmodel import SQLModel

from collector.domain.registry import SELF_CODE
from collector.store.dialect import copy_whole, count_on, leave_wal, load_rows, table_of
from collector.store.engine import Store
from collector.store.migrate import migrate
from collector.store.schema import schema_version
from collector.store.tables import CustomerRow

_CHUNK = 5_000
_CUSTOMERS = table_of(CustomerRow)

_T = TypeVar("_T")
Tell: TypeAlias = Callable[[str, int, int], None]
"""Told what is being copied, how much of it is done, and how much there is."""


def save_to_file(store: Store, path: Path, tell: Tell, look: Callable[[Connection], _T]) -> _T:
    """One moment of the store, as a SQLite file with the same schema; return what `look` finds in that same moment. Raise
    Unavailable when the store goes away meanwhile."""
    with store.read() as connection:
        found = look(connection)  # first: a server may cut off who is silent in a transaction while the file is synced
        if not copy_whole(connection, path, lambda done, pages: tell("pages of the store", done, pages)):
            _copy_rows(connection, path, tell)
        return found


def _copy_rows(source: Connection, path: Path, tell: Tell) -> None:
    target = Store(f"sqlite:///{path}")
    try:
        migrate(target)
        with target.write() as connection:
            copy_tables(source, connection, tell)
    finally:
        target.close()
    leave_wal(path)


def copy_tables(source: Connection, target: Connection, tell: Tell) -> None:
    """Replace the rows of every table. Both have the schema of this program; `target` holds nothing but what `migrate` makes."""
    tables = SQLModel.metadata.sorted_tables
    for table in reversed(tables):
        target.execute(delete(table))
    for table in tables:
        columns = [f'"{column.name}"' for column in table.columns]
        done, rows = 0, source.execute(select(func.count()).select_from(table)).scalar_one()
        for chunk in _chunks(source, table, columns):
            load_rows(target, table, columns, chunk)
            done += len(chunk)
            tell(f"rows of {table.name}", done, rows)
        count_on(target, table)


def _chunks(connection: Connection, table: Table, columns: Sequence[str]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """Values in their stored form, which both databases have in common: times as microseconds, JSON as text. No table is ever in
    memory as a whole."""
    statement = f"SELECT {', '.join(columns)} FROM {table.name}"  # noqa: S608 (our own names)
    options = {"stream_results": True, "max_row_buffer": _CHUNK}
    for partition in connection.exec_driver_sql(statement, execution_options=options).partitions(_CHUNK):
        yield [tuple(row) for row in partition]


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    tables = SQLModel.metadata.sorted_tables
    return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def is_empty(store: Store) -> bool:
    """Whether there is nothing, or nothing but what `migrate` makes. Raise Unavailable when the database is away."""
    if schema_version(store) is None:
        return True
    with store.read() as connection:
        tables = [table for table in SQLModel.metadata.sorted_tables if table is not _CUSTOMERS]
        of_people = select(_CUSTOMERS.c.id).where(_CUSTOMERS.c.code != SELF_CODE).limit(1)
        present = set(inspect(connection).get_table_names())
        used = [select(*table.primary_key.columns).limit(1) for table in tables if table.name in present]
        return all(connection.execute(statement).first() is None for statement in (*used, of_people))
