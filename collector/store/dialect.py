"""The statements that SQLite and PostgreSQL spell differently, one function per question."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel


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
