"""What must hold across a pack: every field used exists where it is needed, clears build the key of what they clear, every rule
can be reached and has a matching and a non-matching test. Notes every mistake with the rule's line."""

from collections.abc import Iterator

from collector.domain.signal import CaseKind
from rules.compiled import case_fields
from rules.conditions import KIND_FIELD, Tree, for_kind, tests_in
from rules.model import CaseSpec, PackSpec, RuleSpec, TransportKind
from rules.nodes import Document, suggestion
from rules.text import fold, placeholders

Sides = list[tuple[str, TransportKind, frozenset[str]]]


def check_pack(pack: PackSpec, trees: dict[str, Tree], document: Document) -> None:
    """Add what is wrong to the document."""
    reach = _reach(pack, trees)
    by_name = {rule.name: rule for rule in pack.rules}
    for rule in pack.rules:
        before = len(document.errors)
        _check_kinds(rule, trees[rule.name], pack, document)
        if len(document.errors) == before and not reach[rule.name]:
            document.add(
                rule.line, f"rule `{rule.name}` can never be reached: no kind meets it, or rules above take all it could have"
            )
        sides = list(_sides(pack, reach[rule.name]))
        _check_fields(rule, trees[rule.name], pack, document)
        if rule.case:
            _check_case(rule, rule.case, pack, sides, document)
        if rule.clears:
            _check_clears(rule, by_name, sides, document)
        _check_tests(rule, document)


def _reach(pack: PackSpec, trees: dict[str, Tree]) -> dict[str, list[str]]:
    """Rule -> the kinds it can match; a rule that takes a kind whole hides it from those below."""
    found: dict[str, list[str]] = {rule.name: [] for rule in pack.rules}
    for kind in pack.kinds:
        for rule in pack.rules:
            left = for_kind(trees[rule.name], kind)
            if left is not False:
                found[rule.name].append(kind)
            if left is True:
                break
    return found


def _sides(pack: PackSpec, kinds: list[str]) -> Iterator[tuple[str, TransportKind, frozenset[str]]]:
    for name in kinds:
        for transport, fields in pack.kinds[name].sides().items():
            yield name, transport, fields


def _check_kinds(rule: RuleSpec, tree: Tree, pack: PackSpec, document: Document) -> None:
    for test in tests_in(tree):
        for name in test.equals or () if test.field == KIND_FIELD else ():
            if name not in pack.kinds:
                near = suggestion(name, pack.kinds)
                document.add(rule.detection_line, f"rule `{rule.name}`: there is no notification kind `{name}`{near}")


def _check_fields(rule: RuleSpec, tree: Tree, pack: PackSpec, document: Document) -> None:
    known = {name for _, _, fields in _sides(pack, list(pack.kinds)) for name in fields}
    asked = {test.field for test in tests_in(tree)}
    shown: set[str] = set()
    if rule.case:
        shown = case_fields(rule.case)[1]
    if rule.says:
        shown |= {name for text in (rule.says.es, rule.says.en) for name in placeholders(text)}
    for name in sorted(asked - known):
        message = f"rule `{rule.name}`: no kind of this pack has the field `{name}`{suggestion(name, known)}"
        document.add(rule.detection_line, message)
    for name in sorted(shown - known):
        line = rule.case.line if rule.case else rule.line
        document.add(line, f"rule `{rule.name}`: no kind of this pack has the field `{name}`{suggestion(name, known)}")


def _check_case(rule: RuleSpec, case: CaseSpec, pack: PackSpec, sides: Sides, document: Document) -> None:
    _check_key(rule, case, sides, document)
    if case.kind is CaseKind.THREAT_INCIDENT and not pack.protects:
        document.add(case.line, f"rule `{rule.name}`: only packs with `protects: sep` or `ses` may open threat incidents")


def _check_key(rule: RuleSpec, case: CaseSpec, sides: Sides, document: Document) -> None:
    needed, _ = case_fields(case)
    for kind, transport, fields in sides:
        for name in sorted(needed - fields):
            lacking = f"which kind `{kind}` does not have under `{transport.value}`{suggestion(name, fields)}"
            document.add(rule.line, f"rule `{rule.name}`: the key needs the field `{name}`, {lacking}")


def _check_clears(rule: RuleSpec, by_name: dict[str, RuleSpec], sides: Sides, document: Document) -> None:
    recipes: dict[tuple[str, ...], str] = {}
    for name in rule.clears:
        cleared = by_name.get(name)
        if cleared is None or cleared.case is None:
            openers = [other.name for other in by_name.values() if other.case]
            why = f"there is no rule `{name}`{suggestion(name, openers)}" if cleared is None else f"rule `{name}` opens no case"
            document.add(rule.line, f"rule `{rule.name}` clears what is not there: {why}")
            continue
        if not recipes:
            _check_key(rule, cleared.case, sides, document)
        recipes.setdefault(cleared.case.key, name)
    if len(recipes) > 1:
        first, second, *_ = recipes.values()
        document.add(rule.line, f"rule `{rule.name}` clears rules with different keys: `{first}` and `{second}`")


def _check_tests(rule: RuleSpec, document: Document) -> None:
    for wanted, what in ((True, "matches"), (False, "does not match")):
        if not any(test.expect.match is wanted for test in rule.tests):
            document.add(rule.line, f"rule `{rule.name}` needs at least one test that {what}")
    names: set[str] = set()
    for test in rule.tests:
        if fold(test.name) in names:
            document.add(test.line, f"the test name `{test.name}` is doubled in rule `{rule.name}`")
        names.add(fold(test.name))
