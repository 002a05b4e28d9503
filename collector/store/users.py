"""People who sign in: made, found, listed, given another password, disabled. Their sessions are in `sessions`."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from collector.domain.errors import Conflict, NotFound
from collector.domain.users import User, UserRole
from collector.store.dialect import table_of
from collector.store.sessions import delete_sessions
from collector.store.tables import UserRow

_USERS = table_of(UserRow)


class Credentials(NamedTuple):
    """Somebody, and the hash that their password must fit."""

    user: User
    password_hash: str


def create_user(
    connection: Connection, *, name: str, full_name: str, role: UserRole, language: str, password_hash: str, at: datetime
) -> User:
    """Raise Conflict when the name is taken, by somebody disabled too: histories name people for ever."""
    if find_credentials(connection, name) is not None:
        raise Conflict(f"there is a user named {name} already")
    values = {"name": name, "full_name": full_name, "role": role.value, "language": language, "password_hash": password_hash}
    row = connection.execute(insert(_USERS).values(**values, created_at=at).returning(_USERS)).one()
    return user_of(row)


def find_credentials(connection: Connection, name: str) -> Credentials | None:
    """Also of somebody who is disabled."""
    row = connection.execute(select(_USERS).where(_USERS.c.name == name)).first()
    return None if row is None else Credentials(user_of(row), row.password_hash)


def list_users(connection: Connection) -> list[User]:
    return [user_of(row) for row in connection.execute(select(_USERS).order_by(_USERS.c.name))]


def set_password(connection: Connection, name: str, password_hash: str) -> None:
    """And end every session that began with the old one. Raise NotFound."""
    user = _existing(connection, name)
    connection.execute(update(_USERS).where(_USERS.c.id == user.id).values(password_hash=password_hash))
    delete_sessions(connection, user.id)


def rehash_password(connection: Connection, user_id: int, *, before: str, after: str) -> None:
    """The same password under other parameters; nothing when it was changed meanwhile."""
    mine = (_USERS.c.id == user_id) & (_USERS.c.password_hash == before)
    connection.execute(update(_USERS).where(mine).values(password_hash=after))


def set_language(connection: Connection, user_id: int, language: str) -> None:
    connection.execute(update(_USERS).where(_USERS.c.id == user_id).values(language=language))


def disable_user(connection: Connection, name: str, *, at: datetime) -> None:
    """Their sessions end with it. Doing it again changes nothing. Raise NotFound."""
    user = _existing(connection, name)
    connection.execute(update(_USERS).where(_USERS.c.id == user.id, _USERS.c.disabled_at.is_(None)).values(disabled_at=at))
    delete_sessions(connection, user.id)


def _existing(connection: Connection, name: str) -> User:
    found = find_credentials(connection, name)
    if found is None:
        raise NotFound(f"there is no user named {name}")
    return found.user


def user_of(row: Row[tuple[Any, ...]]) -> User:
    return User(row.id, row.name, row.full_name, UserRole(row.role), row.language, row.created_at, row.disabled_at)
