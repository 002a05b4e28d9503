"""Every way of finding a field's value, in traps and in mails."""

from collections.abc import Callable

import pytest

from collector.domain.mail import Mail
from collector.domain.trap import Trap, VarbindValue
from rules.engine import RuleSet

Load = Callable[[str], RuleSet]
MakeTrap = Callable[..., Trap]

OID = "1.3.6.1.4.1.99999"
PACK = """\
format: 1
pack: demo
title: A demonstration
products: [demo-console]
vocabularies:
  kinds: {big: [large, huge], small: [tiny]}
notifications:
  any:
    SIDE
      fields:
        FIELD
rules:
  - name: demo-any
    title: Any
    detection: {seen: {notification: any}, condition: seen}
    outcome: informational
    tests:
      - {name: yes it is, WIRE, expect: {outcome: informational}}
      - {name: no it is not, mail: "Subject: x", expect: no_match}
"""


def fields_of_trap(
    load: Load, trap: MakeTrap, field: str, varbinds: dict[str, VarbindValue], oid: str = f"{OID}.0.1"
) -> dict[str, str]:
    text = PACK.replace("SIDE", f'snmp:\n      trap_oid_under: "{OID}"').replace("FIELD", field)
    ruleset = load(text.replace("WIRE", f'trap: {{oid: "{OID}.0.1", varbinds: {{}}}}'))
    (answer,) = ruleset.classify_trap(trap(oid, varbinds), source="s", products=())
    return answer.fields


def fields_of_mail(load: Load, field: str, text: str, subject: str = "the demo mail") -> dict[str, str]:
    pack = PACK.replace("SIDE", "mail:\n      anchors: [[demo mail]]").replace("FIELD", field)
    ruleset = load(pack.replace("WIRE", 'mail: "Subject: demo mail\\n\\nx"'))
    (answer,) = ruleset.classify_mail(Mail(subject=subject, text=text), source="s", products=())
    return answer.fields


@pytest.mark.parametrize(
    ("field", "varbinds", "expected"),
    [
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1": b"x"}, {"v": "x"}, id="exact"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.0": b"x"}, {"v": "x"}, id="with instance"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.3.7": b"x"}, {"v": "x"}, id="with table index"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.10": b"x"}, {}, id="arcs, not characters"),
        pytest.param(
            f'v: {{oid: "{OID}.2"}}\n        w: {{oid: "{OID}.2.5"}}', {f"{OID}.2.5.0": b"x"}, {"w": "x"}, id="the longest wins"
        ),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.1": b"x", f"{OID}.2.1.2": b"y"}, {"v": "x"}, id="the first wins"),
        pytest.param(f'v: {{oid: ["{OID}.2.1", "{OID}.3.1"]}}', {f"{OID}.3.1.0": b"x"}, {"v": "x"}, id="either OID"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.0": 42}, {"v": "42"}, id="number"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.0": "192.0.2.1"}, {"v": "192.0.2.1"}, id="address"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.0": None}, {}, id="an exception is missing"),
        pytest.param(f'v: {{oid: "{OID}.2.1"}}', {f"{OID}.2.1.0": b"\x00 "}, {}, id="an empty value is missing"),
        pytest.param(f'v: {{oid: "{OID}.2.1", enum: {{1: up, 2: down}}}}', {f"{OID}.2.1.0": 2}, {"v": "down"}, id="enum"),
        pytest.param(
            f'v: {{oid: "{OID}.2.1", enum: {{1: up, 2: down}}}}', {f"{OID}.2.1.0": b"2"}, {"v": "down"}, id="enum sent as text"
        ),
        pytest.param(f'v: {{oid: "{OID}.2.1", enum: {{1: up, 2: down}}}}', {f"{OID}.2.1.0": 9}, {"v": "9"}, id="enum unknown"),
        pytest.param(f'v: {{oid_suffix: "{OID}.2.1"}}', {f"{OID}.2.1.3.7": 1}, {"v": "3.7"}, id="suffix"),
        pytest.param(f'v: {{oid_suffix: "{OID}.2.1"}}', {f"{OID}.2.1": 1}, {}, id="no suffix"),
        pytest.param(
            f'v: {{oid: "{OID}.2.1", as: date}}',
            {f"{OID}.2.1.0": bytes.fromhex("07ea0c1f173b3b00")},
            {"v": "2026-12-31 23:59:59"},
            id="date",
        ),
        pytest.param(
            f'v: {{oid: "{OID}.2.1", as: date}}',
            {f"{OID}.2.1.0": bytes.fromhex("07ea0c1f173b3b002d0300")},
            {"v": "2026-12-31 23:59:59 -03:00"},
            id="date with zone",
        ),
        pytest.param(
            f'v: {{oid: "{OID}.2.1", as: date}}', {f"{OID}.2.1.0": b"tomorrow"}, {"v": "tomorrow"}, id="a date that is text"
        ),
        pytest.param(f'v: {{oid: "{OID}.2.1", as: date}}', {f"{OID}.2.1.0": b""}, {}, id="no date"),
        pytest.param("v: {from: trap_oid, before: [.0.]}", {}, {"v": OID}, id="the trap OID"),
        pytest.param("v: {first_of: [specific_low]}", {}, {"v": "1"}, id="the low half of the specific"),
        pytest.param(
            f'_w: {{oid: "{OID}.2.1"}}\n        v: {{first_of: [_w]}}',
            {f"{OID}.2.1.0": b"x"},
            {"v": "x"},
            id="working material is not shown",
        ),
    ],
)
def test_a_trap_gives_fields(
    load: Load, trap: MakeTrap, field: str, varbinds: dict[str, VarbindValue], expected: dict[str, str]
) -> None:
    assert fields_of_trap(load, trap, field, varbinds) == expected


