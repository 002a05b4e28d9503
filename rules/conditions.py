"""A rule's detection as a tree of tests: from Sigma, made smaller for one kind of notification, turned into one function.
pySigma reads modifiers, values and the condition; our strict schema has passed before it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sigma.conditions import ConditionAND, ConditionIdentifier, ConditionNOT, ConditionOR, ConditionSelector
from sigma.exceptions import SigmaError
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaType,
)

from collector.domain.trap_oids import other_spelling
from rules.pattern import BadPattern, longest_piece, network_test, number, plain_text, regex_test, text_test
from rules.text import Values, fold

KIND_FIELD = "notification"
TRAP_OID_FIELD = "trap_oid"
"""Both spellings of an OID are the same trap (`collector.domain.trap_oids`)."""
Check: TypeAlias = Callable[[Values], bool]


class BadDetection(Exception):
    """The detection cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Test:
    """One field against one value, or one set of plain values.

    `equals`: the folded values, where that is all it asks. `holds_text`: a folded text that every value which meets it holds."""

    __test__ = False

    selection: str
    field: str
    shown: str
    holds: Callable[[str | None], bool]
    equals: frozenset[str] | None = None
    holds_text: str = ""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Tree"


Tree: TypeAlias = Test | All | Some | Not | bool


def read_detection(name: str, detection: Mapping[str, object]) -> Tree:
    """The tree of a Sigma detection. Raise BadDetection; lines are the caller's business."""
    source = {"title": name, "logsource": {"category": "notification"}, "detection": dict(detection)}
    try:
        rule = SigmaRule.from_dict(source)
        if rule.errors:
            raise BadDetection(str(rule.errors[0]))
        parsed = rule.detection.parsed_condition[0].parse(postprocess=False)
        return _condition(parsed, rule)
    except (SigmaError, BadPattern) as error:
        raise BadDetection(str(error)) from error


def _condition(item: object, rule: SigmaRule) -> Tree:
    match item:
        case ConditionIdentifier():
            selection = rule.detection.detections.get(item.identifier)
            if selection is None:
                raise BadDetection(f"the condition names `{item.identifier}`, which is not a selection")
            return _selection(item.identifier, selection)
        case ConditionSelector():
            names = item.resolve_referenced_detections(rule.detection)
            if not names:
                raise BadDetection(f"`{item.args[0]} of {item.pattern}` names no selection")
            parts = tuple(_condition(name, rule) for name in names)
            return All(parts) if item.cond_class is ConditionAND else Some(parts)
        case ConditionAND():
            return All(tuple(_condition(part, rule) for part in item.args))
        case ConditionOR():
            return Some(tuple(_condition(part, rule) for part in item.args))
        case ConditionNOT():
            return Not(_condition(item.args[0], rule))
    raise BadDetection("the condition cannot be read")


def _selection(name: str, selection: SigmaDetection) -> Tree:
    parts = tuple(
        _item(name, part) if isinstance(part, SigmaDetectionItem) else _selection(name, part)
        for part in selection.detection_items
    )
    if len(parts) == 1:
        return parts[0]
    return Some(parts) if selection.item_linking is ConditionOR else All(parts)


def _item(selection: str, item: SigmaDetectionItem) -> Tree:
    if item.field is None:
        raise BadDetection("keywords (values without a field) are not supported: name the field")
    name = item.field
    if not item.value:
        return _test(selection, name, SigmaNull())
    if item.value_linking is ConditionAND:
        return All(tuple(_test(selection, name, value) for value in item.value))
    plain = {fold(text): text for text in map(_plain, item.value) if text is not None}
    tests = [_test(selection, name, value) for value in item.value if _plain(value) is None]
    if plain:
        tests.insert(0, _one_of(selection, name, plain))
    return tests[0] if len(tests) == 1 else Some(tuple(tests))


def _plain(value: SigmaType) -> str | None:
    """The text of a plain folded comparison, None for anything else."""
    return plain_text(value) if isinstance(value, SigmaString) and not isinstance(value, SigmaCasedString) else None


def _one_of(selection: str, name: str, plain: dict[str, str]) -> Test:
    wanted = frozenset(plain)
    if name == TRAP_OID_FIELD:
        wanted |= {other_spelling(oid) for oid in plain} - {""}
    shown = f"is {' or '.join(sorted(plain.values()))}" if len(plain) < 6 else f"is one of {len(plain)} values"
    return Test(selection, name, shown, lambda text: text is not None and fold(text) in wanted, wanted)


def _test(selection: str, name: str, value: SigmaType) -> Test:
    shown, holds = _check(value)
    folded = isinstance(value, SigmaString) and not isinstance(value, SigmaCasedString)
    return Test(selection, name, shown, holds, holds_text=longest_piece(value) if folded else "")


