"""How many SNMPv3 users have protocols that can be broken, for those who watch over the installation."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from collector.domain.registry import Source
from collector.domain.snmp_access import AuthProtocol, PrivProtocol
from collector.metrics import Family

WEAK = tuple(protocol.value for kind in (AuthProtocol, PrivProtocol) for protocol in kind if protocol.weak)


class WeakUsers:
    """`sources` are asked for at each scrape."""

    def __init__(self, sources: Callable[[], Iterable[Source]]) -> None:
        self._sources = sources

    def families(self) -> Iterator[Family]:
        users = [source.snmp.user for source in self._sources() if source.snmp is not None and source.snmp.user is not None]
        found = Counter(protocol for user in users for protocol in user.weak)
        samples = [((protocol,), float(found[protocol])) for protocol in WEAK]
        yield Family(
            "collector_snmp_weak_users", "SNMPv3 users with a protocol that can be broken", "gauge", ("protocol",), samples
        )
