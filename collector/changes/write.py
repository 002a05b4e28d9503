"""The one way in which cases change in the store: clocks wound, messages planned, cases, history and messages written, all in the
caller's transaction. Who changes what is decided by the callers."""

from collections.abc import Sequence

from collector.changes.change import CaseChange
from collector.changes.clocks import wind_clocks, write_clocks
from collector.changes.outbox import plan_messages, post
from collector.domain.terms import Terms
from collector.store.case_log import append_log
from collector.store.cases import insert_cases, update_cases
from collector.store.engine import Connection


def plan(connection: Connection, changes: Sequence[CaseChange], terms: Terms) -> None:
    """What comes with the changes; afterwards their cases are as they are to be written."""
    wind_clocks(connection, changes, terms.promise)
    for change in changes:
        plan_messages(change)


def write(connection: Connection, changes: Sequence[CaseChange]) -> None:
    """Cases, history and deadlines. First what gives up its key, then what takes it: at any moment one open case per key."""
    update_cases(connection, [change.case for change in changes if not change.is_new])
    new = [change for change in changes if change.is_new]
    numbers = insert_cases(connection, [change.case for change in new])
    for change in new:
        change.number(numbers[change.case.external_key])
    append_log(connection, [entry for change in changes for entry in change.log])
    write_clocks(connection, changes)


def record(connection: Connection, changes: Sequence[CaseChange], terms: Terms) -> None:
    """Everything at once, for changes whose notifications are in the store."""
    plan(connection, changes, terms)
    write(connection, changes)
    post(connection, changes, terms)