def _present(holds: Callable[[str], bool]) -> Callable[[str | None], bool]:
    return lambda text: text is not None and holds(text)


def _check(value: SigmaType) -> tuple[str, Callable[[str | None], bool]]:
    """What the test is called in `explain`, and the test; a missing field meets only `null` and `exists: false`."""
    match value:
        case SigmaNull():
            return "is missing", lambda text: text is None
        case SigmaExists():
            wanted = value.exists
            return ("is there" if wanted else "is missing"), lambda text: (text is not None) is wanted
        case SigmaCompareExpression():
            return _compare(value)
        case SigmaNumber():
            exact = value.number
            return f"= {exact}", _present(lambda text: number(text) == exact)
        case SigmaRegularExpression():
            source = str(value.regexp.to_plain()) if isinstance(value.regexp, SigmaString) else str(value.regexp)
            return f"matches {source}", _present(regex_test(source, value.flags))
        case SigmaCIDRExpression():
            return f"in network {value.cidr}", _present(network_test(value.cidr))
        case SigmaString():
            cased = isinstance(value, SigmaCasedString)
            return f"{'is exactly' if cased else 'is'} {value.to_plain()}", _present(text_test(value, cased=cased))
    raise BadDetection(f"a value of this type is not supported: {type(value).__name__}")


def _compare(value: SigmaCompareExpression) -> tuple[str, Callable[[str | None], bool]]:
    limit = value.number.number
    tests: dict[CompareOperators, tuple[str, Callable[[float], bool]]] = {
        CompareOperators.LT: ("<", lambda found: found < limit),
        CompareOperators.LTE: ("<=", lambda found: found <= limit),
        CompareOperators.GT: (">", lambda found: found > limit),
        CompareOperators.GTE: (">=", lambda found: found >= limit),
    }
    if value.op not in tests:
        raise BadDetection("this comparison is not supported")
    sign, test = tests[value.op]

    def holds(text: str) -> bool:
        found = number(text)
        return found is not None and test(found)

    return f"{sign} {limit}", _present(holds)


def for_kind(tree: Tree, kind: str) -> Tree:
    """The tree with every test on the notification's kind answered, and what that decides left out."""
    match tree:
        case Test():
            return tree.holds(kind) if tree.field == KIND_FIELD else tree
        case Not():
            part = for_kind(tree.part, kind)
            return not part if isinstance(part, bool) else Not(part)
        case All() | Some():
            return _joined(tree, kind)
    return tree


def _joined(tree: All | Some, kind: str) -> Tree:
    decides = isinstance(tree, Some)
    parts = [for_kind(part, kind) for part in tree.parts]
    if any(part is decides for part in parts):
        return decides
    left = tuple(part for part in parts if not isinstance(part, bool))
    if len(left) < 2:
        return left[0] if left else not decides
    return Some(left) if decides else All(left)


def function(tree: Tree) -> Check:
    """One function that says whether the tree holds for a notification's values."""
    match tree:
        case bool():
            return lambda _values: tree
        case Test():
            return _test_function(tree)
        case Not():
            part = function(tree.part)
            return lambda values: not part(values)
        case All():
            return _all_function([function(part) for part in tree.parts])
        case Some():
            return _some_function([function(part) for part in tree.parts])


def _test_function(test: Test) -> Check:
    name, holds, equals = test.field, test.holds, test.equals
    if equals is None:
        return lambda values: holds(values.get(name))

    def one_of(values: Values) -> bool:
        text = values.get(name)
        return text is not None and (text in equals or fold(text) in equals)

    return one_of


def _all_function(checks: list[Check]) -> Check:
    if len(checks) == 2:
        first, second = checks
        return lambda values: first(values) and second(values)

    def every(values: Values) -> bool:
        for check in checks:  # noqa: SIM110 - all() with a generator costs twice as much here
            if not check(values):
                return False
        return True

    return every


def _some_function(checks: list[Check]) -> Check:
    def some(values: Values) -> bool:
        for check in checks:  # noqa: SIM110 - any() with a generator costs twice as much here
            if check(values):
                return True
        return False

    return some


def tests_in(tree: Tree) -> Iterator[Test]:
    """Every test of the tree, in order."""
    match tree:
        case Test():
            yield tree
        case Not():
            yield from tests_in(tree.part)
        case All() | Some():
            for part in tree.parts:
                yield from tests_in(part)


def holds(tree: Tree, values: Values) -> bool:
    """The slow way, for explaining: the same answer as `function`."""
    return function(tree)(values)
