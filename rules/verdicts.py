"""Turns a rule that matched into what it says: the signal with key, severity and words, or an outcome without a case."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import Classified, Signal, SignalType, Words
from rules.model import CaseSpec, OutcomeWord, PackSpec, RuleSpec, SeveritySpec
from rules.text import MAX_SUMMARY, MAX_TITLE, Values, fold, key_part, placeholders, renderer

KEY_VERSION = "v1"
HOST_FIELD = "host"
"""The field, where a kind has it, that names the computer concerned."""
_CACHED_LENGTH = 256
_CACHED_SIGNALS = 512
_MAX_STEPS = 2_000

Decide: TypeAlias = Callable[[Values, int, str, str, tuple[str, ...]], Classified]
"""values, row, notification, product, built-in names to leave out of the fields -> the answer."""


def decider(pack: PackSpec, rule: RuleSpec) -> Decide:
    """The function that runs when `rule` matched."""
    if rule.case is not None:
        return _signal_decider(pack, rule, rule.case, SignalType.RAISE)
    if rule.clears:
        cleared = next(other.case for other in pack.rules if other.name == rule.clears[0])
        if cleared is None:
            raise ValueError(f"{rule.name} clears a rule that opens no case")
        return _signal_decider(pack, rule, cleared, SignalType.CLEAR)
    return _outcome_decider(pack, rule)


def _outcome_decider(pack: PackSpec, rule: RuleSpec) -> Decide:
    outcome = Outcome.SUPPRESSED if rule.outcome is OutcomeWord.SUPPRESSED else Outcome.INFORMATIONAL
    name, version, pack_name = rule.name, rule.version, pack.name

    def decide(values: Values, row: int, kind: str, product: str, built_in: tuple[str, ...]) -> Classified:
        _strip(values, built_in)
        return Classified(row, outcome, Reason.BY_RULE, pack_name, product, kind, values, name, version)

    return decide


def key_maker(pack_name: str, key: tuple[str, ...]) -> Callable[[Values], str]:
    """The function from values to the correlation key. It raises KeyError with the field's name when that is missing."""
    prefix = f"{KEY_VERSION}:{pack_name}"
    steps: list[tuple[str, str]] = []
    for part in key:
        names = placeholders(part)
        if names:
            steps.append((prefix + ":" if not steps else ":", names[0]))
            prefix = "" if steps else prefix
        elif steps:
            steps.append((":" + key_part(part), ""))
        else:
            prefix += ":" + key_part(part)
    if not steps:
        return lambda _values: prefix

    def make(values: Values) -> str:
        text = ""
        for before, field in steps:
            text += before
            if field:
                value = values[field]
                if field == HOST_FIELD:
                    value = value.casefold()  # consoles write one computer's name in either case
                text += key_part(value) if len(value) <= _CACHED_LENGTH else key_part.__wrapped__(value)
        return text

    return make


def _words_maker(words: Words, limit: int) -> Callable[[Values], Words]:
    spanish, english = renderer(words.es, limit), renderer(words.en, limit)
    if not placeholders(words.es) and not placeholders(words.en):
        constant = Words(spanish({}), english({}))
        return lambda _values: constant
    if words.es == words.en:
        return lambda values: Words(text := spanish(values), text)
    return lambda values: Words(spanish(values), english(values))


def _severity_maker(spec: SeveritySpec | None) -> Callable[[Values], int | None]:
    if spec is None:
        return lambda _values: None
    default, field, table = spec.default, spec.by, spec.table
    if not field:
        return lambda _values: default
    return lambda values: table.get(fold(values.get(field, "")), default)


def _signal_decider(pack: PackSpec, rule: RuleSpec, case: CaseSpec, signal_type: SignalType) -> Decide:
    """Signals are immutable, so equal values give the same one again: a storm of one trouble builds it once."""
    build = _signal_maker(pack, rule, case, signal_type)
    names = _fields_of(rule, case, signal_type)
    remembered = lru_cache(maxsize=_CACHED_SIGNALS)(build)
    name, version, pack_name = rule.name, rule.version, pack.name

    def decide(values: Values, row: int, kind: str, product: str, built_in: tuple[str, ...]) -> Classified:
        picked: list[str | None] = []
        make: Callable[..., Signal] = remembered
        for field in names:
            value = values.get(field)
            picked.append(value)
            if value is not None and len(value) > _CACHED_LENGTH:
                make = build
        try:
            signal = make(product, *picked)
        except KeyError as error:
            detail = f"the key needs the field {error.args[0]}"
            outcome, reason = Outcome.UNMATCHED, Reason.MISSING_KEY_FIELD
            _strip(values, built_in)
            return Classified(row, outcome, reason, pack_name, product, kind, values, name, version, detail=detail)
        for field in built_in:
            values.pop(field, None)
        return Classified(row, Outcome.CASE, Reason.NONE, pack_name, product, kind, values, name, version, signal)

    return decide


def _strip(values: Values, built_in: tuple[str, ...]) -> None:
    for field in built_in:
        values.pop(field, None)


def _spoken(rule: RuleSpec, case: CaseSpec, signal_type: SignalType) -> tuple[Words, Words, Words]:
    """Title, summary and steps; a clear has a title only."""
    if signal_type is SignalType.RAISE:
        return case.title, case.summary, case.steps
    return rule.says or Words(rule.title, rule.title), Words("", ""), Words("", "")


def _fields_of(rule: RuleSpec, case: CaseSpec, signal_type: SignalType) -> tuple[str, ...]:
    """Every field that the signal is made of."""
    templates = [*case.key, case.source_severity]
    templates += [text for words in _spoken(rule, case, signal_type) for text in (words.es, words.en)]
    found = {name for template in templates for name in placeholders(template)} | {HOST_FIELD}
    if case.severity and case.severity.by:
        found.add(case.severity.by)
    return tuple(sorted(found))


def _signal_maker(pack: PackSpec, rule: RuleSpec, case: CaseSpec, signal_type: SignalType) -> Callable[..., Signal]:
    """A function of the product and the values of `_fields_of`, None for a missing one. KeyError: a key field is missing."""
    names = _fields_of(rule, case, signal_type)
    title_words, summary_words, steps_words = _spoken(rule, case, signal_type)
    title, summary = _words_maker(title_words, MAX_TITLE), _words_maker(summary_words, MAX_SUMMARY)
    steps, severity = _words_maker(steps_words, _MAX_STEPS), _severity_maker(case.severity)
    key = key_maker(pack.name, case.key)
    source_severity = renderer(case.source_severity, 100)

    def build(product: str, *picked: str | None) -> Signal:
        values = {name: value for name, value in zip(names, picked, strict=True) if value is not None}
        return Signal(
            signal_type,
            key(values),
            case.kind,
            severity(values),
            case.urgency,
            case.contained,
            case.review_for_severity_1,
            title(values),
            summary(values),
            steps(values),
            rule.name,
            rule.version,
            pack.name,
            product,
            values.get(HOST_FIELD),
            source_severity(values) if case.source_severity else None,
            case.close_after_quiet,
            case.needs_triage,
        )

    return build
