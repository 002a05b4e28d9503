"""The way of every item, on one screen. Six stages are pure work and hold no lock; stages 7 and 8 are one transaction."""

from dataclasses import dataclass, field

from collector.domain.ids import StreamName
from collector.domain.terms import Terms
from collector.pipeline.believe import Believer, believe
from collector.pipeline.classify import Classifier, classify
from collector.pipeline.clears import Clears
from collector.pipeline.copies import Copies
from collector.pipeline.correlate import Correlation
from collector.pipeline.customer_limit import CustomerLimiter
from collector.pipeline.decode import decode
from collector.pipeline.draft import Batch, Decoders
from collector.pipeline.effects import write_effects
from collector.pipeline.engine_drafts import EngineDrafts
from collector.pipeline.engine_memory import EngineMemory
from collector.pipeline.identify import identify
from collector.pipeline.mail_origin import MailOrigins
from collector.pipeline.refusals import Refusals
from collector.pipeline.repeats import SeenMemory, drop_repeats
from collector.pipeline.source_index import SourceIndex
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
    origins: MailOrigins = field(default_factory=MailOrigins)


@dataclass(slots=True)
class Memory:
    """What `process` remembers of the batches before. A batch becomes part of it only when it is committed."""

    seen: SeenMemory
    copies: Copies
    engines: EngineMemory
    refusals: Refusals
    customers: CustomerLimiter

    def commit(self, batch: Batch, *, now_ns: int) -> None:
        """Take a committed batch over, at `now_ns` of the monotonic clock."""
        self.seen.commit(batch.seen)
        self.copies.commit((digest for digest, _ in batch.seen), now_ns=now_ns)
        self.refusals.commit(batch)
        self.customers.commit(batch)
        if batch.engines is not None:
            batch.engines.commit()


def understand(batch: Batch, knowledge: Knowledge, memory: Memory) -> None:
    """decode → believe → identify → limit customers → drop repeats → classify; then, what of the refused is listed."""
    batch.engines = EngineDrafts(memory.engines)
    batch.clears = Clears(batch, memory.seen)
    decode(batch, knowledge.decoders)
    believe(batch, Believer(knowledge.index, knowledge.decoders.unlock, batch.engines))
    identify(batch, knowledge.index, knowledge.origins)
    memory.customers.judge(batch)
    drop_repeats(batch, memory.seen, memory.copies)
    classify(batch, knowledge.rules)
    memory.refusals.weigh(batch)


def understand_again(batch: Batch, knowledge: Knowledge, believer: Believer, *, trace: bool = False) -> None:
    """The same for what was processed before (to process it again, or to explain it): nothing is taken for a repeat but what
    `believer` knows, and everything is kept. `trace` notes the steps of belief and the matched conditions too."""
    decode(batch, knowledge.decoders)
    believe(batch, believer, trace=trace)
    identify(batch, knowledge.index, knowledge.origins)
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
