"""Text in templates, stamps of cases, and addresses to go to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.web.rendering import visible
from api.web.stamp import mark_of, parse_stamp, stamp_of
from collector.domain.case import CaseStatus
from tests.builders import NOON, a_case


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ñandú – “x” \U0001f600", "ñandú – “x” \U0001f600"),
        ("a\n\tb", "a\n\tb"),
        ("a\0b", "a\\u0000b"),
        ("a\u202eb", "a\\u202eb"),
        ("a\x1b[0m\r", "a\\u001b[0m\\u000d"),
        ("\ud800", "\\ud800"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_what_would_be_obeyed_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_stamp_comes_back_as_it_was() -> None:
    stamp = parse_stamp(stamp_of(a_case(version=7)))
    assert stamp is not None
    assert (stamp.version, stamp.mark) == (7, mark_of(a_case()))


@pytest.mark.parametrize("text", ["", "7", "7.", "x.0123456789abcdef", "7.0123456789ABCDEF", "7.0123456789abcdef\n"])
def test_what_is_no_stamp_is_none(text: str) -> None:
    assert parse_stamp(text) is None


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        pytest.param({"occurrences": 9, "last_seen_at": NOON + timedelta(hours=1), "version": 50}, False, id="repeats"),
        pytest.param({"status": CaseStatus.RESOLVED}, True, id="status"),
        pytest.param({"severity": 1}, True, id="severity"),
        pytest.param({"assignee": "bea"}, True, id="assignee"),
        pytest.param({"cleared_at": NOON}, True, id="cleared"),
        pytest.param({"contacted_at": NOON}, True, id="contacted"),
    ],
)
def test_a_mark_changes_with_what_people_decide_by(change: dict[str, object], matters: bool) -> None:
    changed = replace(a_case(), **change)  # type: ignore[arg-type]  # fields of the case
    assert (mark_of(changed) != mark_of(a_case())) is matters
