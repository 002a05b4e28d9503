"""`/metrics` of the whole collector: every role's families merged, with the label `role`; and the gauge of cases.

Fetching the other roles' texts is in `role_metrics`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from collector.domain.case import CaseStatus
from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import Unavailable
from collector.domain.signal import CaseKind
from collector.store.cases import count_by_status
from collector.store.engine import Store

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


class CaseGauge(Collector):
    """`collector_cases`: cases that are not closed. Counted at most every five seconds, left out while the store is away."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._asked_ns: int | None = None
        self._counts: dict[tuple[str, str, str], int] | None = None

    def collect(self) -> Iterator[Metric]:
        now_ns = self._clock.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns >= CASES_KEPT_NS:
            self._asked_ns = now_ns
            self._counts = self._read()
        if self._counts is None:
            return
        gauge = GaugeMetricFamily("collector_cases", "Cases that are not closed", labels=["status", "kind", "severity"])
        for labels, number in self._counts.items():
            gauge.add_metric(labels, number)
        yield gauge

    def _read(self) -> dict[tuple[str, str, str], int] | None:
        try:
            with self._store.read() as connection:
                counted = count_by_status(connection)
        except Unavailable:
            return None
        known = {(status, kind, NO_SEVERITY if severity is None else str(severity)): n for status, kind, severity, n in counted}
        return dict.fromkeys(_every_label_set(), 0) | known


def _every_label_set() -> Iterator[tuple[str, str, str]]:
    for status in CaseStatus:
        if status is not CaseStatus.CLOSED:
            yield status.value, CaseKind.THREAT_INCIDENT.value, NO_SEVERITY
            for severity in range(1, 5):
                yield status.value, CaseKind.SEVERITY_CASE.value, str(severity)
