"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from collector.domain.clock import EPOCH

_MICROSECOND = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC time as whole microseconds since the epoch: exact, ordered and equal on both databases, and cheap to write.

    A naive value is refused with ValueError. docs/adr/0002-one-lineage-two-databases.md says why not the databases' own types.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_micros(int(value))


def to_micros(moment: datetime) -> int:
    """Microseconds since the epoch. Raise ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError("a naive time cannot be stored")
    # between two times of one zone Python leaves the zone out, which is most of the work
    return ((moment if moment.tzinfo is UTC else moment.astimezone(UTC)) - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Aware UTC time."""
    return EPOCH + timedelta(microseconds=micros)
