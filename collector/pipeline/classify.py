"""Stage 4: the rules say what it is. One draft per notification found in the item and source it came to."""

from collections.abc import Sequence
from typing import Protocol

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome
from collector.domain.signal import Classified
from collector.domain.trap import Trap
from collector.pipeline.draft import Batch, Draft, Entry
from collector.pipeline.own_cases import classify_tally


class Classifier(Protocol):
    """What the pipeline needs of the rules (rules.engine.RuleSet)."""

    def classify_trap(self, trap: Trap, *, source: str, products: tuple[str, ...]) -> Sequence[Classified]: ...

    def classify_mail(self, mail: Mail, *, source: str, products: tuple[str, ...]) -> Sequence[Classified]: ...


def classify(batch: Batch, rules: Classifier) -> None:
    for entry in batch.entries:
        if entry.drafts:
            continue
        if entry.tally is not None:
            classify_tally(entry, entry.tally)
        elif isinstance(entry.decoded, Trap):
            source = entry.sources[0]
            for found in rules.classify_trap(entry.decoded, source=source.name, products=source.products):
                entry.drafts.append(Draft(source, found.outcome, found.reason, found.detail, found.row, found))
        elif isinstance(entry.decoded, Mail):
            _classify_mail(entry, entry.decoded, rules)


def _classify_mail(entry: Entry, mail: Mail, rules: Classifier) -> None:
    for source in entry.sources:
        for found in rules.classify_mail(mail, source=source.name, products=source.products):
            entry.drafts.append(Draft(source, found.outcome, found.reason, found.detail, found.row, found))
    if len(entry.drafts) > 1:
        # Several recipients of ours may each bring rows: number them through, so that every id is used once.
        for number, draft in enumerate(entry.drafts, start=1):
            draft.row = number


_ORDER = {outcome: place for place, outcome in enumerate(Outcome)}


def primary(entry: Entry) -> Draft:
    """The draft whose outcome stands for the item in the ledger: the one that says most (the order of `Outcome`)."""
    return min(entry.drafts, key=lambda draft: _ORDER[draft.outcome])
