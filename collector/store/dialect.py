"""The statements that SQLite and PostgreSQL spell differently, one function per question."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

_PAGES_AT_ONCE = 4096
"""Of a copy: 16 MB, then its progress can be told."""


def table_of(model: type[SQLModel]) -> Table:
    """The Core table behind a SQLModel class."""
    return cast("Table", getattr(model, "__table__"))  # noqa: B009 (set by SQLModel's metaclass, unknown to the type checker)


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Many rows in one statement of the driver, values in their stored form (times as microseconds): the hot path's insert.

    Compiling and binding through SQLAlchemy costs twice the insert itself, so the values go to the driver as they are.
    """
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        names = ", ".join(columns)
        marks = ", ".join([mark] * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", list(rows))  # noqa: S608 (our own names)


def load_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Like insert_rows, for millions of rows: by COPY where the database has it."""
    if connection.dialect.name == "sqlite":
        insert_rows(connection, table, columns, rows)
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def count_on(connection: Connection, table: Table) -> None:
    """After rows came with their ids: the next id that the database gives is above all of them."""
    if connection.dialect.name == "sqlite":
        return  # it looks at the rows themselves
    for column in table.primary_key.columns:
        sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar_one()
        highest = connection.execute(select(func.max(column))).scalar_one() if sequence else None
        if highest is not None:
            connection.execute(select(func.setval(sequence, highest)))


def copy_whole(connection: Connection, path: Path, progress: Callable[[int, int], None]) -> bool:
    """Write what the connection's transaction sees to a SQLite file by the database's own means; False when it has none.

    `progress` is told pages written and pages in all. Other writers go on meanwhile.
    """
    if connection.dialect.name != "sqlite":
        return False
    # The view of this moment is kept from the first read on; without it each write of others would begin the copy anew.
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    source: Any = connection.connection.driver_connection
    with closing(sqlite3.connect(path, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous=OFF")  # the caller syncs the whole file at its end
        source.backup(target, pages=_PAGES_AT_ONCE, progress=lambda _, left, pages: progress(pages - left, pages))
    leave_wal(path)
    return True


def overwrite_deleted(connection: Connection) -> None:
    """What this connection deletes or replaces from now on is overwritten in the file, where the database would leave it in free
    pages: secrets that were open. PostgreSQL has no such thing; its VACUUM clears dead rows in time."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def leave_wal(path: Path) -> None:
    """A SQLite file in WAL mode would be three files as soon as somebody looks into it: make it one that stays one."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=DELETE")


def update_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, key: str
) -> None:
    """Change many rows in one call of the driver, values in their stored form; each row ends with its `key`."""
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        changed = ", ".join(f"{name} = {mark}" for name in columns)
        connection.exec_driver_sql(f"UPDATE {table.name} SET {changed} WHERE {key} = {mark}", list(rows))  # noqa: S608 (our own names)


def put_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]], *, key: str) -> None:
    """Like insert_rows, but a row whose `key` is there already is replaced."""
    if rows:
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
        statement = (
            f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608 (our own names)
            f" ON CONFLICT ({key}) DO UPDATE SET {changed}"
        )
        connection.exec_driver_sql(statement, list(rows))


def upsert(
    connection: Connection, table: Table, values: Sequence[dict[str, Any]], *, key: Sequence[str], add: Sequence[str] = ()
) -> None:
    """Insert or change: columns in `add` are summed, the others replaced."""
    if not values:
        return
    build = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = build(table)
    changed: dict[str, Any] = {}
    for name in values[0]:
        if name in key:
            continue
        changed[name] = table.c[name] + statement.excluded[name] if name in add else statement.excluded[name]
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(values))
