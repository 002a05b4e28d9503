"""Reads the `rules` of a pack: detection (checked by our schema before Sigma sees it), case block, tests. Notes every mistake."""

import hashlib
import json

from sigma.types import SigmaRegularExpressionFlag

from collector.domain.signal import CaseKind, Urgency, Words
from rules import schema
from rules.model import CaseSpec, OutcomeWord, RuleSpec, SeveritySpec
from rules.nodes import Mapping, Node, plain, suggestion
from rules.pattern import BadPattern, regex_test
from rules.read_tests import read_tests
from rules.text import broken_placeholder, fold, placeholders

_FLAGS = {
    "i": SigmaRegularExpressionFlag.IGNORECASE,
    "m": SigmaRegularExpressionFlag.MULTILINE,
    "s": SigmaRegularExpressionFlag.DOTALL,
}
EMPTY = Words("", "")


def digest(value: object) -> str:
    """SHA-256 of the canonical form of plain data, in hex."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


def read_rules(pack: Mapping) -> tuple[RuleSpec, ...]:
    """The rules in file order."""
    rules: list[RuleSpec] = []
    names: dict[str, int] = {}
    for node in pack.items("rules"):
        rule = _read_rule(node)
        if rule.name in names:
            node.error(f"the rule name `{rule.name}` is doubled (first on line {names[rule.name]})")
        elif rule.name:
            names[rule.name] = node.line
        rules.append(rule)
    return tuple(rules)


def _read_rule(node: Node) -> RuleSpec:
    section = node.mapping("a rule", schema.RULE)
    name = section.text("name")
    decided = [key for key in ("case", "outcome", "clears") if key in section]
    if len(decided) != 1:
        node.error(f"rule `{name}` needs exactly one of case, outcome, clears; it has {' and '.join(decided) or 'none'}")
    case, says, outcome = section.get("case"), section.get("says"), section.get("outcome")
    if says and "clears" not in section:
        section.error("says", "`says` goes with `clears` only")
    body = {key: plain(child) for key, child in section if key != "tests"}
    return RuleSpec(
        name,
        node.line,
        section.text("title"),
        _read_detection(section),
        section.line_of("detection"),
        digest(body)[:12],
        _read_case(case) if case else None,
        outcome.choice("`outcome`", OutcomeWord) if outcome else None,
        tuple(section.texts("clears")),
        _read_words(says, "`says`") if says else None,
        read_tests(section),
    )


def _read_detection(section: Mapping) -> dict[str, object]:
    node = section.require("detection")
    if node is None:
        return {}
    detection = node.mapping("`detection`")
    detection.text("condition")
    if len(detection.entries) < 2:
        node.error("`detection` needs at least one selection beside `condition`")
    for name, selection in detection:
        if name != "condition":
            _check_selection(name, selection)
    body = plain(node)
    return dict(body) if isinstance(body, dict) else {}


def _check_selection(name: str, node: Node) -> None:
    if isinstance(node.value, list):
        if not node.value:
            node.error(f"selection `{name}` is empty")
        for item in node.value:
            if isinstance(item.value, dict):
                _check_selection(name, item)
            else:
                item.error("keywords (values without a field) are not supported: name the field")
        return
    section = node.mapping(f"selection `{name}`")
    if not section.entries:
        node.error(f"selection `{name}` is empty")
    for key, value in section:
        _check_test(key, value, section)


def _check_test(key: str, value: Node, section: Mapping) -> None:
    _field, *modifiers = key.split("|")
    for modifier in modifiers:
        if modifier not in schema.MODIFIERS:
            section.error(key, f"the modifier `{modifier}` is not supported{suggestion(modifier, schema.MODIFIERS)}")
    for item in value.value if isinstance(value.value, list) else [value]:
        if isinstance(item.value, dict | list):
            item.error(f"`{key}` needs a value or a list of values")
        elif isinstance(item.value, bool) and "exists" not in modifiers:
            item.error(f"`{key}`: true and false go with `exists` only; quote the word if text is meant")
        elif "re" in modifiers:
            _check_regex(item, modifiers)


def _check_regex(item: Node, modifiers: list[str]) -> None:
    """Before pySigma sees it: its own check would write to stderr."""
    try:
        regex_test(item.text("a regular expression"), {flag for word, flag in _FLAGS.items() if word in modifiers})
    except BadPattern as error:
        item.error(str(error))


def _read_words(node: Node, what: str) -> Words:
    section = node.mapping(what, schema.WORDS)
    texts = {language: section.text(language) for language in ("es", "en")}
    for language, text in texts.items():
        if broken_placeholder(text):
            section.error(language, "braces may only stand around a field's name: {host}")
    return Words(**texts)


def _case_words(section: Mapping, key: str) -> Words:
    node = section.get(key)
    return _read_words(node, f"`{key}`") if node else EMPTY


def _read_case(node: Node) -> CaseSpec:
    section = node.mapping("`case`", schema.CASE)
    kind_node = section.require("kind")
    kind = kind_node.choice("`kind`", CaseKind) if kind_node else None
    urgency_node = section.get("urgency")
    urgency = urgency_node.choice("`urgency`", Urgency) if urgency_node else None
    quiet = section.get("close_after_quiet")
    section.require("title")
    source_severity = section.text_or("source_severity", "")
    if broken_placeholder(source_severity):
        section.error("source_severity", "braces may only stand around a field's name: {host}")
    return CaseSpec(
        node.line,
        kind or CaseKind.SEVERITY_CASE,
        _read_severity(section, kind),
        urgency or Urgency.NORMAL,
        _only_for_threats(section, kind, "contained"),
        section.boolean("review_for_severity_1", default=False),
        section.boolean("needs_triage", default=False),
        _read_key(section),
        _case_words(section, "title"),
        _case_words(section, "summary"),
        _case_words(section, "steps"),
        source_severity,
        quiet.duration("`close_after_quiet`") if quiet else None,
    )


def _only_for_threats(section: Mapping, kind: CaseKind | None, key: str) -> bool:
    if key in section and kind is CaseKind.SEVERITY_CASE:
        section.error(key, f"`{key}` goes with kind threat_incident only")
    return section.boolean(key, default=False)


def _read_severity(section: Mapping, kind: CaseKind | None) -> SeveritySpec | None:
    node = section.get("severity")
    if kind is CaseKind.THREAT_INCIDENT:
        if node:
            section.error("severity", "a threat incident has no severity: use `urgency`")
        return None
    if node is None:
        section.document.add(section.line, "`case` needs `severity` (1 to 4), or a table over a field")
        return None
    if not isinstance(node.value, dict):
        return SeveritySpec(node.integer("`severity`", minimum=1, maximum=4))
    table = node.mapping("`severity`", schema.SEVERITY)
    default, rows = table.require("default"), table.mapping("map")
    if not rows.entries:
        node.error("`severity` needs `map`: value: severity")
    return SeveritySpec(
        default.integer("`default`", minimum=1, maximum=4) if default else 4,
        table.text("field"),
        {fold(word): child.integer(f"the severity of `{word}`", minimum=1, maximum=4) for word, child in rows},
    )


def _read_key(section: Mapping) -> tuple[str, ...]:
    section.require("key")
    parts = tuple(section.texts("key"))
    for part in parts:
        names = placeholders(part)
        if broken_placeholder(part) or (names and part != f"{{{names[0]}}}"):
            section.error("key", f"a key part is plain text or exactly one field, not `{part}`")
    return parts
