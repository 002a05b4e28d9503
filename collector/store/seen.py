"""The memory against repeats: what must not count twice, until when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, select

from collector.store.dialect import put_rows, table_of
from collector.store.tables import SeenRow
from collector.store.types import to_micros

_SEEN = table_of(SeenRow)


def load_seen(connection: Connection, *, octets: int | None = None) -> dict[bytes, int]:
    """Digest to expiry in microseconds since the epoch, of all or of those of that length. Also what has expired by the clock: an
    item that waited in the journal is judged by the time of its arrival."""
    statement = select(_SEEN.c.digest, _SEEN.c.expires_at)
    rows = connection.execute(statement if octets is None else statement.where(func.length(_SEEN.c.digest) == octets))
    return {bytes(row.digest): to_micros(row.expires_at) for row in rows}


def find_seen(connection: Connection, digests: Iterable[bytes], *, at: datetime) -> frozenset[bytes]:
    """Those of them that are remembered at that time."""
    wanted = select(_SEEN.c.digest).where(_SEEN.c.digest.in_(list(digests)), _SEEN.c.expires_at > at)
    return frozenset(bytes(digest) for digest in connection.execute(wanted).scalars())


def save_seen(connection: Connection, entries: Iterable[tuple[bytes, int]]) -> None:
    """(digest, expiry in microseconds) of one batch."""
    put_rows(connection, _SEEN, ("digest", "expires_at"), list(entries), key="digest")


def drop_seen(connection: Connection, digests: Sequence[bytes]) -> None:
    """Forget those, whenever they expire."""
    if digests:
        statement = delete(_SEEN).where(_SEEN.c.digest == bindparam("_digest"))
        connection.execute(statement, [{"_digest": digest} for digest in digests])


def drop_expired(connection: Connection, *, before: datetime) -> None:
    """Forget what has expired by then: the arrival of the oldest item that is not processed yet, or now."""
    connection.execute(delete(_SEEN).where(_SEEN.c.expires_at <= before))
