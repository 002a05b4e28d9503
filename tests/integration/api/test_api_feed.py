"""The feed: who may read it, from which place, what is left out, and what becomes of places that are no longer there."""

import json
from datetime import timedelta
from typing import Any

import pytest

from api.cursors import encode_cursor
from api.schemas.handoff import message_schema
from collector.handoff import feed
from collector.store.messages import MessageFilter, drop_messages, read_messages, skip_positions
from tests.api_world import URL, Caller, World
from tests.feed_kit import FEED, page, stored, told, walk

OPENED = ("case.opened", "opened")


@pytest.fixture
def reader(collector: World) -> Caller:
    return collector.named_key("reader", "handoff:read")


def names(messages: list[dict[str, Any]]) -> list[str]:
    return [message["data"]["case"]["title"].removeprefix("title ").removesuffix(" (es)") for message in messages]


def acknowledge(collector: World, name: str) -> None:
    admin = collector.key("all")
    [case] = admin.items("/api/v1/cases", params={"text": name})
    assert admin.post(f"/api/v1/cases/{case['external_key']}/acknowledge").status_code == 200


def test_messages_are_answered_octet_for_octet_as_they_were_written(collector: World, reader: Caller) -> None:
    collector.hear("case disk ñ\u2028\U0001f600", "threat pc-1")
    with collector.store.read() as connection:
        bodies = [message.body for message in read_messages(connection, MessageFilter(), after=0, limit=10)]
    answer = reader.get(FEED)
    assert answer.headers["content-type"] == "application/json"
    following = answer.json()["next"]
    assert answer.content == f'{{"items":[{bodies[0]},{bodies[1]}],"next":"{following}","more":false}}'.encode()


def test_a_walk_meets_every_message_once_in_the_order_of_commit(collector: World, reader: Caller) -> None:
    collector.hear(*(f"case {number}" for number in range(5)))
    acknowledge(collector, "title 3")
    collector.hear("clear 3", "threat pc-1")
    for limit in (1, 2, 7, 500):
        found = walk(reader, limit=limit)
        assert told(found) == [OPENED] * 5 + [("case.acknowledged", "acknowledged"), ("case.cleared", "cleared"), OPENED]
    assert [message["id"] for message in found] == [message["id"] for message in stored(collector.store)]


def test_a_page_says_where_to_go_on_and_the_same_place_gives_the_same_again(collector: World, reader: Caller) -> None:
    collector.hear("case a", "case b", "case c")
    first = page(reader, limit=2)
    assert (names(first["items"]), first["more"]) == (["a", "b"], True)
    second = page(reader, limit=2, after=first["next"])
    assert (names(second["items"]), second["more"]) == (["c"], False)
    assert page(reader, limit=2, after=first["next"]) == second
    assert page(reader, limit=1, after=second["next"]) == {"items": [], "next": second["next"], "more": False}


def test_a_full_last_page_says_that_nothing_is_behind_it(collector: World, reader: Caller) -> None:
    collector.hear("case a", "case b")
    assert page(reader, limit=2)["more"] is False


