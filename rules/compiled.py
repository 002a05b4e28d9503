"""A kind of notification made ready: its readers, and the rules that can want it, cut down to what that kind leaves to ask."""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import Classified, MatchedCondition
from rules.conditions import KIND_FIELD, All, Check, Not, Some, Test, Tree, for_kind, function, tests_in
from rules.extract import MailReader, TrapReader
from rules.model import BUILT_IN, WORKING, CaseSpec, KindSpec, PackSpec, RuleSpec, TransportKind
from rules.rule_index import finder
from rules.text import Values, placeholders
from rules.verdicts import Decide, decider


@dataclass(frozen=True, slots=True)
class KindRule:
    """A rule as one kind sees it. `tree` is the whole detection, `left` what the kind leaves open, `check` its function."""

    spec: RuleSpec
    tree: Tree
    left: Tree
    check: Check
    decide: Decide


class CompiledKind:
    """One kind with its rules in file order. Made once; used by many threads at a time."""

    def __init__(self, pack: PackSpec, spec: KindSpec, trees: dict[str, Tree], deciders: dict[str, Decide]) -> None:
        self.pack = pack
        self.spec = spec
        self.name = spec.name
        self.rules = list(_kind_rules(pack, spec, trees, deciders))
        used = frozenset().union(*(_fields_used(rule.spec, rule.tree, pack) for rule in self.rules))
        self.traps = TrapReader(spec.snmp, _needed(TransportKind.SNMP, used, spec)) if spec.snmp else None
        self.mails = MailReader(spec.mail, _needed(TransportKind.MAIL, used, spec)) if spec.mail else None
        self._trap_extra = _extra(TransportKind.SNMP, used, spec)
        self._mail_extra = _extra(TransportKind.MAIL, used, spec)
        self._names_itself = KIND_FIELD in used
        self._find = finder(self.rules)

    def decide(self, values: Values, row: int, product: str, transport: TransportKind) -> Classified:
        """What the first matching rule says about the values; they become the answer's fields."""
        extra = self._trap_extra if transport is TransportKind.SNMP else self._mail_extra
        if self._names_itself:
            values[KIND_FIELD] = self.name
        rule = self._find(values)
        if rule is not None:
            return rule.decide(values, row, self.name, product, extra)
        for field in extra:
            values.pop(field, None)
        return Classified(row, Outcome.UNMATCHED, Reason.NO_RULE, self.pack.name, product, self.name, values)

    def rule_for(self, values: Values) -> KindRule | None:
        """The first rule that matches."""
        return self._find(values)


def matched_conditions(rule: KindRule, values: Values, kind: str) -> tuple[MatchedCondition, ...]:
    """The conditions of a rule that matched which held, negated ones marked `not`."""
    return tuple(_held(rule.tree, {**values, KIND_FIELD: kind}, negated=False))


def _held(tree: Tree, values: Values, *, negated: bool) -> Iterator[MatchedCondition]:
    match tree:
        case Test():
            value = values.get(tree.field)
            if tree.holds(value) is not negated:
                yield MatchedCondition(
                    tree.selection, tree.field, f"not: {tree.shown}" if negated else tree.shown, (value or "")[:200]
                )
        case Not():
            yield from _held(tree.part, values, negated=not negated)
        case All() | Some():
            for part in tree.parts:
                yield from _held(part, values, negated=negated)


def _kind_rules(pack: PackSpec, spec: KindSpec, trees: dict[str, Tree], deciders: dict[str, Decide]) -> Iterator[KindRule]:
    for rule in pack.rules:
        left = for_kind(trees[rule.name], spec.name)
        if left is not False:
            yield KindRule(rule, trees[rule.name], left, function(left), deciders[rule.name])
        if left is True:
            return


def pack_deciders(pack: PackSpec) -> dict[str, Decide]:
    return {rule.name: decider(pack, rule) for rule in pack.rules}


def _needed(transport: TransportKind, used: frozenset[str], spec: KindSpec) -> frozenset[str]:
    """The built-in fields that rules or other fields of this kind read."""
    side = spec.snmp if transport is TransportKind.SNMP else spec.mail
    read = frozenset(name for field in side.fields for name in field.reads) if side else frozenset()
    return (used | read) & BUILT_IN[transport]


def _extra(transport: TransportKind, used: frozenset[str], spec: KindSpec) -> tuple[str, ...]:
    """The built-in and working fields that must not stand among the published ones."""
    side = spec.snmp if transport is TransportKind.SNMP else spec.mail
    working = {field.name for field in side.fields if field.name.startswith(WORKING)} if side else set()
    return tuple(sorted(_needed(transport, used, spec) | working))


def case_fields(case: CaseSpec) -> tuple[set[str], set[str]]:
    """The fields that the key needs, and those that the texts and the severity show."""
    key = {name for part in case.key for name in placeholders(part)}
    words = [case.title, case.summary, case.steps]
    shown = {name for text in words for template in (text.es, text.en) for name in placeholders(template)}
    shown |= set(placeholders(case.source_severity))
    if case.severity and case.severity.by:
        shown.add(case.severity.by)
    return key, shown


def _fields_used(rule: RuleSpec, tree: Tree, pack: PackSpec) -> frozenset[str]:
    used = {test.field for test in tests_in(tree)} - {KIND_FIELD}
    cases = [rule.case] if rule.case else [other.case for other in pack.rules if other.name in rule.clears]
    for case in cases:
        if case:
            key, shown = case_fields(case)
            used |= key | shown
    if rule.says:
        used |= {name for template in (rule.says.es, rule.says.en) for name in placeholders(template)}
    return frozenset(used)