@pytest.mark.parametrize(
    ("oid", "expected"),
    [
        pytest.param("1.3.6.1.4.1.311.1.13.1.2.65.98.0.3221225523", {"s": "Ab", "n": "51"}, id="a Windows event"),
        pytest.param("1.3.6.1.4.1.311.1.13.1.2.65.98.51", {"s": "Ab", "n": "51"}, id="without the 0"),
        pytest.param("1.3.6.1.4.1.311.1.13.1.9.65.98.0.51", {}, id="a name that ends too early"),
        pytest.param("1.3.6.1.4.1.311.1.1.3.1.1.0.6", {}, id="another trap"),
    ],
)
def test_source_and_id_of_any_windows_entry_are_fields(load: Load, trap: MakeTrap, oid: str, expected: dict[str, str]) -> None:
    pack = PACK.replace("SIDE", 'snmp:\n      trap_oid_under: "1.3.6.1.4.1.311.1"')
    pack = pack.replace("FIELD", "s: {first_of: [windows_source]}\n        n: {first_of: [windows_id]}")
    ruleset = load(pack.replace("WIRE", 'trap: {oid: "1.3.6.1.4.1.311.1.13.1.1.65.0.1", varbinds: {}}'))

    (answer,) = ruleset.classify_trap(trap(oid), source="s", products=())

    assert answer.fields == expected


def test_a_number_in_an_opaque_is_a_number(load: Load, trap: MakeTrap) -> None:
    pack = PACK.replace("SIDE", f'snmp:\n      trap_oid_under: "{OID}"').replace("FIELD", f'v: {{oid: "{OID}.2.1"}}')
    ruleset = load(pack.replace("WIRE", f'trap: {{oid: "{OID}.0.1", varbinds: {{}}}}'))
    found = trap(f"{OID}.0.1")
    found.varbinds = [(f"{OID}.2.1.0", 0x44, bytes.fromhex("9f780442f6e979"))]

    (answer,) = ruleset.classify_trap(found, source="s", products=())

    assert answer.fields == {"v": "123.456"}


def test_the_high_half_of_a_windows_id_is_dropped(load: Load, trap: MakeTrap) -> None:
    assert fields_of_trap(load, trap, "v: {first_of: [specific_low]}", {}, f"{OID}.0.1073748860") == {"v": "7036"}


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        pytest.param('v: {from: text, between: ["Found!", " in File:"]}', "Risk Found! A.B in File: c", "A.B", id="between"),
        pytest.param(
            'v: {from: text, between: ["Server ", " health"]}', "Server list. Server one health", "one", id="between the nearest"
        ),
        pytest.param('v: {from: text, between: ["Found!", " in File:"]}', "Found! A.B", None, id="between without end"),
        pytest.param('v: {from: text, between: ["Found!", null]}', "Found! A.B", "A.B", id="up to the end"),
        pytest.param('v: {from: text, between: ["[", "]"], else: none}', "x", "none", id="else"),
        pytest.param('v: {from: text, before: [":", " is "]}', "CPU Usage is fine: 3", "cpu usage", id="before the earliest"),
        pytest.param(
            'v: {from: text, skip: ["state of ", "the "], before: [" is "]}',
            "The state of the CPU is fine",
            "cpu",
            id="skip, again and again",
        ),
        pytest.param('v: {from: text, before: [" is "]}', "CPU", None, id="nothing to stand before"),
        pytest.param("v: {from: text, vocabulary: kinds}", " HUGE. ", "big", id="vocabulary"),
        pytest.param("v: {from: text, vocabulary: kinds}", "huge thing", "unknown", id="vocabulary is whole"),
        pytest.param("w: {label: [W]}\n        v: {from: w, vocabulary: kinds}", "x", "unknown", id="vocabulary of nothing"),
        pytest.param(
            "v: {from: text, words: {bad: [is broken, kaputt], good: [fine]}}",
            "All fine; one IS\n broken!",
            "bad",
            id="words, in order",
        ),
        pytest.param("v: {from: text, words: {ok: [ok]}}", "a book", None, id="words are whole"),
        pytest.param("v: {from: text, words: {ok: [ok]}, else: unclear}", "a book", "unclear", id="words else"),
        pytest.param("v: {from: [subject, text], words: {yes: [demo]}}", "x", "yes", id="words of the subject"),
        pytest.param(
            "v: {from: text, number_before: [computers found]}", "There are (1,306) computers found.", "1306", id="number before"
        ),
        pytest.param(
            "v: {from: text, number_before: [computers]}", "computers, some computers, 12 computers", "12", id="the next place"
        ),
        pytest.param("v: {from: text, number_after: [older than]}", "Older than 14 days", "14", id="number after"),
        pytest.param("v: {from: text, number_after: [older than]}", "older than a week", None, id="no number"),
        pytest.param("v: {const: x}", "", "x", id="const"),
        pytest.param("w: {const: b}\n        v: {first_of: [subject, w]}", "", "the demo mail", id="first of"),
        pytest.param("v: {label: [W]}", "W: x", "x", id="label"),
    ],
)
def test_a_mail_gives_fields(load: Load, field: str, text: str, expected: str | None) -> None:
    assert fields_of_mail(load, field, text).get("v") == expected


def test_built_in_fields_are_not_published(load: Load) -> None:
    assert fields_of_mail(load, "v: {from: text, words: {yes: [x]}}", "x" * 10 + " x") == {"v": "yes"}
