"""Notifications, the case log and kept originals as rows, on both databases."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from collector.domain.case import Verdict
from collector.domain.ids import CaseId, NotificationId, StreamName
from collector.domain.item import Transport
from collector.domain.outcome import Outcome, Reason
from collector.domain.trust import Trust
from collector.store.case_log import (
    LogEntry,
    append_log,
    read_log,
)
from collector.store.cases import insert_cases
from collector.store.engine import Connection, Store
from collector.store.notifications import (
    COLUMNS,
    NotificationFilter,
    delete_item,
    find_notifications,
    insert_notifications,
    list_notifications,
)
from collector.store.streams import add_stream
from collector.store.types import to_micros
from tests.builders import NOON, a_case, after
from tests.integration.store.conftest import People

STREAM = StreamName("snmp-0", bulk=False, epoch="k3f9ab")
Rows = Callable[..., tuple[Any, ...]]


@pytest.fixture
def row(store: Store, people: People) -> Rows:
    """Rows of ACME's first console on STREAM, numbered from 1."""
    with store.write() as connection:
        stream_id = add_stream(connection, STREAM).id
    numbers = iter(range(1, 10_000))

    def made(**changes: Any) -> tuple[Any, ...]:
        values = {
            "stream_id": stream_id,
            "seq": next(numbers),
            "row": 0,
            "received_at": to_micros(NOON),
            "transport": "snmp",
            "peer": "192.0.2.1:40000",
            "customer_id": people.acme,
            "source_id": people.console,
            "product": "product",
            "state": Outcome.INFORMATIONAL,
            "reason": Reason.BY_RULE,
            "trust": Trust.AUTHENTICATED,
            "kind": "disk",
            "trap_oid": "1.3.6",
            "subject": "s",
            "text": "t",
            "fields": json.dumps({"a": "\0ñ"}),
            "rule": "r",
            "rule_version": "v",
            "verdict": "",
            "case_id": None,
            "detail": "",
        }
        return tuple({**values, **changes}[name] for name in COLUMNS)

    return made


def seqs(connection: Connection, wanted: NotificationFilter, **page: Any) -> list[int]:
    found = list_notifications(connection, wanted, **{"after": None, "limit": 100, **page})
    return [notification.id.seq for notification in found]


def test_a_notification_comes_back_as_it_was_written(store: Store, people: People, row: Rows) -> None:
    with store.write() as connection:
        case = a_case(customer_id=people.acme, source_id=people.console)
        case_id = insert_cases(connection, [case])[case.external_key]
        insert_notifications(connection, [row(state="case", verdict="opened", case_id=case_id, subject="ñ 😀")])
        (found,) = find_notifications(connection, NotificationId(str(STREAM), 1))
    assert found.id == NotificationId(str(STREAM), 1)
    assert (found.received_at, found.transport, found.peer) == (NOON, Transport.SNMP, "192.0.2.1:40000")
    assert (found.customer_id, found.customer, found.source_id, found.source) == (
        people.acme,
        "ACME",
        people.console,
        "console-1",
    )
    assert (found.state, found.reason, found.trust) == (Outcome.CASE, Reason.BY_RULE, Trust.AUTHENTICATED)
    assert (found.kind, found.trap_oid, found.subject, found.text, found.fields) == ("disk", "1.3.6", "ñ 😀", "t", {"a": "\0ñ"})
    assert (found.rule, found.rule_version, found.verdict, found.case_id) == ("r", "v", "opened", case_id)
    assert found.case == case.external_key


def test_a_strangers_notification_comes_back_too(store: Store, row: Rows) -> None:
    with store.write() as connection:
        insert_notifications(connection, [row(customer_id=None, source_id=None, fields="", state="unattributed")])
        insert_notifications(connection, [])
        (found,) = find_notifications(connection, NotificationId(str(STREAM), 1))
    assert (found.customer, found.source, found.case, found.fields) == (None, None, None, {})


