"""Fields made from other fields: cutting, vocabularies, numbers, first of several. Each is a function of the values found so far.
String operations only; no more than MAX_SCAN characters of a value are looked at."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from rules.model import FieldSpec
from rules.text import Values, as_phrase, clean, fold, one_line, words_of

MAX_SCAN = 65_536
UNKNOWN = "unknown"
"""What a vocabulary says to a word that it does not know, and to no word."""
_MAX_WORD = 200
_MAX_TRIES = 50
_NUMBER_ROOM = 32
_MAX_SKIPS = 8
_CACHED_LENGTH = 300
Step: TypeAlias = Callable[[Values], str | None]
_Cut: TypeAlias = Callable[[str], str | None]


def step(spec: FieldSpec) -> Step | None:
    """The function for a derived field, or None when the field is read from the notification itself."""
    if spec.how in _CUTTERS:
        return _cutting(spec, _CUTTERS[spec.how](spec))
    make = _MAKERS.get(spec.how)
    return make(spec) if make else None


def _cutting(spec: FieldSpec, cut: _Cut) -> Step:
    """From the first of the fields it reads that is there. Short values come again and again: their answers are remembered."""
    remembered, names, otherwise = lru_cache(maxsize=256)(cut), spec.reads, spec.otherwise
    if spec.how == "vocabulary":
        otherwise = UNKNOWN

    def value(values: Values) -> str | None:
        for name in names:
            text = values.get(name)
            if text is not None:
                return (remembered(text) if len(text) <= _CACHED_LENGTH else cut(text)) or otherwise
        return otherwise

    return value


def _const(spec: FieldSpec) -> Step:
    return lambda _values: spec.constant


def _first_of(spec: FieldSpec) -> Step:
    def first(values: Values) -> str | None:
        for name in spec.reads:
            if name in values:
                return values[name]
        return None

    return first


def _vocabulary(spec: FieldSpec) -> _Cut:
    table = spec.enum
    return lambda text: table.get(one_line(fold(text[:_MAX_WORD])).rstrip("."), UNKNOWN)


def _between(spec: FieldSpec) -> _Cut:
    left, right = spec.between

    def cut(text: str) -> str | None:
        begin = text.find(left)
        if begin < 0:
            return None
        begin += len(left)
        if not right:
            return clean(text[begin:])
        end = text.find(right, begin)
        nearest = text.rfind(left, begin, end)
        return clean(text[nearest + len(left) if nearest >= 0 else begin : end]) if end >= 0 else None

    return cut


PERCENTAGE = "%"
"""Among the texts of `before`: a whole percentage such as `98.5%`."""


def _before(spec: FieldSpec) -> _Cut:
    skip, ends = spec.skip, tuple(end for end in spec.before if end != PERCENTAGE)
    measured = PERCENTAGE in spec.before

    def cut(text: str) -> str | None:
        text = one_line(fold(text[:MAX_SCAN]))
        for _ in range(_MAX_SKIPS):
            if not text.startswith(skip):
                break
            lead = next(phrase for phrase in skip if text.startswith(phrase))
            text = text[len(lead) :].lstrip()
        places = [place for place in map(text.find, ends) if place >= 0]
        if measured and (place := _percentage_in(text)) >= 0:
            places.append(place)
        return clean(text[: min(places)]) if places else None

    return cut


def _percentage_in(text: str) -> int:
    """Where a percentage such as ` 98.5%` begins, -1 without one: a measured value is never part of a name."""
    sign = text.find("%")
    begin = sign
    while begin > 0 and (text[begin - 1].isdigit() or text[begin - 1] in ".,<>="):
        begin -= 1
    return begin if 0 < begin < sign and text[begin - 1] == " " else -1


def _words(spec: FieldSpec) -> _Cut:
    table = [(word, as_phrase(words_of(phrase))) for word, phrases in spec.words for phrase in phrases]

    def cut(text: str) -> str | None:
        text = as_phrase(words_of(text[:MAX_SCAN]))
        for word, phrase in table:
            if phrase in text:
                return word
        return None

    return cut


def _number(spec: FieldSpec) -> _Cut:
    phrases, after = spec.phrases, spec.how == "number_after"

    def cut(text: str) -> str | None:
        text = one_line(fold(text[:MAX_SCAN]))
        found = (number for phrase in phrases for number in _numbers_near(text, phrase, after=after))
        return next(found, None)

    return cut


def _numbers_near(text: str, phrase: str, *, after: bool) -> Iterator[str]:
    at = text.find(phrase)
    for _ in range(_MAX_TRIES):
        if at < 0:
            return
        end = at + len(phrase)
        near = text[end : end + _NUMBER_ROOM].split()[:1] if after else text[max(0, at - _NUMBER_ROOM) : at].split()[-1:]
        number = _digits(near[0]) if near else None
        if number is not None:
            yield number
        at = text.find(phrase, end)


def _digits(token: str) -> str | None:
    """The number in a token such as `306`, `(1,234` or `1.234.`: thousands marks and brackets dropped."""
    bare = token.strip("()[]:;,.!\"'").replace(",", "").replace(".", "")
    return str(int(bare)) if bare.isascii() and bare.isdigit() and len(bare) <= 15 else None


_MAKERS: dict[str, Callable[[FieldSpec], Step]] = {"const": _const, "first_of": _first_of}
_CUTTERS: dict[str, Callable[[FieldSpec], _Cut]] = {
    "vocabulary": _vocabulary,
    "between": _between,
    "before": _before,
    "words": _words,
    "number_before": _number,
    "number_after": _number,
}
