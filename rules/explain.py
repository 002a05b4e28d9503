"""Says for one notification why it is what it is: every kind that was thought of, every rule of the chosen kind, every condition
with the value it met. For people; slower than classifying."""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.domain.mail import Mail
from collector.domain.outcome import Reason
from collector.domain.signal import Classified
from collector.domain.trap import Trap
from collector.domain.windows_entries import windows_entry
from rules.compiled import CompiledKind, KindRule
from rules.conditions import KIND_FIELD, Tree, holds, tests_in
from rules.engine import RuleSet
from rules.recognise import anchor_text, choose
from rules.text import Values

MAX_ROWS = 50
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class TriedCondition:
    """One test of a rule: what it asks of which field, what it met (None: the field is missing), whether it held by itself."""

    selection: str
    field: str
    test: str
    value: str | None
    held: bool


@dataclass(frozen=True, slots=True)
class TriedRule:
    """`matched`: the whole condition held. `chosen`: it was the first that did."""

    rule: str
    version: str
    condition: str
    matched: bool
    chosen: bool
    conditions: tuple[TriedCondition, ...]


@dataclass(frozen=True, slots=True)
class TriedKind:
    """`tried`: the OIDs or anchors looked for; `missing`: anchors that were not there. Only the chosen kind is read further."""

    pack: str
    kind: str
    tried: tuple[str, ...]
    missing: tuple[str, ...]
    recognised: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class RowExplained:
    """One notification: the fields that were read and the rules of its kind."""

    row: int
    fields: dict[str, str]
    rules: tuple[TriedRule, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`recognised_by`: the trap OID (and Windows log entry), or that anchors were looked for. At most MAX_ROWS rows."""

    recognised_by: str
    kinds: tuple[TriedKind, ...]
    rows: tuple[RowExplained, ...]
    answers: tuple[Classified, ...]


def explain_trap(ruleset: RuleSet, trap: Trap, *, source: str, products: tuple[str, ...]) -> Explanation:
    """Why `classify_trap` answers what it answers."""
    entry = windows_entry(trap.trap_oid)
    by = f"trap OID {trap.trap_oid or 'missing'}"[:_MAX_SHOWN]
    if entry:
        by += f", Windows log source {entry.source}, id {entry.number}"[:_MAX_SHOWN]
    found = ruleset.traps.find(trap.trap_oid)
    chosen = choose(found, products)
    kinds = tuple(
        TriedKind(kind.pack.name, kind.name, _trap_ways(kind), (), recognised=True, chosen=kind is chosen) for kind in found
    )
    answers = tuple(ruleset.classify_trap(trap, source=source, products=products, trace=True))
    reader = chosen.traps if chosen and not _failed(answers) else None
    rows = [reader.read(trap, source)] if reader else []
    return Explanation(by, kinds, _rows(chosen, rows), answers)


def explain_mail(ruleset: RuleSet, mail: Mail, *, source: str, products: tuple[str, ...]) -> Explanation:
    """Why `classify_mail` answers what it answers. Kinds of which at least one anchor stood in the mail are listed too."""
    found = ruleset.mails.find(mail)
    chosen = choose(found, products)
    answers = tuple(ruleset.classify_mail(mail, source=source, products=products, trace=True))
    reader = chosen.mails if chosen and not _failed(answers) else None
    rows = reader.read(mail, source).rows[:MAX_ROWS] if reader else []
    kinds = tuple(_anchored(ruleset, mail, found, chosen))
    return Explanation("anchors in subject and text", kinds, _rows(chosen, rows), answers[:MAX_ROWS])


def _failed(answers: tuple[Classified, ...]) -> bool:
    """Whether a rule or a field failed: then only the answer's own detail can be told."""
    return any(answer.reason is Reason.RULE_FAILED for answer in answers)


def _trap_ways(kind: CompiledKind) -> tuple[str, ...]:
    side = kind.spec.snmp
    if side is None:
        return ()
    windows = tuple(f"Windows {source} {number}" for source, number in side.windows)
    return side.oids + tuple(f"{oid}.*" for oid in side.under) + windows


def _anchored(ruleset: RuleSet, mail: Mail, found: list[CompiledKind], chosen: CompiledKind | None) -> Iterator[TriedKind]:
    text, _ = anchor_text(mail)
    for anchors in ruleset.mails.lists:
        missing = tuple(phrase.strip() for phrase in anchors.phrases if phrase not in text)
        if len(missing) < len(anchors.phrases):
            tried = tuple(phrase.strip() for phrase in anchors.phrases)
            kind = anchors.kind
            recognised = not missing and kind in found
            yield TriedKind(kind.pack.name, kind.name, tried, missing, recognised, chosen=recognised and kind is chosen)


def _rows(kind: CompiledKind | None, rows: list[Values]) -> tuple[RowExplained, ...]:
    if kind is None:
        return ()
    many = len(rows) > 1
    return tuple(_row(kind, values, number if many else 0) for number, values in enumerate(rows, 1))


def _row(kind: CompiledKind, values: Values, row: int) -> RowExplained:
    values = {**values, KIND_FIELD: kind.name}
    first = kind.rule_for(values)
    rules = tuple(_rule(rule, values, chosen=rule is first) for rule in kind.rules)
    return RowExplained(row, {name: text[:_MAX_SHOWN] for name, text in values.items()}, rules)


def _rule(rule: KindRule, values: Values, *, chosen: bool) -> TriedRule:
    condition = str(rule.spec.detection.get("condition", ""))
    return TriedRule(
        rule.spec.name, rule.spec.version, condition, holds(rule.tree, values), chosen, tuple(_conditions(rule.tree, values))
    )


def _conditions(tree: Tree, values: Values) -> Iterator[TriedCondition]:
    for test in tests_in(tree):
        value = values.get(test.field)
        yield TriedCondition(
            test.selection, test.field, test.shown, value[:_MAX_SHOWN] if value is not None else None, test.holds(value)
        )
