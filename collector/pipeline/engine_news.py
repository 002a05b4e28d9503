"""What the log says of v3 engines that begin to wait for approval, so that a console that is silent because of that is found."""

from collections.abc import Iterable

from collector.domain.clock import NS_PER_SECOND
from collector.domain.registry import Source
from collector.logs import Log
from collector.store.engines import EngineMemo

MOST_TOLD = 20
"""In an hour: whoever needs no authentication may invent engines for ever."""
_HOUR_NS = 3_600 * NS_PER_SECOND
log = Log(__name__)


class EngineNews:
    """Each engine is told once; one that had to make room and comes again, in another hour once more."""

    def __init__(self) -> None:
        self._since_ns = 0
        self._told: set[tuple[int, bytes]] = set()

    def tell(self, waiting: Iterable[EngineMemo], sources: Iterable[Source], *, now_ns: int) -> None:
        """Those that were seen for the first time, at `now_ns` of the monotonic clock."""
        found = list(waiting)
        if not found:
            return
        if now_ns - self._since_ns >= _HOUR_NS:
            self._since_ns, self._told = now_ns, set()
        named = {source.id: source for source in sources}
        for memo in found:
            source, told = named.get(memo.source_id), (memo.source_id, memo.engine_id)
            if source is not None and told not in self._told and len(self._told) < MOST_TOLD:
                self._told.add(told)
                where = {"customer": source.customer.code, "source": source.name, "peer": memo.peer}
                log.warning("an SNMPv3 engine waits for approval", engine=memo.engine_id.hex(), **where)
