"""The secrets of the whole store: whether there are any, sealing them anew with the newest key, and going on without those that
nobody can open any more."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from collector.domain.errors import ConfigurationError
from collector.domain.item import ItemKind
from collector.sealed_access import access_of, is_sealed, is_sealed_at_all, json_of
from collector.secrets import HEAD_OCTETS, SecretBox
from collector.store.dialect import overwrite_deleted, table_of
from collector.store.engine import Store, Turn
from collector.store.originals import DATAGRAM
from collector.store.registry import owner_of, raise_registry_version
from collector.store.tables import CustomerRow, OriginalRow, SourceRow

_CUSTOMERS, _SOURCES, _ORIGINALS = table_of(CustomerRow), table_of(SourceRow), table_of(OriginalRow)
_HEAD = func.substr(_ORIGINALS.c.payload, 1, HEAD_OCTETS).label("head")
_CASES_AT_ONCE = 100
"""Of which each has at most ten originals, in one transaction: other writers wait no longer than that takes."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many of each were sealed with the newest key and had not been."""

    sources: int = 0
    originals: int = 0


def holds_sealed(store: Store) -> bool:
    """Whether something in the store needs a key. Raise Unavailable."""
    with store.read() as connection:
        texts = connection.execute(select(_SOURCES.c.snmp).where(_SOURCES.c.snmp.is_not(None))).scalars()
        if any(is_sealed_at_all(text) for text in texts):
            return True
        return bool(connection.execute(select(exists().where(_ORIGINALS.c.sealed.is_(True)))).scalar_one())


def sealed_with_newest(store: Store, box: SecretBox) -> bool:
    """Whether the secrets of all sources are; originals are sealed before them. Raise Unavailable."""
    with store.read() as connection:
        texts = connection.execute(select(_SOURCES.c.snmp).where(_SOURCES.c.snmp.is_not(None))).scalars()
        return all(is_sealed(text, box) for text in texts)


def seal_again(store: Store, box: SecretBox, *, turn: Turn) -> Sealed:
    """Seal with the newest key what is open or sealed with an older one. Stopped at any moment and done again it comes to the
    same end: the sources come last. Raise ConfigurationError when a secret cannot be opened, Unavailable."""
    originals, case_id = 0, 0
    while True:
        with store.write(turn) as connection:
            overwrite_deleted(connection)
            cases = _cases_after(connection, case_id)
            originals += _seal_originals(connection, cases, box)
        if not cases:
            break
        case_id = cases[-1]
    with store.write(turn) as connection:
        overwrite_deleted(connection)
        return Sealed(_seal_sources(connection, box), originals)


def _cases_after(connection: Connection, case_id: int) -> list[int]:
    mine = select(_ORIGINALS.c.case_id).where(_ORIGINALS.c.case_id > case_id)
    return list(connection.execute(mine.distinct().order_by(_ORIGINALS.c.case_id).limit(_CASES_AT_ONCE)).scalars())


def _seal_originals(connection: Connection, cases: list[int], box: SecretBox) -> int:
    datagrams = _ORIGINALS.c.case_id.in_(cases) & (_ORIGINALS.c.kind == int(ItemKind.DATAGRAM))
    found = connection.execute(select(*_ORIGINALS.c["case_id", "notification", "sealed"], _HEAD).where(datagrams)).all()
    wanted = [row for row in found if not (row.sealed and box.sealed_with_first(bytes(row.head)))]
    for row in wanted:
        where = _is_original(row.case_id, row.notification)
        payload = bytes(connection.execute(select(_ORIGINALS.c.payload).where(where)).scalar_one())
        opened = box.open(payload, DATAGRAM, row.notification) if row.sealed else payload
        sealed = box.seal(opened, DATAGRAM, row.notification)
        connection.execute(update(_ORIGINALS).where(where).values(payload=sealed, sealed=True))
    return len(wanted)


def _seal_sources(connection: Connection, box: SecretBox) -> int:
    rows = connection.execute(select(*_SOURCES.c["id", "snmp"]).where(_SOURCES.c.snmp.is_not(None))).all()
    wanted = [row for row in rows if not is_sealed(row.snmp, box)]
    for row in wanted:
        owner = owner_of(row.id)
        sealed = json_of(access_of(row.snmp, box, owner), box, owner)
        connection.execute(update(_SOURCES).where(_SOURCES.c.id == row.id).values(snmp=sealed))
    return len(wanted)


@dataclass(frozen=True, slots=True)
class Lost:
    """What no key opens: sources as `CUSTOMER/name`, and how many originals of how many cases."""

    sources: tuple[str, ...] = ()
    originals: int = 0
    cases: int = 0

    def __bool__(self) -> bool:
        return bool(self.sources or self.originals)


def forget_lost(store: Store, box: SecretBox, *, turn: Turn, dry_run: bool) -> Lost:
    """Sources whose secrets cannot be opened lose their SNMP access, so that it can be imported again; originals that cannot be
    opened go. Stopped at any moment and done again it comes to the same end. Raise Unavailable."""
    originals = list(_lost_originals(store, box))
    with store.read() as connection:
        sources = _lost_sources(connection, box)
    if not dry_run and (sources or originals):
        for first in range(0, len(originals), _CASES_AT_ONCE):
            gone = [_is_original(case_id, name) for case_id, name in originals[first : first + _CASES_AT_ONCE]]
            with store.write(turn) as connection:
                connection.execute(delete(_ORIGINALS).where(or_(*gone)))
        with store.write(turn) as connection:
            sources = _lost_sources(connection, box)
            connection.execute(update(_SOURCES).where(_SOURCES.c.id.in_(list(sources))).values(snmp=None))
            raise_registry_version(connection)
    return Lost(tuple(sources.values()), len(originals), len({case_id for case_id, _ in originals}))


def _lost_sources(connection: Connection, box: SecretBox) -> dict[int, str]:
    joined = _SOURCES.join(_CUSTOMERS, _CUSTOMERS.c.id == _SOURCES.c.customer_id)
    columns = (*_SOURCES.c["id", "name", "snmp"], _CUSTOMERS.c.code)
    rows = connection.execute(select(*columns).select_from(joined).where(_SOURCES.c.snmp.is_not(None)).order_by(_SOURCES.c.id))
    return {row.id: f"{row.code}/{row.name}" for row in rows if not _opens_access(row.snmp, box, owner_of(row.id))}


def _opens_access(stored: str, box: SecretBox, owner: str) -> bool:
    try:
        access_of(stored, box, owner)
    except ConfigurationError:
        return False
    return True


def _lost_originals(store: Store, box: SecretBox) -> Iterator[tuple[int, str]]:
    """Each by its case and notification."""
    case_id = 0
    while True:
        with store.read() as connection:
            cases = _cases_after(connection, case_id)
            wanted = _ORIGINALS.c.case_id.in_(cases) & _ORIGINALS.c.sealed.is_(True)
            rows = connection.execute(select(*_ORIGINALS.c["case_id", "notification", "payload"]).where(wanted)).all()
        yield from (
            (row.case_id, row.notification) for row in rows if not _opens_original(bytes(row.payload), box, row.notification)
        )
        if not cases:
            return
        case_id = cases[-1]


def _opens_original(sealed: bytes, box: SecretBox, notification: str) -> bool:
    try:
        box.open(sealed, DATAGRAM, notification)
    except ConfigurationError:
        return False
    return True


def _is_original(case_id: int, notification: str) -> ColumnElement[bool]:
    return (_ORIGINALS.c.case_id == case_id) & (_ORIGINALS.c.notification == notification)
