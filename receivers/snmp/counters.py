"""What the SNMP receiver counts, in plain integers that a scrape turns into metrics. Each is written by one thread only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collector.domain.outcome import Reason
from collector.metrics import Family
from receivers.snmp.arrivals import Arrivals

_NOT_BELIEVED = (
    Reason.UNKNOWN_COMMUNITY,
    Reason.UNKNOWN_USER,
    Reason.LEVEL_TOO_LOW,
    Reason.WRONG_DIGEST,
    Reason.DECRYPTION_ERROR,
    Reason.DECODER_FAILED,
)


@dataclass(slots=True)
class ListenerCounters:
    """What is counted per listening socket. `over_limit`: datagrams above their sender's rate; `left_out`: those of them that are
    only counted. `buffer_octets` is a gauge: the receive buffer that the kernel granted."""

    datagrams: int = 0
    octets: int = 0
    receive_errors: int = 0
    kernel_drops: int = 0
    over_limit: int = 0
    left_out: int = 0
    buffer_octets: int = 0


@dataclass(slots=True)
class SnmpCounters:
    """`held_back`: traps and informs stored on the bulk lane. `refused_*`: datagrams that were not stored. `answers_*` and
    `not_believed`: informs stored but not answered, and why.
    `unknown_engines`, `not_in_time`: what usmStats counts (RFC 3414 section 5), asked for and not only answered.
    `reports_*`: Reports that were due and not sent. `engine_boots` is a gauge."""

    arrivals: Arrivals
    listeners: Mapping[str, ListenerCounters]
    stored: int = 0
    held_back: int = 0
    refused_over_limit: int = 0
    refused_disk_short: int = 0
    refused_not_ready: int = 0
    buffer_full: int = 0
    abandoned: int = 0
    informs_answered: int = 0
    answers_failed: int = 0
    answers_limited: int = 0
    answers_malformed: int = 0
    not_believed: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(_NOT_BELIEVED, 0))
    unknown_engines: int = 0
    not_in_time: int = 0
    discoveries_answered: int = 0
    time_reports_sent: int = 0
    reports_limited: int = 0
    reports_too_large: int = 0
    reports_failed: int = 0
    engine_boots: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    commit_failures: int = 0
    stalled: bool = False

    def families(self) -> Iterable[Family]:
        yield self._per_listener("received_datagrams", "Datagrams taken from the socket.", "datagrams")
        yield self._per_listener("received_bytes", "Octets of the datagrams taken from the socket.", "octets")
        yield self._per_listener("receive_errors", "Errors while receiving.", "receive_errors")
        yield self._per_listener("kernel_drops", "Datagrams that the kernel dropped before they were taken.", "kernel_drops")
        yield self._per_listener("receive_buffer_bytes", "Receive buffer that the kernel granted.", "buffer_octets", gauge=True)
        yield _counter("stored", "Datagrams durably in the journal, by lane.", ("lane",), main=self.stored, bulk=self.held_back)
        yield self._per_listener("over_limit", "Datagrams above the rate of their sender.", "over_limit")
        yield self._per_listener("left_out", "Datagrams far above the rate of their sender: counted, not stored.", "left_out")
        yield _counter(
            "refused",
            "Datagrams that were not stored, by reason.",
            ("reason",),
            over_limit=self.refused_over_limit,
            disk_short=self.refused_disk_short,
            not_ready=self.refused_not_ready,
            buffer_full=self.buffer_full,
            abandoned=self.abandoned,
        )
        yield _counter("informs_answered", "Informs answered after the commit.", (), all=self.informs_answered)
        yield _counter(
            "informs_unanswered",
            "Informs, and v3 messages for the own engine, stored but not answered, by reason.",
            ("reason",),
            send_failed=self.answers_failed,
            limited=self.answers_limited,
            malformed=self.answers_malformed,
            **{reason.value: number for reason, number in self.not_believed.items()},
        )
        yield _counter(
            "reports",
            "Reports sent, by kind.",
            ("kind",),
            engine_discovery=self.discoveries_answered,
            time_synchronisation=self.time_reports_sent,
        )
        yield _counter(
            "reports_unsent",
            "Reports that were due and not sent, by reason.",
            ("reason",),
            limited=self.reports_limited,
            too_large=self.reports_too_large,
            send_failed=self.reports_failed,
        )
        yield _gauge("engine_boots", "Boots of the own SNMP engine.", self.engine_boots)
        yield _counter("commits", "Groups committed to the journal.", (), all=self.commits)
        yield _counter("commit_seconds", "Time spent in commits.", (), all=self.commit_seconds)
        yield _counter("commit_failures", "Commits that the journal refused.", (), all=self.commit_failures)
        yield _gauge("journal_stalled", "1 while the journal takes nothing.", float(self.stalled))
        yield _gauge("waiting_datagrams", "Datagrams received and not yet committed.", self.arrivals.datagrams)
        yield _gauge("waiting_bytes", "Octets received and not yet committed.", self.arrivals.octets)

    def unanswered(self, reason: Reason) -> None:
        """One inform of which the sender is not believed, or that no one can read."""
        if reason in self.not_believed:
            self.not_believed[reason] += 1
        else:
            self.answers_malformed += 1

    def _per_listener(self, name: str, documentation: str, attribute: str, *, gauge: bool = False) -> Family:
        samples = [((listener,), float(getattr(counters, attribute))) for listener, counters in self.listeners.items()]
        return Family(f"collector_snmp_{name}", documentation, "gauge" if gauge else "counter", ("listener",), samples)


def _counter(name: str, documentation: str, labels: tuple[str, ...], **values: float) -> Family:
    samples = [((value,) if labels else (), float(number)) for value, number in values.items()]
    return Family(f"collector_snmp_{name}", documentation, "counter", labels, samples)


def _gauge(name: str, documentation: str, value: float) -> Family:
    return Family(f"collector_snmp_{name}", documentation, "gauge", (), [((), float(value))])
