"""v3 engines as rows: what is known of their time and of the message ids that they used, and who approved them. `process` alone
writes what they send; people approve and forget, and raise a version that `process` compares."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, false, func, insert, not_, or_, select, update
from sqlalchemy.engine import Row

from collector.domain.engine import Engine, EngineState
from collector.domain.engine_time import Arrival, EarlierBoots, EngineTime
from collector.domain.ids import CustomerId, NotificationId, SourceId
from collector.domain.item import Transport
from collector.domain.outcome import Outcome, Reason
from collector.store.dialect import put_rows, table_of, update_rows, upsert
from collector.store.tables import CustomerRow, EngineRow, EngineSecondRow, MetaRow, NotificationRow, SourceRow, StreamRow
from collector.store.types import from_micros, to_micros

_ENGINES, _SECONDS, _META = table_of(EngineRow), table_of(EngineSecondRow), table_of(MetaRow)
_SOURCES, _CUSTOMERS = table_of(SourceRow), table_of(CustomerRow)
_ROWS, _STREAMS = table_of(NotificationRow), table_of(StreamRow)
_VERSION_KEY = "engines_version"
_NO_BOOTS = -1
"""Of an engine of which nothing was authenticated."""
NOTHING = -1
"""Of its time, where nothing came or nothing was forgotten."""
_WORK = (
    *("peer", "first_seen_at", "last_seen_at", "messages", "boots", "engine_time", "time_at", "time_steady"),
    *("forgotten_to", "lowest_boots", "lowest_time"),
    *("earlier_boots", "earlier_time", "earlier_at", "earlier_steady", "earlier_forgotten_to", "earlier_until"),
)
"""What messages change, in the order of `_work_of`."""


@dataclass(frozen=True, slots=True)
class EngineMemo:
    """An engine as `process` remembers it. Times in microseconds since the epoch; `number` is 0 when it has no row yet. `seconds`
    are the message ids that it used in each second of its time, as `MessageIds` writes them, `earlier_seconds` those of its
    earlier boots; `lowest` are the lowest boots and time that came."""

    number: int
    source_id: SourceId
    engine_id: bytes
    approved_by: str | None
    approved_us: int | None
    peer: str
    first_us: int
    last_us: int
    messages: int
    time: EngineTime | None
    forgotten_to: int
    lowest: tuple[int, int]
    seconds: dict[int, bytes]
    earlier: EarlierBoots | None = None
    earlier_seconds: dict[int, bytes] = field(default_factory=dict)


def engines_version(connection: Connection) -> int:
    value = connection.execute(select(_META.c.value).where(_META.c.key == _VERSION_KEY)).scalar_one_or_none()
    return int(value) if value is not None else 0


def raise_engines_version(connection: Connection) -> None:
    """Tell `process` that somebody else changed what it remembers."""
    version = engines_version(connection) + 1
    upsert(connection, _META, [{"key": _VERSION_KEY, "value": str(version)}], key=["key"])


def load_memos(
    connection: Connection, *, sources: Sequence[SourceId] | None = None, used_by: bytes | None = None
) -> list[EngineMemo]:
    """All engines, or those of some sources and one engine wherever it speaks; the seconds of all of them, or of that one."""
    engines = select(_ENGINES).order_by(_ENGINES.c.id)
    if sources is not None:
        is_it = _ENGINES.c.engine_id == used_by.hex() if used_by is not None else false()
        engines = engines.where(or_(_ENGINES.c.source_id.in_(sources), is_it))
    seconds = select(_SECONDS)
    if used_by is not None:
        seconds = seconds.where(_SECONDS.c.engine.in_(select(_ENGINES.c.id).where(_ENGINES.c.engine_id == used_by.hex())))
    rows = connection.execute(engines).all()
    used: dict[tuple[int, int], dict[int, bytes]] = {}
    for second in connection.execute(seconds):
        used.setdefault((second.engine, second.boots), {})[second.engine_time] = bytes(second.ids)
    return [_memo(row, used.get((row.id, row.boots), {}), used.get((row.id, row.earlier_boots), {})) for row in rows]


def _memo(row: Row[Any], seconds: dict[int, bytes], earlier_seconds: dict[int, bytes]) -> EngineMemo:
    return EngineMemo(
        number=row.id,
        source_id=SourceId(row.source_id),
        engine_id=bytes.fromhex(row.engine_id),
        approved_by=row.approved_by,
        approved_us=None if row.approved_at is None else to_micros(row.approved_at),
        peer=row.peer,
        first_us=to_micros(row.first_seen_at),
        last_us=to_micros(row.last_seen_at),
        messages=row.messages,
        time=_time(row),
        forgotten_to=row.forgotten_to,
        lowest=(row.lowest_boots, row.lowest_time),
        seconds=seconds,
        earlier=_earlier(row),
        earlier_seconds=earlier_seconds,
    )


def _earlier(row: Row[Any]) -> EarlierBoots | None:
    if row.earlier_boots == _NO_BOOTS:
        return None
    arrived = Arrival(to_micros(row.earlier_at), row.earlier_steady)
    time = EngineTime(row.earlier_boots, row.earlier_time, arrived)
    return EarlierBoots(time, row.earlier_forgotten_to, to_micros(row.earlier_until))


def _time(row: Row[Any]) -> EngineTime | None:
    if row.boots == _NO_BOOTS:
        return None
    return EngineTime(row.boots, row.engine_time, Arrival(to_micros(row.time_at), row.time_steady))


def insert_engine(connection: Connection, memo: EngineMemo) -> int:
    """The number of its new row. Its seconds are `put_seconds`' business."""
    values = dict(zip(_WORK, _work_of(memo), strict=True))
    for name in ("first_seen_at", "last_seen_at", "time_at", "earlier_at", "earlier_until"):
        values[name] = from_micros(values[name])
    values |= {"source_id": memo.source_id, "engine_id": memo.engine_id.hex(), **_approval(memo)}
    number: int = connection.execute(insert(_ENGINES).values(values).returning(_ENGINES.c.id)).scalar_one()
    return number


