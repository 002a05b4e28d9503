"""The list from which engineers work: its order, its filters, its pages, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from collector.domain.case import Case, CaseStatus
from collector.domain.ids import ExternalKey
from collector.domain.signal import CaseKind, Urgency
from collector.store.case_list import ServiceFilter, list_by_service, place_of
from collector.store.cases import insert_cases
from collector.store.engine import Store
from tests.builders import a_case, a_threat, after, words
from tests.databases import Databases
from tests.integration.store.conftest import People


@pytest.fixture
def sqlite_store(sqlite_databases: Databases) -> Iterator[Store]:
    with sqlite_databases.store() as made:
        yield made


def put(store: Store, people: People, **named: Case) -> None:
    """Write cases, in this order; their host is their name."""
    cases = []
    for name, case in named.items():
        changes: dict[str, Any] = {"customer_id": people.acme, "source_id": None, "key": f"v1:{name}", "host": name}
        cases.append(replaced(case, external_key=ExternalKey(f"TST-{name}"), **changes))
    with store.write() as connection:
        for case in cases:
            insert_cases(connection, [case])


def replaced(case: Case, **changes: Any) -> Case:
    if case.customer_code == "BETA":
        changes.pop("customer_id")
    return replace(case, **changes)


def listed(store: Store, **wanted: Any) -> list[str]:
    with store.read() as connection:
        return [case.host or "" for case in list_by_service(connection, ServiceFilter(**wanted), limit=100)]


def severity(number: int, *, due: float | None = None, **changes: Any) -> Case:
    return a_case(severity=number, due_at=None if due is None else after(minutes=due), **changes)


def test_cases_stand_in_the_order_of_service(store: Store, people: People) -> None:
    put(
        store,
        people,
        four=severity(4, due=1),
        low_threat=a_threat(urgency=Urgency.LOW, due_at=after(minutes=5)),
        three_late=severity(3, due=90),
        three_soon=severity(3, due=10),
        two_undue=severity(2),
        two_due=severity(2, due=500),
        one=severity(1, due=60),
        threat=a_threat(due_at=after(minutes=30)),
        contained=a_threat(contained=True),
        one_same_time=severity(1, due=60),
    )
    assert listed(store) == [
        "threat",
        "one",
        "one_same_time",
        "two_due",
        "two_undue",
        "low_threat",
        "three_soon",
        "three_late",
        "four",
        "contained",
    ]


def test_what_is_closed_is_not_listed_whatever_is_asked_for(store: Store, people: People) -> None:
    put(store, people, open=severity(3), closed=severity(1, status=CaseStatus.CLOSED))
    assert listed(store) == ["open"]
    assert listed(store, statuses=(CaseStatus.CLOSED, CaseStatus.OPEN), text="TST") == ["open"]
    assert listed(store, statuses=(CaseStatus.CLOSED,)) == []
    assert listed(store, statuses=(CaseStatus.CLOSED,), text="TST") == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param({"statuses": (CaseStatus.RESOLVED,)}, ["fixed"], id="status"),
        pytest.param({"kinds": (CaseKind.THREAT_INCIDENT,)}, ["virus"], id="kind"),
        pytest.param({"severities": (2, 4)}, ["proxy", "fixed"], id="severities"),
        pytest.param({"severities": (3,)}, ["dañado"], id="between severities"),
        pytest.param({"customer_code": "ACME"}, ["virus", "proxy", "dañado"], id="customer"),
        pytest.param({"customer_code": "NOBODY"}, [], id="unknown customer"),
        pytest.param({"text": "DANADO"}, ["dañado"], id="text without accents and case"),
        pytest.param({"text": "50%_"}, ["proxy"], id="text is not a pattern"),
        pytest.param({"of_user": "ana"}, ["virus", "dañado"], id="taken by or assigned to"),
        pytest.param({"of_user": "an"}, [], id="a name is not a part of one"),
        pytest.param({"untaken": True}, ["proxy", "dañado", "fixed"], id="untaken"),
        pytest.param({"untaken": True, "severities": (2,), "text": "proxy"}, ["proxy"], id="all at once"),
    ],
)
def test_filters(store: Store, people: People, wanted: dict[str, Any], found: list[str]) -> None:
    put(
        store,
        people,
        virus=a_threat(acknowledged_by="user:ana", acknowledged_at=after(minutes=1), status=CaseStatus.ACKNOWLEDGED),
        proxy=severity(2, title=words("disk at 50%_ of it")),
        dañado=severity(3, assignee="ana"),
        fixed=severity(4, status=CaseStatus.RESOLVED, customer_id=people.beta, customer_code="BETA"),
    )
    assert listed(store, **wanted) == found


@pytest.mark.parametrize("text", [None, "TST"])
def test_pages_hold_every_case_once(store: Store, people: People, text: str | None) -> None:
    cases = {f"c{n}": severity(1 + n % 4, due=None if n % 3 == 0 else n // 5 * 10) for n in range(40)}
    put(store, people, **cases)
    found: list[str] = []
    place = None
    with store.read() as connection:
        whole = [case.host for case in list_by_service(connection, ServiceFilter(text=text), limit=100)]
        while page := list_by_service(connection, ServiceFilter(text=text), after=place, limit=7):
            found += [case.host or "" for case in page]
            place = place_of(page[-1])
    assert found == whole
    assert sorted(found) == sorted(cases)


def test_a_due_time_in_the_far_future_still_stands_before_none(store: Store, people: People) -> None:
    put(store, people, never=severity(3), far=a_case(severity=3, due_at=after() + timedelta(days=365 * 100)))
    assert listed(store) == ["far", "never"]


@pytest.mark.parametrize("wanted", [ServiceFilter(), ServiceFilter(statuses=(CaseStatus.OPEN, CaseStatus.PENDING))])
def test_the_order_comes_from_an_index(sqlite_store: Store, wanted: ServiceFilter) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, parameters: Any, _x: Any, _m: bool) -> None:
        asked.append((statement, parameters))

    event.listen(sqlite_store.engine, "before_cursor_execute", note)
    with sqlite_store.read() as connection:
        list_by_service(connection, wanted, limit=100)
        statement, parameters = asked[-1]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert any("ix_cases_rank_due_at_id" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line for line in plan), plan
