"""The clocks of changed cases: which deadlines begin, go on or end. What a change means is collector.domain.clocks' business."""

from collections.abc import Sequence

from collector.changes.change import CaseChange
from collector.domain.case import changed
from collector.domain.clocks import CHANGES_CLOCKS, Happening, Promise, next_due, wind
from collector.domain.registry import SELF_CODE
from collector.store.deadlines import insert_deadlines, read_deadlines, update_deadlines
from collector.store.engine import Connection


def wind_clocks(connection: Connection, changes: Sequence[CaseChange], promise: Promise) -> None:
    """Fill in the deadlines of every change that touches them, and the case's due time. The collector's own cases have none."""
    touched = [change for change in changes if change.case.customer_code != SELF_CODE and _touches(change)]
    known = read_deadlines(connection, [change.case.id for change in touched if not change.is_new])
    for change in touched:
        before = known.get(change.case.id, [])
        after = list(before)
        for step in change.steps:
            if step.entry.verdict in CHANGES_CLOCKS:
                after = wind(promise, step.case, after, Happening(step.entry.verdict, step.at, step.entry.actor))
        unchanged = {one.id: one for one in before}
        change.deadlines = after
        change.changed_deadlines = [one for one in after if unchanged.get(one.id) != one]
        if (due_at := next_due(after)) != change.case.due_at:
            change.case = changed(change.case, due_at=due_at)


def _touches(change: CaseChange) -> bool:
    return any(step.entry.verdict in CHANGES_CLOCKS for step in change.steps)


def write_clocks(connection: Connection, changes: Sequence[CaseChange]) -> None:
    """New cases have their ids by now."""
    changed = [(change.case.id, one) for change in changes for one in change.changed_deadlines]
    insert_deadlines(connection, [(case_id, one) for case_id, one in changed if one.id == 0])
    update_deadlines(connection, [one for _, one in changed if one.id != 0])
