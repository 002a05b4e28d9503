"""Pages: every item once, whatever is added meanwhile; cursors that were tampered with."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import decode_cursor, encode_cursor
from api.problems import Problem
from tests.api_world import Caller, World


def ids(items: list[dict[str, Any]], name: str) -> list[str]:
    return [item[name] for item in items]


def adder(collector: World, text: str) -> Callable[[], None]:
    """Adds one more of it, five times at most."""
    left = iter(range(5))

    def add() -> None:
        for number in left:
            collector.hear(text.format(number))
            return

    return add


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_a_walk_over_cases_meets_each_once_and_the_new_ones_too(collector: World, admin: Caller, limit: int) -> None:
    collector.hear(*(f"case {number}" for number in range(7)))
    walked = admin.walk("/api/v1/cases", {"limit": limit}, between=adder(collector, "case new-{}"))
    everything = admin.items("/api/v1/cases", params={"limit": 1000})
    known = len(everything) if limit < 7 else 7
    assert ids(walked, "external_key") == ids(everything, "external_key")[:known]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_a_walk_from_the_newest_meets_each_that_was_there_once(collector: World, admin: Caller, limit: int) -> None:
    collector.hear(*(f"info {number}" for number in range(7)))
    there = ids(admin.items("/api/v1/notifications", params={"order": "newest"}), "id")
    walked = admin.walk("/api/v1/notifications", {"limit": limit, "order": "newest"}, between=adder(collector, "info new-{}"))
    assert ids(walked, "id") == there


@pytest.mark.parametrize("limit", [1, 4, 5])
def test_a_walk_with_filters_and_contents_keeps_them(collector: World, admin: Caller, limit: int) -> None:
    collector.hear(*["info x", "nonsense"] * 5)
    walked = admin.walk("/api/v1/notifications", {"limit": limit, "state": "quarantine", "include": "text"})
    assert [one["text"] for one in walked] == ["nonsense"] * 5


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_history_and_notifications_of_a_case_are_walked_too(collector: World, admin: Caller, limit: int) -> None:
    told = collector.hear(*["case disk"] * 5)
    key = admin.items("/api/v1/cases")[0]["external_key"]
    for text in "abc":
        admin.post(f"/api/v1/cases/{key}/notes", {"text": text})
    assert ids(admin.walk(f"/api/v1/cases/{key}/notifications", {"limit": limit}), "id") == told
    log = admin.walk(f"/api/v1/cases/{key}/log", {"limit": limit})
    assert [line["text"] for line in log if line["verdict"] == "noted"] == ["a", "b", "c"]
    assert len(log) == len(admin.items(f"/api/v1/cases/{key}/log"))


def test_a_page_that_is_just_full_has_no_next(collector: World, admin: Caller) -> None:
    collector.hear("case a", "case b")
    assert admin.get("/api/v1/cases", params={"limit": 2}).json()["next"] is None
    assert admin.get("/api/v1/cases", params={"limit": 1}).json()["next"] is not None


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param("x", id="one character"),
        pytest.param("%%%", id="no base64"),
        pytest.param("ñ", id="not ASCII"),
        pytest.param("=" * 10, id="padding"),
        pytest.param(cursor("1.cases.oldest.-1"), id="negative"),
        pytest.param(cursor("1.cases.oldest." + "9" * 19), id="too large for the store"),
        pytest.param(cursor("1.cases.oldest.1 OR 1=1"), id="not a number"),
        pytest.param(cursor("1.cases.oldest.1\n"), id="line break"),
        pytest.param(cursor("2.cases.oldest.1"), id="another version"),
        pytest.param(cursor("1.cases.newest.1"), id="another order"),
        pytest.param(cursor("1.notifications.oldest.1"), id="another list"),
        pytest.param("\0", id="NUL"),
    ],
)
def test_a_damaged_or_foreign_cursor_is_400(admin: Caller, damaged: str) -> None:
    answer = admin.get("/api/v1/cases", params={"cursor": damaged})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_a_cursor_beyond_the_end_finds_nothing(collector: World, admin: Caller) -> None:
    collector.hear("case a")
    assert admin.items("/api/v1/cases", params={"cursor": cursor("1.cases.oldest." + "9" * 18)}) == []


@given(st.sampled_from(["cases", "log", "case-notifications"]), st.sampled_from(["oldest", "newest"]), st.integers(0, 10**18 - 1))
def test_a_cursor_comes_back_as_it_was(listed: str, order: str, after: int) -> None:
    assert decode_cursor(encode_cursor(listed, order, after), listed, order) == after


@given(st.text() | st.binary().map(lambda octets: base64.urlsafe_b64encode(octets).decode()))
def test_a_text_that_is_no_cursor_begins_when_empty_and_fails_otherwise(text: str) -> None:
    if text:
        with pytest.raises(Problem) as refused:
            decode_cursor(text, "cases", "oldest")
        assert refused.value.status == 400
    else:
        assert decode_cursor(text, "cases", "oldest") is None
