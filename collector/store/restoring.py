"""What must change in a store that was brought back from a backup before it may be used: the store that it was copied from went
on, and gave out what this one does not know of."""

from sqlalchemy import Connection, delete, update

from collector.store.dialect import table_of
from collector.store.messages import skip_positions
from collector.store.tables import CaseRow, SessionRow

POSITIONS_SKIPPED = 1_000_000_000
"""More messages than an installation writes between two backups."""
SEQS_SKIPPED = 1_000_000
"""More messages than one case gets in that time."""

_CASES, _SESSIONS = table_of(CaseRow), table_of(SessionRow)


def begin_again(connection: Connection) -> None:
    """Readers of the feed may stand beyond the last message: what comes next has positions that none of them has reached, so that
    nobody misses it. Whoever signed out after the backup is not signed in again."""
    skip_positions(connection, POSITIONS_SKIPPED)
    connection.execute(delete(_SESSIONS))


def skip_message_ids(connection: Connection) -> None:
    """Messages of cases that were written after the backup are unknown here, and ticketing has them: no message gets one of their
    ids, or ticketing would take it for one that it has seen."""
    told = update(_CASES).where(_CASES.c.handed_seq > 0)
    connection.execute(told.values(handed_seq=_CASES.c.handed_seq + SEQS_SKIPPED))