def test_one_item_is_never_written_twice(store: Store, row: Rows) -> None:
    with pytest.raises(Exception, match=r"(?i)unique"), store.write() as connection:
        insert_notifications(connection, [row(seq=5), row(seq=5)])
    with store.read() as connection:
        assert seqs(connection, NotificationFilter()) == []


def test_an_items_rows_are_found_together_and_one_by_one(store: Store, row: Rows) -> None:
    with store.write() as connection:
        insert_notifications(connection, [row(seq=5, row=2), row(seq=5, row=1), row(seq=6)])
        item = NotificationId(str(STREAM), 5)
        assert [found.id.row for found in find_notifications(connection, item)] == [1, 2]
        assert [found.id.row for found in find_notifications(connection, replace(item, row=2))] == [2]
        assert find_notifications(connection, replace(item, row=3)) == []
        assert find_notifications(connection, NotificationId("snmp-0-aaaaaa", 5)) == []
        (kept,) = find_notifications(connection, NotificationId(str(STREAM), 6))
        assert kept.id.seq == 6


def test_taking_an_item_away_takes_all_its_rows_and_no_others(store: Store, row: Rows) -> None:
    with store.write() as connection:
        rows = [row(seq=5, row=1), row(seq=5, row=2), row(seq=6)]
        insert_notifications(connection, rows)
        delete_item(connection, stream_id=rows[0][0], seq=5)
        assert seqs(connection, NotificationFilter()) == [6]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(NotificationFilter(), [1, 2, 3, 4], id="anything"),
        pytest.param(NotificationFilter(states=(Outcome.CASE,)), [1], id="cases"),
        pytest.param(NotificationFilter(states=(Outcome.UNMATCHED, Outcome.UNATTRIBUTED)), [2, 3], id="two states without case"),
        pytest.param(NotificationFilter(states=(Outcome.CASE, Outcome.LOOP)), [1, 4], id="two states with case"),
        pytest.param(NotificationFilter(customer_code="BETA"), [4], id="by customer's code"),
        pytest.param(NotificationFilter(case_id=77), [1], id="by case"),
        pytest.param(NotificationFilter(case_id=78), [], id="by a case that has none"),
    ],
)
def test_a_list_holds_what_the_filter_asks_for(
    store: Store, people: People, row: Rows, wanted: NotificationFilter, expected: list[int]
) -> None:
    with store.write() as connection:
        rows = [
            row(state="case", case_id=77),
            row(state="unmatched"),
            row(state="unattributed", customer_id=None, source_id=None),
            row(state="loop", customer_id=people.beta, source_id=None),
        ]
        insert_notifications(connection, rows)
        assert seqs(connection, wanted) == expected
        own = NotificationFilter(customer_id=people.beta)
        assert seqs(connection, own) == [4]


def test_pages_follow_each_other_without_gap_or_repeat(store: Store, row: Rows) -> None:
    with store.write() as connection:
        insert_notifications(connection, [row() for _ in range(7)])
        for newest_first in (False, True):
            seen: list[int] = []
            cursor: int | None = None
            while page := list_notifications(connection, NotificationFilter(), after=cursor, limit=3, newest_first=newest_first):
                seen += [found.id.seq for found in page]
                cursor = page[-1].cursor
            assert seen == (list(range(7, 0, -1)) if newest_first else list(range(1, 8)))


def test_the_log_is_told_oldest_first_in_pages(store: Store) -> None:
    entries = [
        LogEntry(CaseId(1), after(minutes=n), Verdict.JOINED, "rule:r@v", n, f"{STREAM}-{n}", "texto ñ", {"a": n, "b": None})
        for n in range(1, 6)
    ]
    with store.write() as connection:
        append_log(connection, [*entries, LogEntry(CaseId(2), NOON, Verdict.NOTED, "key:noc")])
        append_log(connection, [])
        first = read_log(connection, CaseId(1), limit=3)
        rest = read_log(connection, CaseId(1), after=first[-1][0], limit=3)
        assert [entry for _, entry in first + rest] == entries
        assert [entry.verdict for _, entry in read_log(connection, CaseId(2))] == [Verdict.NOTED]