def test_a_page_ends_when_its_bodies_are_large(collector: World, reader: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    collector.hear("case a", "case b", "case c")
    monkeypatch.setattr(feed, "LONGEST_PAGE", 10)
    first = page(reader)
    assert (names(first["items"]), first["more"]) == (["a"], True)
    assert names(walk(reader)) == ["a", "b", "c"]


def test_now_is_behind_everything_that_was_written(collector: World, reader: Caller) -> None:
    collector.hear("case a")
    now = page(reader, after="now")
    assert (now["items"], now["more"]) == ([], False)
    collector.hear("case b")
    assert names(walk(reader, after=now["next"])) == ["b"]


def test_an_empty_feed_has_a_place_to_go_on_from(collector: World, reader: Caller) -> None:
    empty = page(reader)
    assert empty == {"items": [], "next": page(reader, after="now")["next"], "more": False}
    collector.hear("case a")
    assert names(walk(reader, after=empty["next"])) == ["a"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"severity": "3"}, ["disk", "disk"], id="severity"),
        pytest.param({"severity": "1,2"}, [], id="threats have no severity"),
        pytest.param({"rank": "1,2"}, ["pc-1"], id="rank"),
        pytest.param({"type": "case.opened"}, ["disk", "pc-1"], id="type"),
        pytest.param({"type": "case.cleared,case.closed"}, ["disk"], id="types"),
        pytest.param({"type": "case.opened", "rank": "3"}, ["disk"], id="both"),
    ],
)
def test_filters_leave_out_and_the_place_moves_past_it(
    collector: World, reader: Caller, filters: dict[str, str], expected: list[str]
) -> None:
    collector.hear("case disk", "threat pc-1", "clear disk")
    end = page(reader, after="now")["next"]
    found = page(reader, **filters)
    assert (names(found["items"]), found["next"], found["more"]) == (expected, end, False)


