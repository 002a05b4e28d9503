"""The memory against repeats: what must not count twice, until when."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, select

from collector.store.dialect import put_rows, table_of
from collector.store.tables import SeenRow
from collector.store.types import to_micros

_SEEN = table_of(SeenRow)


def load_seen(connection: Connection, *, after: datetime) -> dict[bytes, int]:
    """Digest to expiry in microseconds since the epoch, for everything that expires later than `after`."""
    rows = connection.execute(select(_SEEN.c.digest, _SEEN.c.expires_at).where(_SEEN.c.expires_at > after))
    return {bytes(row.digest): to_micros(row.expires_at) for row in rows}


def save_seen(connection: Connection, entries: Iterable[tuple[bytes, int]]) -> None:
    """(digest, expiry in microseconds) of one batch."""
    put_rows(connection, _SEEN, ("digest", "expires_at"), list(entries), key="digest")


def drop_expired(connection: Connection, *, before: datetime) -> None:
    """Forget what expired before that time."""
    connection.execute(delete(_SEEN).where(_SEEN.c.expires_at <= before))
