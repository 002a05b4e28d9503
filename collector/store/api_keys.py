"""API keys: made once, shown once, kept as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from collector.domain.errors import Conflict
from collector.domain.ids import CustomerId
from collector.domain.message import PULL
from collector.store.dialect import table_of
from collector.store.tables import ApiKeyRow

_KEYS = table_of(ApiKeyRow)
_PREFIX = "cak_"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who calls. `customer_id` None means all customers; `destination` is the ticketing backend that it speaks for."""

    id: int
    name: str
    scopes: frozenset[str]
    customer_id: CustomerId | None
    destination: str = PULL


def create_api_key(
    connection: Connection,
    *,
    name: str,
    scopes: frozenset[str],
    at: datetime,
    customer_id: CustomerId | None = None,
    expires_at: datetime | None = None,
    destination: str = PULL,
) -> str:
    """Return the key itself: 256 random bits that are stored nowhere. Raise Conflict when the name is taken."""
    if connection.execute(select(_KEYS.c.id).where(_KEYS.c.name == name)).first() is not None:
        raise Conflict(f"there is an API key named {name!r} already")
    key = _PREFIX + secrets.token_urlsafe(32)
    values = {"name": name, "key_hash": _hash(key), "scopes": " ".join(sorted(scopes)), "customer_id": customer_id}
    connection.execute(insert(_KEYS).values(**values, destination=destination, created_at=at, expires_at=expires_at))
    return key


def find_api_key(connection: Connection, key: str, *, at: datetime) -> ApiKey | None:
    """The key's owner, or None when it is unknown, expired or revoked.

    A plain hash is enough: 256 random bits cannot be guessed, so there is nothing for a slow hash to protect.
    """
    row = connection.execute(select(_KEYS).where(_KEYS.c.key_hash == _hash(key))).first()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= at):
        return None
    customer_id = None if row.customer_id is None else CustomerId(row.customer_id)
    return ApiKey(row.id, row.name, frozenset(row.scopes.split()), customer_id, row.destination)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