def test_a_filter_that_lets_little_pass_makes_short_pages(
    collector: World, reader: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOKED_THROUGH", 3)
    collector.hear(*(f"case {number}" for number in range(7)), "threat pc-1", "case 8")
    first = page(reader, rank="1")
    assert (first["items"], first["more"]) == ([], True)
    assert names(walk(reader, rank="1")) == ["pc-1"]
    assert len(walk(reader)) == 9


def test_places_that_a_restored_store_left_out_are_stepped_over(
    collector: World, reader: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOKED_THROUGH", 2)
    collector.hear("case a")
    with collector.store.write() as connection:
        skip_positions(connection, 1_000_000)
    before = page(reader)
    collector.hear("case b", "case c", "case d")
    assert names(walk(reader, after=before["next"])) == ["b", "c", "d"]
    assert names(page(reader, after=before["next"])["items"]) == ["b", "c"]


def test_a_key_of_a_customer_reads_its_own_messages_only(collector: World) -> None:
    collector.hear("case mine")
    collector.hear("case theirs", community="other")
    end = page(collector.named_key("all", "all"), after="now")["next"]
    found = page(collector.key("handoff:read", customer_id=collector.other))
    assert (names(found["items"]), found["next"]) == (["theirs"], end)


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"limit": 0}, id="no limit"),
        pytest.param({"limit": 501}, id="limit"),
        pytest.param({"wait": -1}, id="negative wait"),
        pytest.param({"wait": 31}, id="long wait"),
        pytest.param({"wait": "nan"}, id="no number"),
        pytest.param({"type": "case.exploded"}, id="type"),
        pytest.param({"severity": "5"}, id="severity"),
        pytest.param({"cursor": "x"}, id="another list's parameter"),
        pytest.param({"after": "x" * 201}, id="long cursor"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(reader: Caller, parameters: dict[str, Any]) -> None:
    assert reader.get(FEED, params=parameters).status_code == 422


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("nonsense!", id="damaged"),
        pytest.param(encode_cursor("cases", "oldest", 1), id="of another list"),
        pytest.param(encode_cursor("feed", "newest", 1), id="of another order"),
        pytest.param(encode_cursor("feed", "oldest", 2), id="of the future"),
        pytest.param(encode_cursor("feed", "oldest", 10**18 - 1), id="beyond all numbers"),
    ],
)
def test_a_cursor_that_was_never_given_is_refused(collector: World, reader: Caller, after: str) -> None:
    collector.hear("case a")
    answer = reader.get(FEED, params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def forget(collector: World, *, older_than: timedelta) -> int:
    with collector.store.write() as connection:
        return drop_messages(connection, before=collector.clock.now() - older_than)


def test_a_place_whose_messages_are_gone_is_told_with_the_oldest_that_is_left(collector: World, reader: Caller) -> None:
    start = page(reader, after="now")["next"]
    collector.hear("case a", "case b")
    reached = page(reader)["next"]
    collector.clock.move(timedelta(days=31))
    collector.hear("case c")
    assert forget(collector, older_than=timedelta(days=30)) == 2
    gone = reader.get(FEED, params={"after": start})
    problem = gone.json()
    assert (gone.status_code, problem["code"]) == (410, "feed_place_gone")
    assert reader.get(problem["resynchronise"]).status_code == 403, "another scope, but it exists"
    assert collector.key("cases:read").get(problem["resynchronise"]).status_code == 200
    assert names(walk(reader, after=problem["oldest"])) == ["c"]
    assert names(walk(reader, after=reached)) == ["c"], "who had read everything that is gone misses nothing"
    assert names(walk(reader)) == ["c"]


def test_when_everything_is_gone_those_who_had_read_it_go_on(collector: World, reader: Caller) -> None:
    collector.hear("case a")
    reached = page(reader)["next"]
    collector.clock.move(timedelta(days=31))
    assert forget(collector, older_than=timedelta(days=30)) == 1
    assert page(reader, after=reached) == {"items": [], "next": reached, "more": False}
    collector.hear("case b")
    assert names(walk(reader, after=reached)) == ["b"]
    assert stored(collector.store)[0]["position"] == 2, "a place is never given twice"


def test_messages_are_forgotten_in_portions_and_never_past_a_young_one(collector: World) -> None:
    collector.hear("case a", "case b", "case c")
    collector.clock.move(timedelta(days=31))
    collector.hear("case d")
    collector.clock.move(timedelta(days=-31))
    collector.hear("case e")
    collector.clock.move(timedelta(days=31))
    with collector.store.write() as connection:
        before = collector.clock.now() - timedelta(days=30)
        assert [drop_messages(connection, before=before, limit=2) for _ in range(3)] == [2, 1, 0]
    assert names(stored(collector.store)) == ["d", "e"]


def test_the_case_of_a_message_is_the_case_that_the_api_shows(collector: World) -> None:
    admin = collector.named_key("bridge", "all")
    collector.hear("case disk", "case disk", "threat pc-1")
    for message in walk(admin):
        told_case = message["data"]["case"]
        shown = admin.get(f"/api/v1/cases/{told_case['external_key']}").json()
        assert {name: shown[name] for name in told_case} == told_case


def test_the_description_of_messages_is_public(collector: World) -> None:
    answer = collector.caller(None).get("/api/v1/handoff/schema.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads(json.dumps(message_schema(URL)))
    assert answer.json()["$id"] == f"{URL}/api/v1/handoff/schema.json"


def test_reads_messages_and_the_end_of_the_feed_are_counted(collector: World, reader: Caller) -> None:
    collector.hear("case disk", "threat pc-1", "clear disk")
    walk(reader, limit=1)
    text = collector.caller(None).get("/metrics").text
    for sample in (
        'collector_handoff_feed_reads_total{role="api"} 3.0',
        'collector_handoff_feed_position{role="api"} 3.0',
        'collector_handoff_messages_total{role="api",type="case.opened"} 2.0',
        'collector_handoff_messages_total{role="api",type="case.merged"} 0.0',
    ):
        assert sample in text.splitlines()
    collector.clock.move(timedelta(days=31))
    forget(collector, older_than=timedelta(days=30))
    assert 'type="case.opened"} 2.0' in collector.caller(None).get("/metrics").text, "what was written stays counted"


@pytest.mark.parametrize(
    ("severity", "type_"),
    [pytest.param(3, "case.noted", id="the severity that it has"), pytest.param(2, "case.severity_changed", id="another one")],
)
def test_a_confirmation_that_changes_the_severity_is_told_as_a_changed_severity(
    collector: World, reader: Caller, severity: int, type_: str
) -> None:
    collector.hear("case disk")
    admin = collector.key("all")
    [case] = admin.items("/api/v1/cases")
    assert case["severity"] == 3
    answer = admin.post(f"/api/v1/cases/{case['external_key']}/confirm", json={"severity": severity})
    assert answer.status_code == 200
    assert told(walk(reader)) == [OPENED, (type_, "confirmed")]
