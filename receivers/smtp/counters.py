"""What the mail receiver counts, in plain integers, and how `/metrics` shows it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from collector.domain.clock import NS_PER_SECOND
from collector.domain.item import TallyReason
from collector.metrics import Family
from receivers.smtp.content import Memory
from receivers.smtp.replies import REFUSALS


@dataclass(slots=True)
class SmtpCounters:
    """`open` connections now; the rest since the start of the process. `accepted_octets` counts mail content."""

    memory: Memory
    connections: int = 0
    open: int = 0
    accepted: int = 0
    accepted_octets: int = 0
    commits: int = 0
    commit_ns: int = 0
    handshakes: dict[str, int] = field(default_factory=lambda: {"done": 0, "failed": 0})
    refusals: dict[TallyReason, int] = field(default_factory=lambda: dict.fromkeys(REFUSALS, 0))

    def families(self) -> Iterable[Family]:
        yield _counter("collector_smtp_connections", "Connections accepted or answered 421.", self.connections)
        yield _gauge("collector_smtp_open_connections", "Connections open now.", self.open)
        yield _counter("collector_smtp_accepted_mails", "Mails answered 250, after their commit.", self.accepted)
        yield _counter("collector_smtp_accepted_octets", "Octets of the mails answered 250.", self.accepted_octets)
        yield _counter("collector_smtp_commits", "Group commits of mails.", self.commits)
        yield _counter("collector_smtp_commit_seconds", "Time spent in group commits.", self.commit_ns / NS_PER_SECOND)
        yield _gauge("collector_smtp_in_flight_octets", "Octets being received or waiting for their commit.", self.memory.held)
        ends: list[tuple[tuple[str, ...], float]] = [((result,), count) for result, count in self.handshakes.items()]
        yield Family("collector_smtp_tls_handshakes", "TLS handshakes with mail clients.", "counter", ("result",), ends)
        samples: list[tuple[tuple[str, ...], float]] = [((reason.value,), count) for reason, count in self.refusals.items()]
        yield Family("collector_smtp_refusals", "Mails, recipients and connections refused.", "counter", ("reason",), samples)


def _counter(name: str, documentation: str, value: float) -> Family:
    return Family(name, documentation, "counter", (), [((), value)])


def _gauge(name: str, documentation: str, value: float) -> Family:
    return Family(name, documentation, "gauge", (), [((), value)])
