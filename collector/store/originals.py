"""Raw bytes of cases' notifications that outlive the journal: copied when the segment that holds them is about to go. Datagrams
hold communities in clear, so they are sealed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select

from collector.domain.ids import CaseId, NotificationId
from collector.domain.item import ItemKind
from collector.secrets import SecretBox
from collector.store.dialect import table_of, upsert
from collector.store.tables import NotificationRow, OriginalRow, StreamRow

_ORIGINALS, _ROWS, _STREAMS = table_of(OriginalRow), table_of(NotificationRow), table_of(StreamRow)
_WITH_STREAM = _ROWS.join(_STREAMS, _STREAMS.c.id == _ROWS.c.stream_id)
DATAGRAM = "datagram"
"""What `SecretBox` is told that it seals; the owner is the notification."""
FIRST_KEPT = 5
LAST_KEPT = 5


@dataclass(frozen=True, slots=True)
class Original:
    """Raw bytes of one of a case's notifications."""

    case_id: CaseId
    notification: str
    kind: ItemKind
    received_at: datetime
    payload: bytes = field(repr=False)


def cases_within(connection: Connection, *, stream: str, first: int, last: int) -> list[CaseId]:
    """The cases that have a notification among these items of the stream."""
    within = (_STREAMS.c.name == stream) & _ROWS.c.seq.between(first, last) & _ROWS.c.case_id.is_not(None)
    statement = select(_ROWS.c.case_id).select_from(_WITH_STREAM).where(within).distinct()
    return [CaseId(case_id) for case_id in connection.execute(statement).scalars()]


def worth_keeping(connection: Connection, case_id: CaseId) -> list[NotificationId]:
    """A case's first five and last five notifications, in the order of processing."""
    columns = (_ROWS.c.id, _STREAMS.c.name, _ROWS.c.seq, _ROWS.c.row)
    of_case = select(*columns).select_from(_WITH_STREAM).where(_ROWS.c.case_id == case_id)
    first = connection.execute(of_case.order_by(_ROWS.c.id).limit(FIRST_KEPT)).all()
    last = connection.execute(of_case.order_by(_ROWS.c.id.desc()).limit(LAST_KEPT)).all()
    found = {number: NotificationId(name, seq, row) for number, name, seq, row in (*first, *last)}
    return [found[number] for number in sorted(found)]


def replace_originals(
    connection: Connection, case_id: CaseId, *, kept: Sequence[NotificationId], added: Iterable[Original], box: SecretBox
) -> None:
    """Add some and forget those that are no longer among the first or last."""
    names = [str(one) for one in kept]
    stale = (_ORIGINALS.c.case_id == case_id) & _ORIGINALS.c.notification.not_in(names)
    connection.execute(delete(_ORIGINALS).where(stale))
    values = [_values(original, box) for original in added]
    upsert(connection, _ORIGINALS, values, key=("case_id", "notification"))


def _values(original: Original, box: SecretBox) -> dict[str, object]:
    sealed = original.kind is ItemKind.DATAGRAM
    return {
        "case_id": original.case_id,
        "notification": original.notification,
        "kind": int(original.kind),
        "received_at": original.received_at,
        "payload": box.seal(original.payload, DATAGRAM, original.notification) if sealed else original.payload,
        "sealed": sealed,
    }


def find_original(connection: Connection, notification: str, box: SecretBox) -> Original | None:
    """The kept bytes of a notification whose journal segment is gone. Raise ConfigurationError when they cannot be opened."""
    row = connection.execute(select(_ORIGINALS).where(_ORIGINALS.c.notification == notification)).first()
    if row is None:
        return None
    payload = box.open(bytes(row.payload), DATAGRAM, row.notification) if row.sealed else bytes(row.payload)
    return Original(CaseId(row.case_id), row.notification, ItemKind(row.kind), row.received_at, payload)
