"""Who is signed in. A session is known by SHA-256 of its token; the token itself is in the browser's cookie and nowhere else."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from collector.domain.users import SESSION_LASTS, User, UserRole
from collector.store.dialect import table_of
from collector.store.tables import SessionRow, UserRow

_SESSIONS, _USERS = table_of(SessionRow), table_of(UserRow)
_OCTETS = 32
MOST_OF_A_USER = 20
"""Sessions of one person; a new one beyond that ends the oldest."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in. `form_token` stands in every form that they send."""

    user: User
    form_token: str
    expires_at: datetime


def create_session(connection: Connection, user_id: int, *, at: datetime) -> str:
    """Return the token: 256 random bits that are stored nowhere."""
    token = secrets.token_urlsafe(_OCTETS)
    values = {"token_hash": _hash(token), "user_id": user_id, "form_token": secrets.token_urlsafe(_OCTETS)}
    connection.execute(insert(_SESSIONS).values(**values, created_at=at, expires_at=at + SESSION_LASTS))
    _end_oldest(connection, user_id)
    return token


def find_session(connection: Connection, token: str, *, at: datetime) -> Session | None:
    """None when it is unknown or over, or its owner was disabled."""
    joined = select(_SESSIONS.c.form_token, _SESSIONS.c.expires_at.label("session_ends_at"), _USERS).select_from(
        _SESSIONS.join(_USERS, _USERS.c.id == _SESSIONS.c.user_id)
    )
    valid = (_SESSIONS.c.token_hash == _hash(token)) & (_SESSIONS.c.expires_at > at) & _USERS.c.disabled_at.is_(None)
    row = connection.execute(joined.where(valid)).first()
    if row is None:
        return None
    user = User(row.id, row.name, row.full_name, UserRole(row.role), row.language, row.created_at, row.disabled_at)
    return Session(user, row.form_token, row.session_ends_at)


def delete_session(connection: Connection, token: str) -> None:
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.token_hash == _hash(token)))


def delete_sessions(connection: Connection, user_id: int) -> None:
    connection.execute(delete(_SESSIONS).where(_SESSIONS.c.user_id == user_id))


def drop_expired(connection: Connection, *, at: datetime) -> int:
    """Return how many there were."""
    return connection.execute(delete(_SESSIONS).where(_SESSIONS.c.expires_at <= at)).rowcount


def _end_oldest(connection: Connection, user_id: int) -> None:
    mine = _SESSIONS.c.user_id == user_id
    newest = select(_SESSIONS.c.token_hash).where(mine).order_by(_SESSIONS.c.created_at.desc(), _SESSIONS.c.token_hash)
    connection.execute(delete(_SESSIONS).where(mine, _SESSIONS.c.token_hash.not_in(newest.limit(MOST_OF_A_USER))))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
