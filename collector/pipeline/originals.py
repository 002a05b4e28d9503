"""What is copied out of the journal before a segment of it goes: the first five and last five originals of every case in it."""

from collector.domain.clock import from_ns
from collector.domain.ids import CaseId, NotificationId, StreamName
from collector.domain.item import ItemKind
from collector.journal.interface import JournalReader
from collector.secrets import SecretBox
from collector.store.engine import Connection, Store
from collector.store.originals import Original, cases_within, replace_originals, worth_keeping


class OriginalsKeeper:
    """Call it with a segment. Nothing of this stands on the way of a notification: while the journal has the bytes, the store
    needs none of them."""

    def __init__(self, store: Store, reader: JournalReader, box: SecretBox) -> None:
        self._store = store
        self._box = box
        self._reader = reader

    def __call__(self, stream: StreamName, first: int, last: int) -> None:
        """Raise Unavailable when the store is away; the segment must stay then."""
        with self._store.read() as connection:
            cases = cases_within(connection, stream=str(stream), first=first, last=last)
        for case_id in cases:
            with self._store.write() as connection:
                self._keep(connection, case_id, stream, range(first, last + 1))

    def _keep(self, connection: Connection, case_id: CaseId, stream: StreamName, going: range) -> None:
        kept = worth_keeping(connection, case_id)
        added = [self._read(case_id, stream, one) for one in kept if one.stream == str(stream) and one.seq in going]
        found = [original for original in added if original is not None]
        replace_originals(connection, case_id, kept=kept, added=found, box=self._box)

    def _read(self, case_id: CaseId, stream: StreamName, wanted: NotificationId) -> Original | None:
        item = self._reader.get(stream, wanted.seq)
        if item is None:
            return None
        return Original(case_id, str(wanted), ItemKind(item.kind), from_ns(item.received_at_ns), item.payload)
