"""Recognising, deciding, rows, outcomes; and that nothing from outside makes it raise."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import CaseKind, SignalType, Urgency
from collector.domain.trap import Pdu, SnmpVersion, Trap
from rules.engine import RuleSet
from rules.loader import builtin_packs_path, load_packs

MakeTrap = Callable[..., Trap]
MakeMail = Callable[[str, str], Mail]
OID = "1.3.6.1.4.1.99999"
BUILT_IN = load_packs(builtin_packs_path()).ruleset
SEP_SOURCE = "1.3.6.1.4.1.311.1.13.1.18.83.121.109.97.110.116.101.99.32.65.110.116.105.86.105.114.117.115"


def second_pack(good_pack: str, name: str) -> str:
    return (
        good_pack.replace("pack: demo", f"pack: {name}")
        .replace("demo-console", f"{name}-console")
        .replace("v1:demo:", f"v1:{name}:")
    )


def test_a_trap_becomes_a_signal(ruleset: RuleSet, trap: MakeTrap) -> None:
    found = trap(f"{OID}.1.0.1", {f"{OID}.2.1.0": b"pc-1", f"{OID}.2.2.0": b"roto"})
    (answer,) = ruleset.classify_trap(found, source="s-1", products=("other", "demo-console"))
    signal = answer.signal
    assert signal is not None
    assert (answer.row, answer.outcome, answer.reason, answer.notification) == (0, Outcome.CASE, Reason.NONE, "status")
    assert (answer.pack, answer.product, answer.rule) == ("demo", "demo-console", "demo-bad")
    assert answer.fields == {"host": "pc-1", "word": "roto", "state": "bad"}
    assert (signal.type, signal.kind, signal.severity, signal.urgency) == (
        SignalType.RAISE,
        CaseKind.SEVERITY_CASE,
        3,
        Urgency.NORMAL,
    )
    assert (signal.key, signal.host, signal.title.es, signal.title.en) == (
        "v1:demo:status:pc-1",
        "pc-1",
        "pc-1 roto",
        "pc-1 broken",
    )
    assert len(answer.rule_version) == 12
    assert signal.rule_version == answer.rule_version


def test_a_clear_has_the_key_of_what_it_clears(ruleset: RuleSet, mail: MakeMail) -> None:
    (answer,) = ruleset.classify_mail(mail("Demo status", "Host: pc-1\nState: fine\n"), source="s", products=())
    assert answer.signal is not None
    assert (answer.signal.type, answer.signal.key, answer.signal.title.en) == (
        SignalType.CLEAR,
        "v1:demo:status:pc-1",
        "pc-1 fine",
    )


def test_rows_count_from_one_when_there_are_several(ruleset: RuleSet, mail: MakeMail) -> None:
    text = "Host: a\nState: broken\n\nHost: b\nState: fine\n\nHost:\nState: broken\n"
    answers = ruleset.classify_mail(mail("demo status", text), source="s", products=())
    assert [(answer.row, answer.outcome, answer.reason) for answer in answers] == [
        (1, Outcome.CASE, Reason.NONE),
        (2, Outcome.CASE, Reason.NONE),
        (3, Outcome.UNMATCHED, Reason.MISSING_KEY_FIELD),
    ]
    assert answers[2].detail == "the key needs the field host"
    assert answers[2].rule == "demo-bad"


def test_a_mail_over_the_limits_says_so_in_a_last_row(ruleset: RuleSet, mail: MakeMail) -> None:
    answers = ruleset.classify_mail(mail("demo status", "Host: a\nState: broken\n" * 1_200), source="s", products=())
    assert [answer.row for answer in answers] == list(range(1, 1_002))
    assert answers[-1].outcome is Outcome.UNMATCHED
    assert "rows may be missing" in answers[-1].detail


@pytest.mark.parametrize(
    ("oid", "reason", "notification"),
    [
        pytest.param("", Reason.NO_TRAP_OID, "", id="no trap OID"),
        pytest.param(f"{OID}.1.0.2", Reason.NO_KIND, "", id="unknown OID"),
        pytest.param(f"{OID}.1.0.1.1", Reason.NO_KIND, "", id="an exact OID is exact"),
        pytest.param(f"{OID}.1.0.1", Reason.MISSING_KEY_FIELD, "status", id="no host"),
    ],
)
def test_what_cannot_be_a_case_says_why(ruleset: RuleSet, trap: MakeTrap, oid: str, reason: Reason, notification: str) -> None:
    (answer,) = ruleset.classify_trap(trap(oid, {}), source="s", products=("p",))
    assert (answer.outcome, answer.reason, answer.notification) == (Outcome.UNMATCHED, reason, notification)
    assert answer.signal is None


def test_a_kind_that_no_rule_wants_is_said(good_pack: str, load: Callable[[str], RuleSet], trap: MakeTrap) -> None:
    ruleset = load(
        good_pack.replace("seen and not fine", "seen and not fine and hosted").replace(
            "      fine: {state: good}\n", "      fine: {state: good}\n      hosted: {host: pc-1}\n"
        )
    )
    (answer,) = ruleset.classify_trap(trap(f"{OID}.1.0.1", {f"{OID}.2.1": b"pc-2"}), source="s", products=())
    assert (answer.outcome, answer.reason, answer.pack, answer.notification) == (
        Outcome.UNMATCHED,
        Reason.NO_RULE,
        "demo",
        "status",
    )


def test_products_only_break_ties(good_pack: str, trap: MakeTrap, mail: MakeMail) -> None:
    ruleset = load_packs([("a", second_pack(good_pack, "alpha")), ("b", second_pack(good_pack, "beta"))]).ruleset
    found = trap(f"{OID}.1.0.1", {f"{OID}.2.1": b"pc"})
    letter = mail("Demo status", "Host: pc\n")
    for products, pack in (((), "alpha"), (("beta-console",), "beta"), (("nothing", "alpha-console"), "alpha")):
        assert ruleset.classify_trap(found, source="s", products=products)[0].pack == pack
        assert ruleset.classify_mail(letter, source="s", products=products)[0].pack == pack


def test_the_more_specific_kind_wins_over_the_product(good_pack: str, trap: MakeTrap, mail: MakeMail) -> None:
    broad = (
        second_pack(good_pack, "broad")
        .replace(f'trap_oid: "{OID}.1.0.1"', f'trap_oid_under: "{OID}"')
        .replace("[[demo status]]", "[[status]]")
    )
    ruleset = load_packs([("a", broad), ("b", good_pack)]).ruleset
    assert len(ruleset.packs) == 2
    found = trap(f"{OID}.1.0.1", {f"{OID}.2.1": b"pc"})
    assert ruleset.classify_trap(found, source="s", products=("broad-console",))[0].pack == "demo"
    assert ruleset.classify_trap(trap(f"{OID}.7", {}), source="s", products=())[0].pack == "broad"
    assert ruleset.classify_mail(mail("Demo status", "Host: x"), source="s", products=("broad-console",))[0].pack == "demo"


def test_trace_tells_the_conditions_that_held(ruleset: RuleSet, mail: MakeMail) -> None:
    letter = mail("demo status", "Host: pc-1\nState: broken\n")
    (plain,) = ruleset.classify_mail(letter, source="s", products=())
    (traced,) = ruleset.classify_mail(letter, source="s", products=(), trace=True)
    assert [(c.selection, c.field, c.test, c.value) for c in traced.matched] == [
        ("seen", "notification", "is status", "status"),
        ("fine", "state", "not: is good", "bad"),
    ]
    assert replace(traced, matched=()) == plain


def test_the_version_of_a_rule_follows_its_meaning_and_not_its_tests(good_pack: str, load: Callable[[str], RuleSet]) -> None:
    first, same = load(good_pack), load(good_pack.replace("broken by mail", "another name"))
    other = load(good_pack.replace("{host} roto", "{host} averiado"))
    versions = [[rule.version for rule in ruleset.packs[0].rules] for ruleset in (first, same, other)]
    assert versions[0] == versions[1]
    assert versions[0][0] != versions[2][0]
    assert versions[0][1] == versions[2][1]
    assert first.hash != other.hash
    assert first.hash == load(good_pack).hash


def test_many_rules_on_one_kind_keep_file_order(good_pack: str, load: Callable[[str], RuleSet], trap: MakeTrap) -> None:
    start, end = good_pack.index("  - name: demo-bad"), good_pack.index("  - name: demo-good")
    rule = good_pack[start:end]
    early = rule.replace("demo-bad", "early-{n}").replace(
        "seen: {notification: status}", 'seen: {notification: status, host|cased: ["x-{n}", "x-both"]}'
    )
    late = rule.replace("demo-bad", "late-{n}").replace(
        "seen: {notification: status}", 'seen: {notification: status, host: ["h-{n}", "h-both"]}'
    )
    made = ""
    for number in range(10):
        for form, host in ((early, "x"), (late, "h")):
            text = form.replace("{n}", str(number))
            made += (
                text.replace("Host: pc-1", f"Host: {host}-{number}")
                .replace('2.1.0": pc-1', f'2.1.0": {host}-{number}')
                .replace("status:pc-1", f"status:{host}-{number}")
            )
    ruleset = load(good_pack[:start] + made + good_pack[start:])

    def rule_for(host: str) -> str:
        return ruleset.classify_trap(trap(f"{OID}.1.0.1", {f"{OID}.2.1": host.encode()}), source="s", products=())[0].rule

    assert [rule_for(host) for host in ("x-7", "H-7", "X-7", "h-both", "x-both", "other")] == [
        "early-7",
        "late-7",
        "demo-bad",
        "late-0",
        "early-0",
        "demo-bad",
    ]


def test_a_rule_that_fails_is_an_answer(ruleset: RuleSet, trap: MakeTrap, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ruleset.compiled[0].kinds["status"]
    monkeypatch.setattr(kind, "_find", lambda values: 1 / 0)
    (answer,) = ruleset.classify_trap(trap(f"{OID}.1.0.1", {}), source="s", products=())
    assert (answer.outcome, answer.reason, answer.detail) == (Outcome.UNMATCHED, Reason.RULE_FAILED, "ZeroDivisionError")
    answers = ruleset.classify_mail(Mail(subject="demo status", text="Host: a\nHost: b\n"), source="s", products=())
    assert [(answer.row, answer.reason) for answer in answers] == [(1, Reason.RULE_FAILED), (2, Reason.RULE_FAILED)]


_values = st.one_of(st.binary(max_size=60), st.integers(), st.none(), st.text(max_size=20))
_oids = st.one_of(
    st.sampled_from([*BUILT_IN.traps.exact, f"{SEP_SOURCE}.0.51"]),
    st.text(max_size=40),
    st.lists(st.integers(0, 2**33), max_size=20).map(lambda arcs: ".".join(map(str, arcs))),
)


@given(_oids, st.lists(st.tuples(_oids, st.integers(0, 255), _values), max_size=8))
def test_no_trap_makes_it_raise(oid: str, varbinds: list[tuple[str, int, bytes | int | str | None]]) -> None:
    found = Trap(SnmpVersion.V1, b"", Pdu.TRAP_V1, 1, oid, None, varbinds)
    (answer,) = BUILT_IN.classify_trap(found, source="s", products=("x",))
    assert answer.reason is not Reason.RULE_FAILED


_WORDS = [
    "Risk name",
    "Computer",
    "Actual action",
    ":",
    "\t",
    "\n",
    ",",
    "Server ",
    " health status",
    "definitions older than",
    "LiveUpdate",
    "license expires",
]


@given(st.text(max_size=60), st.lists(st.one_of(st.sampled_from(_WORDS), st.text(max_size=15)), max_size=40).map("".join))
def test_no_mail_makes_it_raise(subject: str, text: str) -> None:
    for answer in BUILT_IN.classify_mail(Mail(subject=subject, text=text), source="s", products=("x",)):
        assert answer.reason is not Reason.RULE_FAILED
