"""`/metrics` of the whole collector: every role's families merged, with the label `role`; and what only the
store can count: cases, promised times and messages.

Fetching the other roles' texts is in `role_metrics`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from collector.domain.case import CaseStatus
from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.deadline import OWED, DeadlineName, DeadlineState
from collector.domain.errors import Unavailable
from collector.domain.message import MessageType
from collector.domain.signal import CaseKind
from collector.store.cases import count_by_status
from collector.store.deadlines import count_deadlines
from collector.store.engine import Store
from collector.store.messages import count_written, last_position

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
OWN_ROLE = "api"
CASES_KEPT_NS = 5 * NS_PER_SECOND
NO_SEVERITY = "none"


def merged(own: CollectorRegistry, texts: Mapping[str, str | None]) -> bytes:
    """The text format of our own registry and of the other roles' texts. A text that cannot be read counts as no answer."""
    families: dict[str, Metric] = {}
    up = GaugeMetricFamily("collector_role_up", "Whether the role shows its metrics", labels=["role"])
    _add(families, OWN_ROLE, own.collect())
    up.add_metric([OWN_ROLE], 1)
    for role, text in texts.items():
        parsed = None if text is None else _parsed(text)
        _add(families, role, parsed or ())
        up.add_metric([role], 0 if parsed is None else 1)
    return generate_latest(_Given([*families.values(), up]))


def _parsed(text: str) -> Sequence[Metric] | None:
    try:
        return list(text_string_to_metric_families(text))
    except (ValueError, KeyError, IndexError):
        return None


def _add(families: dict[str, Metric], role: str, added: Iterable[Metric]) -> None:
    """One family per name, as the format demands. The same name with another type would break the whole page: left out."""
    for family in added:
        known = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
        if known.type == family.type:
            known.samples += [_labelled(sample, role) for sample in family.samples]


def _labelled(sample: Sample, role: str) -> Sample:
    """What the supervisor counts of a role has that role's name already."""
    return sample._replace(labels={"role": role, **sample.labels})


class _Given(CollectorRegistry):
    """A registry that shows what it was given."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__()
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        yield from self._families


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a look into the store found, by label values."""

    cases: dict[tuple[str, str, str], int]
    deadlines: dict[tuple[str, str], int]


class CaseGauge(Collector):
    """`collector_cases` and `collector_deadlines`: cases that are not closed, promised times that are owed. Counted at most every
    five seconds, left out while the store is away."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._asked_ns: int | None = None
        self._counted: _Counted | None = None

    def collect(self) -> Iterator[Metric]:
        now_ns = self._clock.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns >= CASES_KEPT_NS:
            self._asked_ns = now_ns
            self._counted = self._read()
        if self._counted is None:
            return
        cases = GaugeMetricFamily("collector_cases", "Cases that are not closed", labels=["status", "kind", "severity"])
        for labels, number in self._counted.cases.items():
            cases.add_metric(labels, number)
        deadlines = GaugeMetricFamily("collector_deadlines", "Promised times that are owed", labels=["name", "state"])
        for pair, number in self._counted.deadlines.items():
            deadlines.add_metric(pair, number)
        yield from (cases, deadlines)

    def _read(self) -> _Counted | None:
        try:
            with self._store.read() as connection:
                cases, deadlines = count_by_status(connection), count_deadlines(connection)
        except Unavailable:
            return None
        known = {(status, kind, NO_SEVERITY if severity is None else str(severity)): n for status, kind, severity, n in cases}
        owed = dict.fromkeys(((name.value, state.value) for name in DeadlineName for state in DeadlineState if state in OWED), 0)
        return _Counted(
            dict.fromkeys(_every_label_set(), 0) | known, owed | {(name, state): number for name, state, number in deadlines}
        )


class FeedMetrics(Collector):
    """The newest place of the feed and how many messages were written, whoever wrote them: the store counts them with each. Left
    out while the store is away."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        try:
            with self._store.read() as connection:
                position, written = last_position(connection), count_written(connection)
        except Unavailable:
            return
        yield GaugeMetricFamily("collector_handoff_feed_position", "Place of the newest message in the feed", value=position)
        counted = CounterMetricFamily("collector_handoff_messages_total", "Messages written for ticketing", labels=["type"])
        for kind in MessageType:
            counted.add_metric([kind.value], written[kind])
        yield counted


def _every_label_set() -> Iterator[tuple[str, str, str]]:
    for status in CaseStatus:
        if status is not CaseStatus.CLOSED:
            yield status.value, CaseKind.THREAT_INCIDENT.value, NO_SEVERITY
            for severity in range(1, 5):
                yield status.value, CaseKind.SEVERITY_CASE.value, str(severity)
