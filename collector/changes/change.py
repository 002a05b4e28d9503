"""A case on its way into the store: what it has become, and the steps that led there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from collector.domain.case import Case, changed
from collector.domain.deadline import Deadline
from collector.domain.ids import CaseId
from collector.domain.message import Told
from collector.store.case_log import LogEntry


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history, and the case as it was right after it. `happened_at`: when it happened, where that is not when it
    was written down."""

    entry: LogEntry
    case: Case
    happened_at: datetime | None = None

    @property
    def at(self) -> datetime:
        return self.happened_at or self.entry.at


@dataclass(slots=True)
class CaseChange:
    """`told_by` is the destination that made the change: it is not told of it. `deadlines` and `told` are filled in by
    `collector.changes.write.plan`; `deadlines` may be given when it is they that changed. Those of a new case do not name it."""

    case: Case
    steps: Sequence[Step] = ()
    is_new: bool = False
    told_by: str | None = None
    deadlines: list[Deadline] = field(default_factory=list)
    changed_deadlines: list[Deadline] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def log(self) -> list[LogEntry]:
        return [step.entry for step in self.steps]

    def number(self, case_id: CaseId) -> None:
        """The store gave the new case its id."""
        self.case = changed(self.case, id=case_id)
        self.steps = [replace(step, entry=replace(step.entry, case_id=case_id)) for step in self.steps]
