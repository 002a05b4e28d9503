"""How far each journal stream has been processed."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from collector.domain.ids import NotificationId, StreamName
from collector.store.dialect import table_of
from collector.store.tables import StreamRow

_STREAMS = table_of(StreamRow)


@dataclass(frozen=True, slots=True)
class Position:
    """`id` is the stream's short number in the store; `position` the last processed sequence number; `tallies` how many of those
    were tally records."""

    id: int
    stream: StreamName
    position: int
    tallies: int


def load_positions(connection: Connection) -> dict[StreamName, Position]:
    """Of the streams that are processed; retired ones are left out."""
    return _load(connection, retired=False)


def load_retired(connection: Connection) -> dict[StreamName, Position]:
    """Where the streams stood that were given up: what was processed of them still counts."""
    return _load(connection, retired=True)


def _load(connection: Connection, *, retired: bool) -> dict[StreamName, Position]:
    statement = select(*_STREAMS.c["id", "name", "position", "tallies"]).where(_STREAMS.c.retired.is_(retired))
    rows = connection.execute(statement)
    return {(name := StreamName.parse(row.name)): Position(row.id, name, row.position, row.tallies) for row in rows}


def is_processed(connection: Connection, item: NotificationId) -> bool:
    """Whether the item's stream was processed up to it or beyond.

    Ask this before its notifications are looked for: one that is processed in between is found then. The other way round it
    would be neither waiting nor there.
    """
    try:
        stream = StreamName.parse(item.stream)
    except ValueError:
        return False
    position = load_positions(connection).get(stream)
    return position is not None and item.seq <= position.position


def add_stream(connection: Connection, stream: StreamName) -> Position:
    """Begin a stream at position 0."""
    values = {"name": str(stream), "lane": stream.lane, "position": 0, "tallies": 0, "retired": False}
    return Position(connection.execute(insert(_STREAMS).values(values).returning(_STREAMS.c.id)).scalar_one(), stream, 0, 0)


def retire_stream(connection: Connection, position: Position) -> None:
    """Give the stream up where it stands."""
    connection.execute(update(_STREAMS).where(_STREAMS.c.id == position.id).values(retired=True))


def save_position(connection: Connection, position: Position) -> None:
    statement = update(_STREAMS).where(_STREAMS.c.id == position.id)
    connection.execute(statement.values(position=position.position, tallies=position.tallies))
