"""Explanations: what was tried and why it did or did not match, and that they can be shown as JSON."""

import dataclasses
import json
from collections.abc import Callable

import pytest

from collector.domain.mail import Mail
from collector.domain.outcome import Reason
from collector.domain.trap import Trap
from rules.engine import RuleSet
from rules.explain import explain_mail, explain_trap

OID = "1.3.6.1.4.1.99999"


def test_a_trap_is_explained_with_every_rule_and_condition(ruleset: RuleSet, trap: Callable[..., Trap]) -> None:
    found = trap(f"{OID}.1.0.1", {f"{OID}.2.1.0": b"pc-1", f"{OID}.2.2.0": b"roto"})
    told = explain_trap(ruleset, found, source="s", products=())
    assert told.recognised_by == f"trap OID {OID}.1.0.1"
    assert [(kind.kind, kind.tried, kind.chosen) for kind in told.kinds] == [("status", (f"{OID}.1.0.1",), True)]
    (row,) = told.rows
    bad, good = row.rules
    assert (bad.rule, bad.condition, bad.matched, bad.chosen) == ("demo-bad", "seen and not fine", True, True)
    assert [(c.selection, c.field, c.test, c.value, c.held) for c in bad.conditions] == [
        ("seen", "notification", "is status", "status", True),
        ("fine", "state", "is good", "bad", False),
    ]
    assert (good.matched, good.chosen) == (False, False)
    assert told.answers[0].rule == "demo-bad"
    assert told.answers[0].matched


def test_a_strange_trap_is_explained_by_its_oid(ruleset: RuleSet, trap: Callable[..., Trap]) -> None:
    told = explain_trap(ruleset, trap("1.2.3", {}), source="s", products=())
    assert (told.recognised_by, told.kinds, told.rows) == ("trap OID 1.2.3", (), ())
    assert told.answers[0].reason is Reason.NO_KIND


def test_a_trap_without_a_name_is_explained_by_that(ruleset: RuleSet, trap: Callable[..., Trap]) -> None:
    told = explain_trap(ruleset, trap("", {f"{OID}.2.1.0": b"pc-1"}), source="s", products=())
    assert (told.recognised_by, told.kinds, told.rows) == ("trap OID missing", (), ())
    assert told.answers[0].reason is Reason.NO_TRAP_OID


def test_a_trap_of_a_windows_log_is_explained_by_source_and_id(ruleset: RuleSet, trap: Callable[..., Trap]) -> None:
    told = explain_trap(ruleset, trap("1.3.6.1.4.1.311.1.13.1.2.65.98.0.1073741875"), source="s", products=())
    assert told.recognised_by.endswith(", Windows log source Ab, id 51")


def test_a_mail_that_nearly_matches_tells_the_missing_anchors(good_pack: str, load: Callable[[str], RuleSet]) -> None:
    ruleset = load(good_pack.replace("[[demo status]]", "[[demo status, pc]]"))
    told = explain_mail(ruleset, Mail(subject="Demo status", text="nothing"), source="s", products=())
    (kind,) = told.kinds
    assert (kind.tried, kind.missing, kind.recognised, kind.chosen) == (("demo status", "pc"), ("pc",), False, False)


def test_each_row_of_a_mail_is_explained(ruleset: RuleSet) -> None:
    told = explain_mail(
        ruleset, Mail(subject="Demo status", text="Host: a\nState: fine\n\nHost: b\nState: x\n"), source="s", products=()
    )
    assert [(row.row, row.fields["host"], [rule.rule for rule in row.rules if rule.chosen]) for row in told.rows] == [
        (1, "a", ["demo-good"]),
        (2, "b", ["demo-bad"]),
    ]


def test_an_explanation_is_plain_data(ruleset: RuleSet) -> None:
    told = explain_mail(ruleset, Mail(subject="Demo status", text="Host: a\nState: fine\n"), source="s", products=())
    shown = json.loads(json.dumps(dataclasses.asdict(dataclasses.replace(told, answers=()))))
    assert shown["rows"][0]["rules"][1]["conditions"][1]["held"] is True


def test_a_rule_that_fails_is_explained_by_its_answer(
    ruleset: RuleSet, monkeypatch: pytest.MonkeyPatch, trap: Callable[..., Trap]
) -> None:
    monkeypatch.setattr(ruleset.compiled[0].kinds["status"], "_find", lambda values: 1 / 0)
    told = explain_trap(ruleset, trap(f"{OID}.1.0.1", {}), source="s", products=())
    assert told.rows == ()
    assert told.answers[0].detail == "ZeroDivisionError"
