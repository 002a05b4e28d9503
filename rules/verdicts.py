"""Turns a rule that matched into what it says: the signal with key, severity and words, or an outcome without a case."""

from collections.abc import Callable
from typing import TypeAlias

from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import CaseKind, Classified, Signal, SignalType, Urgency, Words
from rules.model import CaseSpec, OutcomeWord, PackSpec, RuleSpec, SeveritySpec
from rules.text import MAX_SUMMARY, MAX_TITLE, Values, fold, key_part, placeholders, renderer

KEY_VERSION = "v1"
_CACHED_LENGTH = 256
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
        for field in built_in:
            values.pop(field, None)
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
    clears = signal_type is SignalType.CLEAR
    title_words = (rule.says or Words(rule.title, rule.title)) if clears else case.title
    title, summary = _words_maker(title_words, MAX_TITLE), _words_maker(Words("", "") if clears else case.summary, MAX_SUMMARY)
    steps = _words_maker(Words("", "") if clears else case.steps, _MAX_STEPS)
    key, severity = key_maker(pack.name, case.key), _severity_maker(case.severity)
    source_severity = renderer(case.source_severity, 100) if case.source_severity else None
    kind_of_case: CaseKind = case.kind
    urgency: Urgency = case.urgency
    contained, review, triage, quiet = case.contained, case.review_for_severity_1, case.needs_triage, case.close_after_quiet
    name, version, pack_name = rule.name, rule.version, pack.name
    steps_are_constant = not (placeholders(case.steps.es) or placeholders(case.steps.en))
    constant_steps = steps({}) if steps_are_constant else None

    def decide(values: Values, row: int, kind: str, product: str, built_in: tuple[str, ...]) -> Classified:
        try:
            key_text = key(values)
        except KeyError as error:
            return _without_key(values, row, kind, product, built_in, str(error.args[0]))
        signal = Signal(
            signal_type,
            key_text,
            kind_of_case,
            severity(values),
            urgency,
            contained,
            review,
            title(values),
            summary(values),
            constant_steps or steps(values),
            name,
            version,
            pack_name,
            product,
            values.get("host"),
            source_severity(values) if source_severity else None,
            quiet,
            triage,
        )
        for field in built_in:
            values.pop(field, None)
        return Classified(row, Outcome.CASE, Reason.NONE, pack_name, product, kind, values, name, version, signal)

    def _without_key(values: Values, row: int, kind: str, product: str, built_in: tuple[str, ...], missing: str) -> Classified:
        for field in built_in:
            values.pop(field, None)
        detail = f"the key needs the field {missing}"
        return Classified(
            row, Outcome.UNMATCHED, Reason.MISSING_KEY_FIELD, pack_name, product, kind, values, name, version, detail=detail
        )

    return decide