def _work_of(memo: EngineMemo) -> tuple[Any, ...]:
    never = EngineTime(_NO_BOOTS, 0, Arrival(memo.first_us, 0))
    boots, time, at = memo.time or never
    earlier = memo.earlier or EarlierBoots(never, NOTHING, memo.first_us)
    now = (memo.peer, memo.first_us, memo.last_us, memo.messages, boots, time, *at, memo.forgotten_to, *memo.lowest)
    return *now, earlier.time.boots, earlier.time.time, *earlier.time.at, earlier.forgotten_to, earlier.until_us


def _approval(memo: EngineMemo) -> dict[str, object]:
    state = EngineState.SEEN if memo.approved_by is None else EngineState.APPROVED
    at = None if memo.approved_us is None else from_micros(memo.approved_us)
    return {"state": state.value, "approved_by": memo.approved_by, "approved_at": at}


def update_engines(connection: Connection, memos: Sequence[EngineMemo]) -> None:
    """What messages changed; never who approved an engine."""
    update_rows(connection, _ENGINES, _WORK, [(*_work_of(memo), memo.number) for memo in memos], key="id")


def save_approval(connection: Connection, memo: EngineMemo) -> None:
    connection.execute(update(_ENGINES).where(_ENGINES.c.id == memo.number).values(_approval(memo)))


def put_seconds(connection: Connection, memos: Iterable[EngineMemo]) -> None:
    """Each replaces what was known of that second."""
    rows: list[tuple[int, int, int, bytes]] = []
    for memo in memos:
        if memo.time is not None:
            rows += [(memo.number, memo.time.boots, second, ids) for second, ids in memo.seconds.items()]
        if memo.earlier is not None:
            rows += [(memo.number, memo.earlier.time.boots, second, ids) for second, ids in memo.earlier_seconds.items()]
    key = "engine, boots, engine_time"
    put_rows(connection, _SECONDS, ("engine", "boots", "engine_time", "ids"), rows, key=key)


def drop_seconds(connection: Connection, memos: Iterable[EngineMemo]) -> None:
    """What is forgotten of them: up to a second, and of other boots than the present and the earlier ones."""
    values = [
        {
            "_engine": memo.number,
            "_boots": memo.time.boots,
            "_second": memo.forgotten_to,
            "_earlier": memo.earlier.time.boots if memo.earlier else _NO_BOOTS,
        }
        for memo in memos
        if memo.time
    ]
    if values:
        present = (_SECONDS.c.boots == bindparam("_boots")) & (_SECONDS.c.engine_time > bindparam("_second"))
        kept = or_(present, _SECONDS.c.boots == bindparam("_earlier"))
        statement = delete(_SECONDS).where(_SECONDS.c.engine == bindparam("_engine"), not_(kept))
        connection.execute(statement, values)


def delete_engines(connection: Connection, numbers: Iterable[int]) -> None:
    """With everything that is remembered of them."""
    gone = list(numbers)
    if gone:
        connection.execute(delete(_SECONDS).where(_SECONDS.c.engine.in_(gone)))
        connection.execute(delete(_ENGINES).where(_ENGINES.c.id.in_(gone)))


@dataclass(frozen=True, slots=True)
class EngineFilter:
    """Which engines; empty means "any"."""

    state: EngineState | None = None
    customer_id: CustomerId | None = None
    customer_code: str | None = None
    source: str | None = None
    engine_id: bytes | None = None


