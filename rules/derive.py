"""Fields made from other fields: cutting, vocabularies, numbers, first of several. Each is a function of the values found so far.
String operations only; no more than MAX_SCAN characters of a value are looked at."""

from collections.abc import Callable
from typing import TypeAlias

from rules.model import FieldSpec
from rules.text import Values, as_phrase, clean, fold, one_line, words_of

MAX_SCAN = 65_536
_MAX_TRIES = 50
_NUMBER_ROOM = 32
Step: TypeAlias = Callable[[Values], str | None]


def step(spec: FieldSpec) -> Step | None:
    """The function for a derived field, or None when the field is read from the notification itself."""
    make = _MAKERS.get(spec.how)
    return make(spec) if make else None


def _const(spec: FieldSpec) -> Step:
    return lambda _values: spec.constant


def _first_of(spec: FieldSpec) -> Step:
    def first(values: Values) -> str | None:
        for name in spec.reads:
            if name in values:
                return values[name]
        return None

    return first


def _between(spec: FieldSpec) -> Step:
    (name,), (left, right) = spec.reads, spec.between

    def cut(values: Values) -> str | None:
        text = values.get(name, "")
        begin = text.find(left)
        if begin < 0:
            return None
        begin += len(left)
        end = text.find(right, begin) if right else len(text)
        return clean(text[begin:end]) if end >= 0 else None

    return cut


def _before(spec: FieldSpec) -> Step:
    (name,), skip, ends = spec.reads, spec.skip, spec.before

    def cut(values: Values) -> str | None:
        text = one_line(fold(values.get(name, "")[:MAX_SCAN]))
        dropped = True
        while dropped:
            dropped = False
            for phrase in skip:
                if text.startswith(phrase):
                    text = text[len(phrase) :].lstrip()
                    dropped = True
        places = [place for place in map(text.find, ends) if place >= 0]
        return clean(text[: min(places)]) if places else None

    return cut


def _vocabulary(spec: FieldSpec) -> Step:
    (name,), table = spec.reads, spec.enum
    return lambda values: table.get(one_line(fold(values.get(name, "")[:200])).rstrip("."), "unknown")


def _words(spec: FieldSpec) -> Step:
    names, otherwise = spec.reads, spec.otherwise
    table = [(word, as_phrase(words_of(phrase))) for word, phrases in spec.words for phrase in phrases]

    def classify(values: Values) -> str | None:
        for name in names:
            if name in values:
                text = as_phrase(words_of(values[name][:MAX_SCAN]))
                for word, phrase in table:
                    if phrase in text:
                        return word
        return otherwise

    return classify


def _number(spec: FieldSpec) -> Step:
    (name,), phrases, after = spec.reads, spec.phrases, spec.how == "number_after"

    def number(values: Values) -> str | None:
        text = one_line(fold(values.get(name, "")[:MAX_SCAN]))
        for phrase in phrases:
            at = text.find(phrase)
            for _ in range(_MAX_TRIES):
                if at < 0:
                    break
                end = at + len(phrase)
                near = text[end : end + _NUMBER_ROOM].split()[:1] if after else text[max(0, at - _NUMBER_ROOM) : at].split()[-1:]
                digits = _digits(near[0]) if near else None
                if digits is not None:
                    return digits
                at = text.find(phrase, end)
        return None

    return number


def _digits(token: str) -> str | None:
    """The number in a token such as `306`, `(1,234` or `1.234.`: thousands marks and brackets dropped."""
    bare = token.strip("()[]:;,.!\"'").replace(",", "").replace(".", "")
    return str(int(bare)) if bare.isascii() and bare.isdigit() and len(bare) <= 15 else None


_MAKERS: dict[str, Callable[[FieldSpec], Step]] = {
    "const": _const,
    "first_of": _first_of,
    "between": _between,
    "before": _before,
    "vocabulary": _vocabulary,
    "words": _words,
    "number_before": _number,
    "number_after": _number,
}
