"""The body of a message: within 64 KB whatever is in a case, complete where it can be, and honest about what was cut."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from collector.domain.case import Case, Verdict
from collector.domain.ids import CustomerId, NotificationId
from collector.domain.item import Transport
from collector.domain.message import MessageType, Told
from collector.domain.registry import Customer
from collector.domain.signal import Words
from collector.handoff.body import EVIDENCE_OCTETS, MAX_OCTETS, Fresh, Original, message_body
from tests.builders import NOON, TERMS, a_case, a_threat, after
from tests.feed_kit import checked

CUSTOMER = Customer(CustomerId(2), "ACME", "Acme S.A.")
EVIL = '\x01\U0001f600"\\'


def evidence(*texts: str | None) -> list[Fresh]:
    return [
        Fresh(NotificationId("snmp-0-k3f9ab", number), NOON, Transport.SNMP, Original(b"octets", text))
        for number, text in enumerate(texts, 1)
    ]


def body(case: Case, seen: Sequence[Fresh] = (), *, text: str | None = None, at: datetime = NOON, **detail: Any) -> str:
    made = message_body(
        case,
        customer=CUSTOMER,
        evidence=seen,
        originals={one.id: one.original for one in seen},
        deadlines=[],
        ticket=None,
        terms=TERMS,
    )
    return made.of(Told(MessageType.NOTED, 3, at, Verdict.NOTED, "key:bridge", text, detail))


def parsed(written: str) -> dict[str, Any]:
    return checked(json.loads(written))


def test_a_note_of_ten_thousand_characters_is_whole() -> None:
    note = 'ñandú y "comillas"\n' * 520
    change = parsed(body(a_case(), text=note))["data"]["change"]
    assert (change["text"], change["truncated"]) == (note, False)


def test_a_note_that_would_not_fit_is_cut_and_says_so() -> None:
    change = parsed(body(a_case(), text="\U0001f600" * 10_000))["data"]["change"]
    assert change["truncated"] is True
    assert change["text"].endswith("…")
    assert 3_000 < len(change["text"]) < 10_000


@pytest.mark.parametrize(
    "word", [pytest.param("a", id="ASCII"), pytest.param("\U0001f600", id="four octets"), pytest.param("\x01", id="escapes")]
)
def test_no_case_makes_a_message_above_64_kilobytes(word: str) -> None:
    endless = word * 200_000
    words = Words(es=endless, en=endless)
    case = a_threat(
        title=words,
        summary=words,
        steps=words,
        host=endless,
        fields={"risk": endless, "action": endless, "path": endless, "sha256": endless},
    )
    seen = evidence(*[endless] * 20)
    written = body(case, seen, text=endless, who=endless, how=endless)
    assert len(written.encode()) <= MAX_OCTETS
    assert parsed(written)["data"]["case"]["title"].startswith(word)


def test_evidence_is_the_newest_and_each_text_is_cut_at_two_kilobytes() -> None:
    shown = parsed(body(a_case(), evidence("short", "ñ" * EVIDENCE_OCTETS, None)))["data"]["case"]["evidence"]
    assert [(one["text"], one["truncated"]) for one in shown] == [
        ("short", False),
        ("ñ" * (EVIDENCE_OCTETS // 2), True),
        ("", False),
    ]
    assert all(one["bytes"] == 6 and len(one["sha256"]) == 64 for one in shown)


def test_when_it_does_not_fit_the_oldest_evidence_gives_way() -> None:
    seen = evidence(*["\x01" * EVIDENCE_OCTETS] * 20)
    shown = parsed(body(a_case(), seen))["data"]["case"]["evidence"]
    assert 0 < len(shown) < 20
    assert [one["id"] for one in shown] == [str(one.id) for one in seen[: len(shown)]]


def test_what_makes_requests_known_again_is_not_told() -> None:
    change = parsed(body(a_case(), request="0" * 32, request_content="1" * 32, severity=2, late=True, who=None))["data"]["change"]
    assert change["detail"] == {"severity": 2, "late": True, "who": None}


def test_the_same_case_and_change_make_the_same_octets() -> None:
    case = a_case(host=EVIL, title=Words(es=EVIL, en=EVIL))
    assert body(case, evidence(EVIL), text=EVIL) == body(case, evidence(EVIL), text=EVIL)


def test_times_are_utc_with_milliseconds() -> None:
    message = parsed(body(a_case(opened_at=after(seconds=0.123_456)), at=after(seconds=1.5)))
    assert message["timestamp"] == "2026-03-17T12:00:01.500Z"
    assert message["data"]["case"]["opened_at"] == "2026-03-17T12:00:00.123Z"
