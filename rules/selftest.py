"""Runs the tests that packs carry, and says what they leave untested: transports without a wire form, clears without proof."""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome
from collector.domain.signal import Classified, SignalType
from collector.domain.trap import Pdu, SnmpVersion, Trap, VarbindValue
from rules.engine import RuleSet
from rules.model import ExpectSpec, PackSpec, RuleSpec, TestSpec, TransportKind
from rules.pack import CompiledPack

TEST_SOURCE = "console-1"
"""The source's name in every test."""
_OCTETS, _INTEGER = 0x04, 0x02


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that did not hold, or a demand that is not met. Lines count from 1."""

    rule: str
    test: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class _Run:
    rule: RuleSpec
    test: TestSpec
    answers: list[Classified]

    def of_rule(self) -> list[Classified]:
        return [answer for answer in self.answers if answer.rule == self.rule.name and answer.outcome is not Outcome.UNMATCHED]


def failures(pack: CompiledPack) -> list[Failure]:
    """Every test that fails, in file order, then what is not tested."""
    ruleset = RuleSet([pack])
    runs = [_Run(rule, test, run_test(ruleset, pack.spec, test)) for rule in pack.spec.rules for test in rule.tests]
    found = [failure for run in runs for failure in _judge(run)]
    return found or [*_untested(pack.spec, runs), *_unproven_clears(pack.spec, runs)]


def run_test(ruleset: RuleSet, pack: PackSpec, test: TestSpec) -> list[Classified]:
    """What the rule set says to a test's notification."""
    if test.mail is not None:
        return ruleset.classify_mail(mail_of(test.mail), source=TEST_SOURCE, products=pack.products)
    if test.trap_oid is not None:
        return ruleset.classify_trap(trap_of(test), source=TEST_SOURCE, products=pack.products)
    fields = dict(test.fields or {})
    name = fields.pop("notification", "")
    kind = next((kind for compiled in ruleset.compiled for kind in compiled.kinds.values() if kind.name == name), None)
    if kind is None:
        return []
    transport = TransportKind.SNMP if kind.spec.snmp else TransportKind.MAIL
    return [kind.decide({"source": TEST_SOURCE, **fields}, 0, pack.products[0], transport)]


def mail_of(text: str) -> Mail:
    """A mail from header lines, an empty line and the text. Only the subject is looked at."""
    head, _, body = text.partition("\n\n")
    subject = next((line[8:].strip() for line in head.split("\n") if line.lower().startswith("subject:")), "")
    return Mail(subject=subject, text=body)


def trap_of(test: TestSpec) -> Trap:
    """The decoded form of a test's trap."""
    enterprise, generic, specific = test.v1 or ("", 0, 0)
    version, pdu = (SnmpVersion.V1, Pdu.TRAP_V1) if test.v1 else (SnmpVersion.V2C, Pdu.TRAP_V2)
    varbinds = [(oid, _INTEGER if isinstance(value, int) else _OCTETS, octets(value)) for oid, value in test.varbinds]
    return Trap(version, b"", pdu, 1, test.trap_oid or "", 0, varbinds, enterprise=enterprise, generic=generic, specific=specific)


def octets(value: str | int) -> VarbindValue:
    """A test's varbind value as decoded: numbers stay, text is UTF-8, `hex:` gives the octets."""
    if isinstance(value, int):
        return value
    return bytes.fromhex(value[4:]) if value.startswith("hex:") else value.encode()


def _judge(run: _Run) -> Iterator[Failure]:
    matched = run.of_rule()
    expect = run.test.expect
    if expect.match and not matched:
        yield _failure(run, f"the rule did not match: {_said(run.answers)}")
    elif not expect.match and matched:
        yield _failure(run, "the rule matched, and should not")
    elif expect.match:
        for wrong in _differences(expect, matched[0], len(run.answers)):
            yield _failure(run, wrong)


def _said(answers: list[Classified]) -> str:
    if not answers:
        return "the test names no kind of this pack in `notification`"
    return "; ".join(
        f"kind `{answer.notification or 'none'}`, rule `{answer.rule or 'none'}`, {answer.outcome.value} {answer.reason.value}"
        f"{' - ' + answer.detail if answer.detail else ''}"
        for answer in answers[:3]
    )


def _failure(run: _Run, message: str) -> Failure:
    return Failure(run.rule.name, run.test.name, run.test.line, f"rule `{run.rule.name}`, test `{run.test.name}`: {message}")


def _differences(expect: ExpectSpec, answer: Classified, rows: int) -> Iterator[str]:
    signal = answer.signal
    found: dict[str, object] = {
        "kind": signal.kind.value if signal else None,
        "severity": signal.severity if signal else None,
        "urgency": signal.urgency.value if signal else None,
        "key": signal.key if signal else None,
        "contained": signal.contained if signal else None,
        "clears": bool(signal and signal.type is SignalType.CLEAR),
        "outcome": answer.outcome.value,
        "notification": answer.notification,
        "rows": rows,
    }
    for name, value in found.items():
        wanted = getattr(expect, name)
        if wanted is not None and wanted != value:
            yield f"{name} is {value}, not {wanted}"
    for name, text in expect.fields.items():
        if answer.fields.get(name) != text:
            yield f"the field {name} is {answer.fields.get(name, 'missing')}, not {text}"


def _untested(pack: PackSpec, runs: list[_Run]) -> Iterator[Failure]:
    """For every transport that a kind names, one matching test in wire form must be recognised as that kind."""
    shown: set[tuple[str, TransportKind]] = set()
    for run in runs:
        transport = TransportKind.MAIL if run.test.mail is not None else TransportKind.SNMP
        if run.test.fields is None and run.of_rule():
            shown |= {(answer.notification, transport) for answer in run.answers}
    for kind in pack.kinds.values():
        for transport in kind.sides():
            if (kind.name, transport) not in shown:
                form = "mail" if transport is TransportKind.MAIL else "trap"
                yield Failure("", "", kind.line, f"kind `{kind.name}` needs a matching test in wire form (`{form}:`)")


def _unproven_clears(pack: PackSpec, runs: list[_Run]) -> Iterator[Failure]:
    """A clearing rule's tests must build a key that tests of each cleared rule build too."""
    keys: dict[str, set[str]] = {}
    for run in runs:
        keys.setdefault(run.rule.name, set()).update(answer.signal.key for answer in run.of_rule() if answer.signal)
    for rule in pack.rules:
        for cleared in rule.clears:
            if keys.get(rule.name, set()).isdisjoint(keys.get(cleared, set())):
                message = f"rule `{rule.name}`: no test shows that it clears a case which a test of `{cleared}` opens (same key)"
                yield Failure(rule.name, "", rule.line, message)
