"""The ledger: lines by day, and sums that add up at every moment."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.routes.ledger import balance
from collector.domain.ids import StreamName
from collector.domain.item import TallyReason
from collector.journal.interface import StreamState
from collector.store.streams import Position, load_positions, retire_stream
from tests.api_world import Caller, World, trap_saying

PATH = "/api/v1/ledger"
SUMS = ("arrived", "accounted", "pending", "difference")


def sums(caller: Caller) -> tuple[int, ...]:
    ledger = caller.get(PATH).json()
    return tuple(ledger[name] for name in SUMS)


def test_an_empty_collector_adds_up_to_nothing(admin: Caller) -> None:
    assert sums(admin) == (0, 0, 0, 0)


def test_everything_that_arrived_is_accounted_for_or_pending(collector: World, admin: Caller) -> None:
    collector.hear("case disk", "case disk", "info x", "nonsense")
    collector.hear("case disk", community="stranger")
    collector.tally(TallyReason.OVER_LIMIT, 7)
    collector.tally(TallyReason.UNKNOWN_MAILBOX, 2)
    collector.tally(TallyReason.KERNEL_DROP, 100)
    collector.arrive_mail("Subject\n\ncase a\ncase b\ninfo c")
    assert sums(admin) == (9, 5, 4, 0)
    collector.process()
    assert sums(admin) == (15, 15, 0, 0)
    collector.arrive(trap_saying("x"), trap_saying("y"))
    assert sums(admin) == (17, 15, 2, 0)


def test_lines_tell_customer_source_and_outcome(collector: World, admin: Caller) -> None:
    collector.hear("case disk", "case disk", "nonsense")
    collector.hear("x", community="stranger")
    ledger = admin.get(PATH).json()
    shown = {(line["customer"], line["source"], line["outcome"], line["reason"]): line["count"] for line in ledger["items"]}
    assert shown == {
        ("ACME", "acme-1", "case", None): 2,
        ("ACME", "acme-1", "unmatched", "no_rule"): 1,
        (None, None, "unattributed", "unknown_community"): 1,
    }
    assert ledger["totals"] == {"case": 2, "unmatched": 1, "unattributed": 1}
    assert {(line["day"], line["transport"]) for line in ledger["items"]} == {("2026-03-17", "snmp")}
    assert [stream["stream"].rpartition("-")[0] for stream in ledger["streams"]] == ["smtp-0", "snmp-0", "snmp-0-bulk"]
    assert ledger["streams"][1] | {"stream": ""} == {
        "stream": "",
        "first": 1,
        "end": 4,
        "position": 4,
        "pending": 0,
        "tallies": 0,
    }


@pytest.fixture
def two_months(collector: World) -> World:
    """One item on 17 March, one 40 days later, which is today."""
    collector.hear("info x")
    collector.clock.move(timedelta(days=40))
    collector.hear("info x")
    return collector


@pytest.mark.parametrize(
    ("params", "days"),
    [
        pytest.param({}, ["2026-04-26"], id="the last 30 days"),
        pytest.param({"since": "2026-03-17"}, ["2026-03-17", "2026-04-26"], id="since, included"),
        pytest.param({"since": "2026-03-18"}, ["2026-04-26"], id="since a later day"),
        pytest.param({"until": "2026-04-25"}, [], id="until: 30 days before"),
        pytest.param({"since": "2026-03-01", "until": "2026-03-17"}, ["2026-03-17"], id="until, included"),
        pytest.param({"since": "2026-04-26", "until": "2026-03-17"}, [], id="backwards"),
        pytest.param({"customer": "ACME"}, ["2026-04-26"], id="customer"),
        pytest.param({"customer": "NOBODY"}, [], id="unknown customer"),
        pytest.param({"until": "0001-01-02"}, [], id="the first days of the calendar"),
        pytest.param({"since": "9999-12-31", "until": "9999-12-31"}, [], id="its last day"),
    ],
)
def test_days_and_customer_choose_lines_and_totals_but_not_sums(
    two_months: World, params: dict[str, str], days: list[str]
) -> None:
    ledger = two_months.named_key("reader", "ledger:read").get(PATH, params=params).json()
    assert [line["day"] for line in ledger["items"]] == days
    assert sum(ledger["totals"].values()) == len(days)
    assert [ledger[name] for name in SUMS] == [2, 2, 0, 0]


@pytest.mark.parametrize(
    "params",
    [
        {"since": "2026-3-1"},
        {"since": "1700000000"},
        {"since": "2026-02-30"},
        {"until": "today"},
        {"since": "2020-01-01", "until": "2026-01-01"},
        {"day": "2026-01-01"},
    ],
)
def test_a_wrong_day_or_a_range_too_long_is_422(admin: Caller, params: dict[str, Any]) -> None:
    assert admin.get(PATH, params=params).status_code == 422


STREAMS = [StreamName.parse(f"snmp-{number}-aaaaaa") for number in range(3)]


@given(
    reached=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=3),
    later=st.lists(st.integers(0, 50), min_size=3, max_size=3),
    tallied=st.integers(0, 100),
    wrong=st.integers(-3, 3),
)
def test_sums_add_up_whatever_arrives_meanwhile(
    reached: list[tuple[int, int]], later: list[int], tallied: int, wrong: int
) -> None:
    positions = [Position(number, STREAMS[number], items + tallies, tallies) for number, (items, tallies) in enumerate(reached)]
    states = {
        position.stream: StreamState(position.stream, 1, position.position + more)
        for position, more in zip(positions, later, strict=True)
    }
    items = sum(items for items, _ in reached)
    found = balance(positions, {("case", ""): items - wrong, ("over_limit", "flood"): tallied}, states)
    assert found.difference == wrong
    assert found.arrived == found.accounted + found.pending + found.difference
    assert found.pending == sum(later)


def test_a_stream_that_the_journal_lost_or_the_store_does_not_know_yet_is_no_difference() -> None:
    positions = [Position(1, STREAMS[0], 5, 1)]
    found = balance(positions, {("case", ""): 4}, {STREAMS[1]: StreamState(STREAMS[1], 1, 3)})
    assert (found.arrived, found.accounted, found.pending, found.difference) == (7, 4, 3, 0)


def test_what_was_processed_of_a_retired_stream_still_adds_up(collector: World, admin: Caller) -> None:
    collector.hear("case disk", "info x")
    collector.tally(TallyReason.OVER_LIMIT, 7)
    collector.process()
    before = admin.get(PATH).json()
    with collector.store.write() as connection:
        for position in load_positions(connection).values():
            retire_stream(connection, position)
    after = admin.get(PATH).json()
    assert [after[name] for name in SUMS] == [9, 9, 0, 0]
    reached = {line["stream"]: line["position"] for line in after["streams"]}
    assert reached == {line["stream"]: line["position"] for line in before["streams"]}
    assert {line["pending"] for line in after["streams"]} == {0}


def test_what_is_over_a_customers_rate_was_an_item() -> None:
    positions = [Position(1, STREAMS[0], position=10, tallies=1)]
    found = balance(positions, {("case", ""): 4, ("over_limit", "customer_rate"): 5, ("over_limit", "over_limit"): 70}, {})
    assert (found.arrived, found.accounted, found.difference) == (79, 79, 0)
