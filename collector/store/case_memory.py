"""Cases read or written by earlier batches, so that a storm does not read the same case from the database again and again."""

from collections import OrderedDict
from collections.abc import Iterable

from collector.domain.case import Case
from collector.domain.ids import CaseId, CustomerId
from collector.store.cases import find_open_versions, read_cases
from collector.store.engine import Connection

_LIMIT = 10_000


class CaseMemory:
    """A remembered case counts only while the database has that very version of it: people's changes are never missed."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._cases: OrderedDict[CaseId, Case] = OrderedDict()

    def find_open(self, connection: Connection, keys: Iterable[tuple[CustomerId, str]]) -> dict[tuple[CustomerId, str], Case]:
        """The cases that hold these keys now (not closed), by customer and key."""
        versions = find_open_versions(connection, keys)
        stale = [held.id for held in versions.values() if not self._is_fresh(held.id, held.version)]
        read = read_cases(connection, stale)
        return {key: read.get(held.id) or self._cases[held.id] for key, held in versions.items()}

    def _is_fresh(self, case_id: CaseId, version: int) -> bool:
        known = self._cases.get(case_id)
        return known is not None and known.version == version

    def keep(self, cases: Iterable[Case]) -> None:
        """Remember cases as a committed transaction left them."""
        for case in cases:
            self._cases[case.id] = case
            self._cases.move_to_end(case.id)
        while len(self._cases) > self._limit:
            self._cases.popitem(last=False)
