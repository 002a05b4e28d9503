"""Stage 6: the rules say what it is. One draft per notification found in the item and source it came to."""

from collections.abc import Sequence
from typing import Protocol

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.signal import Classified
from collector.domain.trap import Trap
from collector.journal.envelope import decode_envelope
from collector.pipeline.draft import Batch, Draft, Entry
from collector.pipeline.own_cases import classify_tally
from collector.pipeline.support_mail import classify_support_mail


class Classifier(Protocol):
    """What the pipeline needs of the rules (rules.engine.RuleSet)."""

    def classify_trap(
        self, trap: Trap, *, source: str, products: tuple[str, ...], trace: bool = False
    ) -> Sequence[Classified]: ...

    def classify_mail(
        self, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False
    ) -> Sequence[Classified]: ...


def classify(batch: Batch, rules: Classifier, *, trace: bool = False) -> None:
    for entry in batch.entries:
        if entry.drafts:
            continue
        if entry.tally is not None:
            classify_tally(entry, entry.tally)
            continue
        entry.classified = True
        before = entry.before
        if before is not None and before.classified and before.sources == entry.sources:
            entry.drafts = before.drafts
            continue
        for source in entry.sources:
            for found in classify_from(entry, source, rules, trace=trace):
                entry.drafts.append(Draft(source, found.outcome, found.reason, found.detail, found.row, found))
        if entry.sources and not entry.drafts:
            entry.settle(Outcome.UNMATCHED, Reason.NO_KIND, source=entry.sources[0])
        if isinstance(entry.decoded, Mail):
            _number_rows(entry)


def classify_from(entry: Entry, source: Source, rules: Classifier, *, trace: bool) -> Sequence[Classified]:
    """What the rules say about the entry as a notification of `source`. No rule is asked about what people write."""
    if isinstance(entry.decoded, Trap):
        return rules.classify_trap(entry.decoded, source=source.name, products=source.products, trace=trace)
    if isinstance(entry.decoded, Mail):
        if source.is_support_mailbox:
            return (classify_support_mail(entry.decoded, decode_envelope(entry.item.envelope).mail_from),)
        return rules.classify_mail(entry.decoded, source=source.name, products=source.products, trace=trace)
    return ()


def _number_rows(entry: Entry) -> None:
    if len(entry.drafts) > 1:
        # Several recipients of ours may each bring rows: number them through, so that every id is used once.
        for number, draft in enumerate(entry.drafts, start=1):
            draft.row = number


_ORDER = {outcome: place for place, outcome in enumerate(Outcome)}


def primary(entry: Entry) -> Draft:
    """The draft whose outcome stands for the item in the ledger: the one that says most (the order of `Outcome`)."""
    if len(entry.drafts) == 1:
        return entry.drafts[0]
    return min(entry.drafts, key=lambda draft: _ORDER[draft.outcome])
