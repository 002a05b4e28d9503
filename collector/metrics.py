"""How counters reach `/metrics`. Hot paths count in plain integers and hand them over as families when somebody scrapes;
no registry, no metric object and no lock stand on those paths."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector, CollectorRegistry


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples. Counters are named without `_total`. Label sets are closed: each value is there at once."""

    name: str
    documentation: str
    kind: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    samples: Sequence[tuple[tuple[str, ...], float]]


class FamilySource(Protocol):
    """Something that counts."""

    def families(self) -> Iterable[Family]: ...


class FamilyCollector(Collector):
    """Shows a FamilySource to a Prometheus registry."""

    def __init__(self, source: FamilySource) -> None:
        self._source = source

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        for family in self._source.families():
            make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            metric = make(family.name, family.documentation, labels=family.labels)
            for values, number in family.samples:
                metric.add_metric(values, number)
            yield metric


def register(registry: CollectorRegistry, *sources: FamilySource) -> None:
    for source in sources:
        registry.register(FamilyCollector(source))