def list_engines(
    connection: Connection,
    wanted: EngineFilter,
    *,
    after: int | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[Engine]:
    """In the order in which they were seen first. Those of retired sources are left out."""
    statement = _joined().where(_SOURCES.c.retired.is_(False))
    asked = (
        (_ENGINES.c.state, None if wanted.state is None else wanted.state.value),
        (_SOURCES.c.customer_id, wanted.customer_id),
        (_CUSTOMERS.c.code, wanted.customer_code),
        (_SOURCES.c.name, wanted.source),
        (_ENGINES.c.engine_id, None if wanted.engine_id is None else wanted.engine_id.hex()),
    )
    statement = statement.where(*(column == value for column, value in asked if value is not None))
    if after is not None:
        statement = statement.where(_ENGINES.c.id < after if newest_first else _ENGINES.c.id > after)
    order = _ENGINES.c.id.desc() if newest_first else _ENGINES.c.id
    return [_engine(row) for row in connection.execute(statement.order_by(order).limit(limit))]


def source_with_user(connection: Connection, wanted: EngineFilter) -> SourceId | None:
    """The source that the filter names by customer and name, when it has a v3 user."""
    joined = _SOURCES.join(_CUSTOMERS, _CUSTOMERS.c.id == _SOURCES.c.customer_id)
    named = (_CUSTOMERS.c.code == wanted.customer_code) & (_SOURCES.c.name == wanted.source) & _SOURCES.c.retired.is_(False)
    if wanted.customer_id is not None:
        named &= _SOURCES.c.customer_id == wanted.customer_id
    row = connection.execute(select(_SOURCES.c.id, _SOURCES.c.snmp).select_from(joined).where(named)).first()
    has_user = row is not None and row.snmp is not None and "user" in json.loads(row.snmp)
    return SourceId(row.id) if row is not None and has_user else None


def _joined() -> Select[Any]:
    joined = _ENGINES.join(_SOURCES, _SOURCES.c.id == _ENGINES.c.source_id).join(
        _CUSTOMERS, _CUSTOMERS.c.id == _SOURCES.c.customer_id
    )
    return select(_ENGINES, _SOURCES.c.name.label("source"), _CUSTOMERS.c.code.label("customer")).select_from(joined)


def _engine(row: Row[Any]) -> Engine:
    return Engine(
        number=row.id,
        source_id=SourceId(row.source_id),
        customer=row.customer,
        source=row.source,
        engine_id=bytes.fromhex(row.engine_id),
        state=EngineState(row.state),
        peer=row.peer,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        messages=row.messages,
        time=_time(row),
        approved_by=row.approved_by,
        approved_at=row.approved_at,
    )


def approve_engine(connection: Connection, number: int, *, by: str, at: datetime) -> None:
    values = {"state": EngineState.APPROVED.value, "approved_by": by, "approved_at": at}
    connection.execute(update(_ENGINES).where(_ENGINES.c.id == number).values(values))
    raise_engines_version(connection)


def add_engine(connection: Connection, source_id: SourceId, engine_id: bytes, *, by: str, at: datetime) -> None:
    """Approve one that has not been seen yet."""
    now = to_micros(at)
    never = EngineMemo(0, source_id, engine_id, by, now, "", now, now, 0, None, NOTHING, (NOTHING, NOTHING), {})
    insert_engine(connection, never)
    raise_engines_version(connection)


def forget_engine(connection: Connection, number: int) -> None:
    delete_engines(connection, [number])
    raise_engines_version(connection)


def count_engines(connection: Connection) -> dict[EngineState, int]:
    found = connection.execute(select(_ENGINES.c.state, func.count()).group_by(_ENGINES.c.state))
    counted = {EngineState(state): number for state, number in found}
    return {state: counted.get(state, 0) for state in EngineState}


def waiting_for_engine(connection: Connection, engine: Engine, *, limit: int) -> list[NotificationId]:
    """What was refused only because nobody had approved the engine, or nobody had said for which of several sources it speaks;
    in the order of processing."""
    engine_id, named = engine.engine_id, f"{engine.customer}/{engine.source}"
    waits = (_ROWS.c.reason == Reason.UNKNOWN_ENGINE.value) & (_ROWS.c.state == Outcome.UNAUTHENTICATED.value)
    waits &= (_ROWS.c.source_id == engine.source_id) & (_ROWS.c.detail == engine_id.hex())
    fits_several = (_ROWS.c.reason == Reason.AMBIGUOUS_SOURCE.value) & (_ROWS.c.state == Outcome.UNATTRIBUTED.value)
    fits_several &= _ROWS.c.detail.startswith(f"{engine_id.hex()}: ") & _ROWS.c.detail.contains(named, autoescape=True)
    statement = (
        select(_STREAMS.c.name, _ROWS.c.seq)
        .select_from(_ROWS.join(_STREAMS, _STREAMS.c.id == _ROWS.c.stream_id))
        .where(
            _ROWS.c.transport == Transport.SNMP.value,
            or_(waits, fits_several),
        )
        .order_by(_ROWS.c.id)
        .limit(limit)
    )
    return [NotificationId(row.name, row.seq) for row in connection.execute(statement)]
