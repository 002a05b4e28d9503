"""What the journal counts in one process, as plain integers."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from collector.domain.clock import NS_PER_SECOND
from collector.domain.ids import StreamName
from collector.metrics import Family

_COUNTERS = (
    ("items", "collector_journal_appended_items", "Items made durable"),
    ("octets", "collector_journal_appended_bytes", "Octets made durable, with the journal's own"),
    ("commits", "collector_journal_commits", "Groups of items made durable together"),
    ("commit_ns", "collector_journal_commit_seconds", "Time spent on making groups durable"),
    ("failures", "collector_journal_failed_commits", "Groups that the disk refused"),
    ("torn_tails", "collector_journal_torn_tails", "Unfinished groups cut off when a writer opened"),
    ("corrupt_frames", "collector_journal_corrupt_frames_skipped", "Damaged places stepped over by readers"),
)


@dataclass(slots=True)
class StreamCounts:
    """`durable_end` is the newest durable sequence number that this process knows of."""

    items: int = 0
    octets: int = 0
    commits: int = 0
    commit_ns: int = 0
    failures: int = 0
    torn_tails: int = 0
    corrupt_frames: int = 0
    durable_end: int = 0


@dataclass(slots=True)
class JournalCounts:
    """One set of counts per stream that this process has opened."""

    streams: dict[StreamName, StreamCounts] = field(default_factory=dict)

    def of(self, stream: StreamName) -> StreamCounts:
        return self.streams.setdefault(stream, StreamCounts())

    def families(self) -> Iterable[Family]:
        streams = sorted(self.streams.items())
        for attribute, name, documentation in _COUNTERS:
            scale = NS_PER_SECOND if attribute == "commit_ns" else 1
            samples = [((str(stream),), getattr(counts, attribute) / scale) for stream, counts in streams]
            yield Family(name, documentation, "counter", ("stream",), samples)
        ends = [((str(stream),), float(counts.durable_end)) for stream, counts in streams]
        yield Family("collector_journal_durable_end", "Newest durable sequence number", "gauge", ("stream",), ends)
