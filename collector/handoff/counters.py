"""What the hand-off counts where destinations talk to it, in plain integers."""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from collector.metrics import Family


class EntryResult(StrEnum):
    """What became of something that a destination said about its ticket."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    STALE = "stale"
    REFUSED = "refused"
    ECHO = "echo"
    NOTHING = "nothing"


class HandoffCounters:
    """Counts since the start of the role."""

    def __init__(self) -> None:
        self.inbound: Counter[EntryResult] = Counter()
        self.feed_reads = 0

    def families(self) -> Iterator[Family]:
        results = [((result.value,), float(self.inbound[result])) for result in EntryResult]
        yield Family("collector_handoff_inbound", "Ticket entries by what became of them", "counter", ("result",), results)
        reads = [((), float(self.feed_reads))]
        yield Family("collector_handoff_feed_reads", "Pages of the feed answered", "counter", (), reads)
