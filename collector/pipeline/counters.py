"""What the process role counts, in plain integers."""

from collections import Counter
from collections.abc import Iterator

from collector.domain.case import Verdict
from collector.domain.outcome import Outcome, Reason
from collector.metrics import Family
from collector.pipeline.draft import Batch
from collector.store.ledger import LedgerKey

UNAUTHENTICATED = (
    *(Reason.UNKNOWN_ENGINE, Reason.UNKNOWN_USER, Reason.LEVEL_TOO_LOW, Reason.WRONG_DIGEST),
    *(Reason.DECRYPTION_ERROR, Reason.NOT_IN_TIME_WINDOW, Reason.REPLAYED),
)
"""Why v3 messages are not believed."""


class ProcessCounters:
    """Counts since the start of the role."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.verdicts: Counter[Verdict] = Counter()
        self.unauthenticated: Counter[str] = Counter()
        self.batches = 0
        self.items = 0
        self.seconds = 0.0
        self.poisoned = 0
        self.store_failures = 0
        self.pending = 0
        self.yields = 0
        self.engines_seen = 0
        self.engines_approved = 0
        self.left_out = 0
        self.over_customer_rate = 0
        self.ambiguous = 0

    def count(self, batch: Batch, counts: Counter[LedgerKey], seconds: float) -> None:
        """Add a committed batch; `counts` is what the ledger was told of it."""
        self.batches += 1
        self.items += len(batch.entries)
        self.seconds += seconds
        for key, number in counts.items():
            self.outcomes[key.transport, key.outcome] += number
            if key.outcome == Outcome.UNAUTHENTICATED.value:
                self.unauthenticated[key.reason] += number
            elif key.reason == Reason.CUSTOMER_RATE.value:
                self.over_customer_rate += number
            elif key.reason == Reason.AMBIGUOUS_SOURCE.value:
                self.ambiguous += number
        self.verdicts.update([draft.verdict for entry in batch.entries for draft in entry.drafts if draft.verdict is not None])

    def families(self) -> Iterator[Family]:
        outcomes = [((t, o.value), float(self.outcomes[t, o.value])) for t in ("snmp", "smtp") for o in Outcome]
        yield Family("collector_items", "Journal items by what became of them", "counter", ("transport", "outcome"), outcomes)
        verdicts = [((verdict.value,), float(self.verdicts[verdict])) for verdict in Verdict]
        refused = [((reason.value,), float(self.unauthenticated[reason.value])) for reason in UNAUTHENTICATED]
        yield Family("collector_snmp_unauthenticated", "SNMPv3 messages not believed, and why", "counter", ("reason",), refused)
        engines = [(("seen",), float(self.engines_seen)), (("approved",), float(self.engines_approved))]
        yield Family("collector_snmp_engines", "SNMPv3 engines that speak for consoles", "gauge", ("state",), engines)
        yield Family("collector_signals", "Signals by what they did to a case", "counter", ("verdict",), verdicts)
        for name, documentation, value in (
            ("collector_process_batches", "Batches committed", self.batches),
            ("collector_process_items", "Items committed, tallies included", self.items),
            ("collector_process_seconds", "Time spent on committed batches", self.seconds),
            ("collector_process_poisoned", "Items parked because a stage failed on them", self.poisoned),
            ("collector_process_store_failures", "Batches repeated because the store was away", self.store_failures),
            ("collector_process_yields", "Pauses made for another writer", self.yields),
            (
                "collector_over_customer_rate",
                "Traps far above their customer's rate, only counted",
                self.over_customer_rate,
            ),
            (
                "collector_ambiguous_source",
                "Traps and informs that more than one source fits: the customers file must tell them apart",
                self.ambiguous,
            ),
            ("collector_refusals_left_out", "Refused datagrams that are counted and not kept", self.left_out),
        ):
            yield Family(name, documentation, "counter", (), [((), float(value))])
        yield Family("collector_process_pending", "Durable items not processed yet", "gauge", (), [((), float(self.pending))])
