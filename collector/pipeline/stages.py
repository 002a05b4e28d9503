"""The way of every item, on one screen. Four stages are pure work and hold no lock; the last two are one transaction."""

from dataclasses import dataclass

from collector.domain.ids import StreamName
from collector.domain.terms import Terms
from collector.pipeline.classify import Classifier, classify
from collector.pipeline.correlate import Correlation
from collector.pipeline.decode import decode
from collector.pipeline.draft import Batch, Decoders
from collector.pipeline.effects import write_effects
from collector.pipeline.identify import SourceIndex, identify
from collector.pipeline.repeats import SeenMemory, drop_repeats
from collector.store.case_memory import CaseMemory
from collector.store.engine import Connection
from collector.store.registry import Registry
from collector.store.streams import Position


@dataclass(slots=True)
class Knowledge:
    """What the stages know besides the batch: replaced as a whole when customers or rules change."""

    registry: Registry
    index: SourceIndex
    rules: Classifier
    decoders: Decoders
    site: str
    terms: Terms


def understand(batch: Batch, knowledge: Knowledge, memory: SeenMemory | None, *, trace: bool = False) -> None:
    """decode → identify → drop repeats → classify. `memory` None (reprocessing, explaining) takes nothing for a repeat; `trace`
    notes the matched conditions too."""
    decode(batch, knowledge.decoders)
    identify(batch, knowledge.index)
    if memory is not None:
        drop_repeats(batch, memory)
    classify(batch, knowledge.rules, trace=trace)


def commit(
    connection: Connection,
    batch: Batch,
    knowledge: Knowledge,
    positions: dict[StreamName, Position],
    cases: CaseMemory | None = None,
) -> Correlation:
    """correlate → write, in the caller's transaction. `cases` remembers what earlier batches read."""
    correlation = Correlation(
        connection,
        batch,
        site=knowledge.site,
        self_customer=knowledge.registry.self_customer,
        rules=knowledge.rules,
        cases=cases or CaseMemory(),
    )
    correlation.run()
    correlation.counts = write_effects(connection, batch, correlation.folds, positions, knowledge.terms)
    return correlation
