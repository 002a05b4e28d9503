"""Which v3 engines people forgot, and who they were: kept when the engine itself is gone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from collector.domain.engine import MOST_FORGOTTEN, Engine, ForgottenEngine
from collector.domain.ids import CustomerId
from collector.store.dialect import table_of
from collector.store.tables import CustomerRow, ForgottenEngineRow, SourceRow

_FORGOTTEN, _SOURCES, _CUSTOMERS = table_of(ForgottenEngineRow), table_of(SourceRow), table_of(CustomerRow)


def note_forgotten(connection: Connection, engine: Engine, *, by: str, at: datetime) -> None:
    """Beyond the newest of its source the oldest go."""
    values = {
        "source_id": engine.source_id,
        "engine_id": engine.engine_id.hex(),
        "peer": engine.peer,
        "messages": engine.messages,
        "approved_by": engine.approved_by,
        "approved_at": engine.approved_at,
        "forgotten_by": by,
        "forgotten_at": at,
    }
    connection.execute(insert(_FORGOTTEN).values(values))
    of_source = _FORGOTTEN.c.source_id == engine.source_id
    newest = select(_FORGOTTEN.c.id).where(of_source).order_by(_FORGOTTEN.c.id.desc()).limit(MOST_FORGOTTEN)
    connection.execute(delete(_FORGOTTEN).where(of_source, _FORGOTTEN.c.id.not_in(newest.scalar_subquery())))


def was_forgotten(connection: Connection, source_id: int, engine_id: bytes, *, since: datetime) -> bool:
    """Whether somebody forgot it at that time or later."""
    it = (_FORGOTTEN.c.source_id == source_id) & (_FORGOTTEN.c.engine_id == engine_id.hex())
    found = connection.execute(select(_FORGOTTEN.c.id).where(it, _FORGOTTEN.c.forgotten_at >= since).limit(1))
    return found.first() is not None


@dataclass(frozen=True, slots=True)
class ForgottenFilter:
    """Which ones; empty means "any"."""

    customer_id: CustomerId | None = None
    customer_code: str | None = None


def list_forgotten(
    connection: Connection,
    wanted: ForgottenFilter,
    *,
    after: int | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[ForgottenEngine]:
    """In the order in which they were forgotten, those of retired sources too."""
    joined = _FORGOTTEN.join(_SOURCES, _SOURCES.c.id == _FORGOTTEN.c.source_id).join(
        _CUSTOMERS, _CUSTOMERS.c.id == _SOURCES.c.customer_id
    )
    statement = select(_FORGOTTEN, _SOURCES.c.name.label("source"), _CUSTOMERS.c.code.label("customer")).select_from(joined)
    if wanted.customer_id is not None:
        statement = statement.where(_SOURCES.c.customer_id == wanted.customer_id)
    if wanted.customer_code is not None:
        statement = statement.where(_CUSTOMERS.c.code == wanted.customer_code)
    if after is not None:
        statement = statement.where(_FORGOTTEN.c.id < after if newest_first else _FORGOTTEN.c.id > after)
    order = _FORGOTTEN.c.id.desc() if newest_first else _FORGOTTEN.c.id
    return [
        ForgottenEngine(
            number=row.id,
            customer=row.customer,
            source=row.source,
            engine_id=bytes.fromhex(row.engine_id),
            peer=row.peer,
            messages=row.messages,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
            forgotten_by=row.forgotten_by,
            forgotten_at=row.forgotten_at,
        )
        for row in connection.execute(statement.order_by(order).limit(limit))
    ]
