"""What the API asks of the store, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.ids import CustomerId
from collector.store.engine import Store
from collector.store.notifications import newest_of_cases
from collector.store.registry import find_customer, load_customers
from tests.api_world import World, world


@pytest.fixture
def collector(store: Store, tmp_path: Path) -> Iterator[World]:
    with world(store, tmp_path) as made:
        yield made


def test_every_answer_is_the_same_on_both(collector: World) -> None:
    admin = collector.named_key("bridge", "all")
    [first, *_] = collector.hear("case disk", "case disk", "threat pc-1", "info x", "nonsense")
    case = admin.items(
        "/api/v1/cases", params={"text": "DISK", "status": "open", "severity": "3", "since": "2026-01-01T00:00:00Z"}
    )[0]
    path = f"/api/v1/cases/{case['external_key']}"
    note = {"Idempotency-Key": "k%_1"}
    for _ in range(2):
        assert admin.post(f"{path}/notes", {"text": "ñ"}, headers=note).status_code == 200
    assert admin.post(f"{path}/acknowledge", headers={"If-Match": '"3"'}).json()["status"] == "acknowledged"
    assert [line["verdict"] for line in admin.items(f"{path}/log")] == ["opened", "joined", "noted", "acknowledged"]
    assert admin.items(f"{path}/notifications")[0]["id"] == first
    assert len(admin.walk("/api/v1/notifications", {"limit": 2, "include": "text,varbinds"})) == 5
    assert admin.get(f"/api/v1/notifications/{first}/explain").status_code == 200
    assert admin.get("/api/v1/ledger").json()["difference"] == 0
    assert 'collector_cases{kind="threat_incident",role="api",severity="none",status="open"} 1.0' in admin.get("/metrics").text


def test_quarantine_is_reprocessed_on_both(collector: World) -> None:
    admin = collector.named_key("bridge", "all")
    [first] = collector.hear("outage disk")
    collector.rules.known.add("outage")
    assert admin.post(f"/api/v1/notifications/{first}/reprocess").json()["items"][0]["state"] == "case"
    assert admin.get("/api/v1/ledger").json()["difference"] == 0


@pytest.mark.parametrize("each", [1, 2, 3, 20])
def test_the_newest_notifications_of_cases_are_found_together(collector: World, each: int) -> None:
    collector.hear("case a", "case b", "case a", "info x", "case a", "case c")
    with collector.store.read() as connection:
        numbers = {row[1]: row[0] for row in connection.exec_driver_sql("SELECT id, title_en FROM cases")}
        wanted = [numbers["title a (en)"], numbers["title b (en)"]]
        found = newest_of_cases(connection, wanted, each=each)
        assert newest_of_cases(connection, [], each=each) == {}
    assert {case: [one.id.seq for one in ones] for case, ones in found.items()} == {
        wanted[0]: [5, 3, 1][:each],
        wanted[1]: [2],
    }


def test_customers_are_found_by_id_and_by_code(collector: World) -> None:
    with collector.store.read() as connection:
        found = load_customers(connection, [collector.acme, collector.acme, CustomerId(999)])
        assert {customer.code: customer.name for customer in found.values()} == {"ACME": "Acme S.A."}
        assert find_customer(connection, "OTHER") == collector.other
        assert find_customer(connection, "NOBODY") is None
