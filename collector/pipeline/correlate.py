"""Stage 7, inside the transaction: the signals of the batch meet the cases that hold their keys."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from collector.domain.case import Case, CaseStatus, Verdict
from collector.domain.clock import from_ns
from collector.domain.correlation import CLEARED, JOINED, Decision, decide, makes_active, was_cleared_since
from collector.domain.ids import CaseId, CustomerId, ExternalKey, SourceId, external_key
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Customer
from collector.domain.signal import Classified, MatchedCondition, Signal, SignalType
from collector.pipeline.classify import Classifier, classify_from
from collector.pipeline.draft import Batch, Draft, Entry
from collector.pipeline.fold import CaseFold
from collector.pipeline.own_cases import PACK
from collector.store.case_memory import CaseMemory
from collector.store.cases import find_last_closed
from collector.store.engine import Connection
from collector.store.ledger import LedgerKey

_Key = tuple[CustomerId, str]
_UNNUMBERED = CaseId(0)
_WITHOUT_EFFECT = (Verdict.IGNORED_CLEAR, Verdict.SUPPRESSED)
_FOUND_NOTHING = (Reason.CLEAR_WITHOUT_CASE, Reason.CLEAR_REPEATED)


class Correlation:
    """The cases a batch touches: read once, decided in order of arrival, written together."""

    def __init__(
        self,
        connection: Connection,
        batch: Batch,
        *,
        site: str,
        self_customer: Customer,
        rules: Classifier,
        cases: CaseMemory,
    ) -> None:
        self._cases = cases
        self._connection = connection
        self._batch = batch
        self._site = site
        self._self_customer = self_customer
        self._rules = rules
        self.folds: list[CaseFold] = []
        self.counts: Counter[LedgerKey] = Counter()
        """What the ledger was told, once the batch is written."""
        self._holding: dict[_Key, CaseFold] = {}
        self._previous: dict[_Key, ExternalKey] = {}
        self._traced: dict[tuple[int, SourceId], dict[int, Classified]] = {}

    def run(self) -> None:
        """Decide every signal of the batch and leave the verdict in its draft."""
        self._read_holders()
        for entry, draft, signal in self._signals():
            self._decide(entry, draft, signal)

    def _signals(self) -> Iterator[tuple[Entry, Draft, Signal]]:
        for entry in self._batch.entries:
            for draft in entry.drafts:
                if draft.classified is not None and draft.classified.signal is not None:
                    yield entry, draft, draft.classified.signal

    def _customer(self, draft: Draft) -> Customer:
        return draft.source.customer if draft.source else draft.customer or self._self_customer

    def _read_holders(self) -> None:
        keys = {(self._customer(draft).id, signal.key) for _, draft, signal in self._signals()}
        for key, case in self._cases.find_open(self._connection, keys).items():
            self._add(key, CaseFold(case, is_new=False))
        self._previous = find_last_closed(self._connection, keys - self._holding.keys())

    def _add(self, key: _Key, fold: CaseFold) -> None:
        self._holding[key] = fold
        self.folds.append(fold)

    def _decide(self, entry: Entry, draft: Draft, signal: Signal) -> None:
        key = (self._customer(draft).id, signal.key)
        fold = self._holding.get(key)
        case = None if fold is None else _present(fold, signal)
        at = self._time_of(entry, signal, case)
        source_id, trust = draft.source.id if draft.source else None, entry.trust_of(draft.source)
        decision = decide(case, signal, at=at, source_id=source_id, trust=trust)
        cleared_at = self._cleared_since(entry, draft, key, decision)
        if cleared_at is not None:
            decision = was_cleared_since(decision, case, signal)
        draft.verdict = decision.verdict
        if decision is JOINED and fold is not None:
            fold.join(entry, draft, signal, at=at)
        elif decision.verdict in _WITHOUT_EFFECT:
            draft.outcome, draft.reason = Outcome.INFORMATIONAL, decision.reason
            return
        elif fold is None or decision.replaces:
            if fold is not None:
                fold.close(at=at, reason="quiet after it was resolved")
            fold = self._open(key, entry, draft, decision)
        else:
            fold.change(entry, draft, decision, signal, at=at, trust=trust)
        if decision.cleared and cleared_at is not None:
            fold.change(entry, draft, CLEARED, signal, at=cleared_at, trust=trust)
        draft.fold = fold

    def _cleared_since(self, entry: Entry, draft: Draft, key: _Key, decision: Decision) -> datetime | None:
        """When a clear arrived that was processed before the signal that it clears. A clear that finds nothing is remembered."""
        clears = self._batch.clears
        if clears is None:
            return None
        if decision.reason in _FOUND_NOTHING:
            clears.note(entry, key, draft.source)
        return clears.since(entry, key, draft.source) if makes_active(decision) else None

    def _time_of(self, entry: Entry, signal: Signal, case: Case | None) -> datetime:
        """When it happened, for the decision.

        What a person reprocesses happens now, but for a clear: it says how it was then. A console's own lane keeps its order
        whatever the clock of this machine does, so there the time of a case never goes back; between lanes only the time tells,
        and so it does when a bulk lane has been ahead.
        """
        at = from_ns(entry.item.received_at_ns) if signal.type is SignalType.CLEAR else self._batch.at(entry)
        if case is None or case.status is CaseStatus.RESOLVED or self._batch.late_at is not None:
            return at
        latest = max(case.last_seen_at, case.cleared_at or case.last_seen_at)
        if at >= latest or case.channel != entry.item.transport.value or entry.item.is_bulk:
            return at
        return at if entry.item.monotonic_ns < self._batch.bulk_reached_ns else latest

    def _open(self, key: _Key, entry: Entry, draft: Draft, decision: Decision) -> CaseFold:
        found, at = draft.classified, self._batch.at(entry)
        if found is None or found.signal is None:
            raise ValueError("only a signal opens a case")
        replaced = self._holding.get(key)
        previous = replaced.known.external_key if replaced else self._previous.get(key)
        case = self._new_case(entry, draft, found, found.signal, previous)
        fold = CaseFold(case, is_new=True)
        fold.opened(entry, draft, decision.verdict, at=at, late=self._batch.late_at is not None)
        self._add(key, fold)
        return fold

    def _new_case(self, entry: Entry, draft: Draft, found: Classified, signal: Signal, previous: ExternalKey | None) -> Case:
        customer, at = self._customer(draft), self._batch.at(entry)
        return Case(
            id=_UNNUMBERED,
            external_key=external_key(
                self._site, entry.item.received_at_ns, entry.id_of(draft), f"{customer.code}\0{signal.key}"
            ),
            customer_id=customer.id,
            customer_code=customer.code,
            key=signal.key,
            kind=signal.kind,
            severity=signal.severity,
            urgency=signal.urgency,
            contained=signal.contained,
            status=CaseStatus.OPEN,
            level=1,
            trust=entry.trust_of(draft.source),
            needs_triage=signal.needs_triage,
            review_for_severity_1=signal.review_for_severity_1,
            title=signal.title,
            summary=signal.summary,
            steps=signal.steps,
            product=signal.product,
            pack=signal.pack,
            rule=signal.rule,
            rule_version=signal.rule_version,
            source_id=draft.source.id if draft.source else None,
            source_name=draft.source.name if draft.source else "",
            channel=entry.item.transport.value,
            host=signal.host,
            source_severity=signal.source_severity,
            fields=found.fields,
            matched=self._matched(entry, draft),
            opened_at=at,
            last_seen_at=at,
            occurrences=1,
            quiet_close=signal.quiet_close,
            previous_case=previous,
        )

    def _matched(self, entry: Entry, draft: Draft) -> tuple[MatchedCondition, ...]:
        """The conditions that made the rule match, worked out only for items that open a case, once for all their rows. Rules of
        our own have none."""
        found = draft.classified
        if found is None or draft.source is None or found.pack == PACK:
            return ()
        traced = self._traced.get((id(entry), draft.source.id))
        if traced is None:
            again = classify_from(entry, draft.source, self._rules, trace=True)
            traced = self._traced[id(entry), draft.source.id] = {one.row: one for one in again}
        same = traced.get(found.row)
        return same.matched if same is not None and same.rule == found.rule else ()


def _present(fold: CaseFold, signal: Signal) -> Case:
    """The case for a decision. Counting the repeats first costs more than the decision, so it is done only where their time or
    trust matters: for what clears, and for what was resolved."""
    clears = signal.type is SignalType.CLEAR or (signal.contained and not fold.known.contained)
    return fold.case if clears or fold.known.status is CaseStatus.RESOLVED else fold.known
