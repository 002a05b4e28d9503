"""How a notification became what it is, in the reader's words: what was decoded, what a rule asked. What arrived and the values
of rules stay as they are; a word that is not known here is shown as it is."""

import re
from collections.abc import Mapping, Sequence

from api.web.detail_view import detail_told
from api.web.speech import Speech
from api.web.words import WORDS

_NOT = "not: "
_MOST_NAMED = 5
"""Values that `rules.conditions` names one by one; of more it tells the number."""
_ONE_OF = re.compile(r"is one of (?P<value>\d+) values")
_WHOLE = {"is missing": "test.missing", "is there": "test.there"}
_OPENING = (
    ("is exactly ", "test.exactly"),
    ("is ", "test.is"),
    ("matches ", "test.matches"),
    ("in network ", "test.network"),
)
"""Longer beginnings first. Comparisons are signs and need no words."""
_BY_ANCHORS = "anchors in subject and text"
_FROM_LISTS = {"as": "decoded", "outcome": "outcome", "reason": "reason"}
_COUNTS = ("characters", "varbinds", "not_decoded")
"""Numbers that are amounts. All others name something, and must be found again as they are."""


def condition_told(test: str, speech: Speech) -> str:
    """A condition's test as `rules.conditions` names it: its fixed words in the reader's language, its values untouched."""
    asked = test.removeprefix(_NOT)
    told = _asked(asked, speech)
    return told if asked == test else speech.t("test.not", value=told)


def _asked(test: str, speech: Speech) -> str:
    if test in _WHOLE:
        return speech.t(_WHOLE[test])
    if counted := _ONE_OF.fullmatch(test):
        return speech.t("test.one_of", value=counted["value"])
    for opening, key in _OPENING:
        if test.startswith(opening):
            value = test.removeprefix(opening)
            return speech.t(key, value=_choice(value, speech) if key == "test.is" else value)
    return test


def _choice(value: str, speech: Speech) -> str:
    """Several values, which are in order and few; a single value that holds an `or` of its own is hardly ever like that."""
    values = value.split(" or ")
    listed = len(values) <= _MOST_NAMED and values == sorted(set(values)) and all(values)
    return speech.t("test.or").join(values) if listed else value


def decoded_told(decoded: Mapping[str, object], speech: Speech) -> list[tuple[str, str]]:
    """(label, value): what the decoder made of it, without what is missing and what does not hold. Names of variables stand with
    the variables."""
    told = [(name, value) for name, value in decoded.items() if not isinstance(value, Mapping)]
    said = [(name, value) for name, value in told if value not in (None, "", []) and value is not False]
    return [(word_for("decoded_label", name, speech), _value(name, value, speech)) for name, value in said]


def sender_told(sender: Mapping[str, object], speech: Speech) -> list[tuple[str, str]]:
    """Where a trap is from, when it says more than the peer does."""
    says_more = any(value for name, value in sender.items() if name != "address")
    return decoded_told(sender, speech) if says_more else []


def belief_told(steps: Sequence[Mapping[str, object]], speech: Speech) -> list[tuple[str, str]]:
    """(question, answer) of each step of belief, in order."""
    return [(word_for("belief", str(step["step"]), speech), _answer(step, speech)) for step in steps]


def _answer(step: Mapping[str, object], speech: Speech) -> str:
    if step["held"]:
        return speech.t("belief.yes")
    reason = word_for("reason", str(step["reason"]), speech)
    return f"{reason}: {detail_told(step['detail'], speech)}" if step["detail"] else reason


def _value(name: str, value: object, speech: Speech) -> str:
    """Empty where the label alone says it."""
    if value is True:
        return ""
    if isinstance(value, int):
        return speech.number(value) if name in _COUNTS else str(value)
    if name == "detail":
        return detail_told(value, speech)
    if isinstance(value, list):
        return ", ".join(word_for("mail_limit", str(one), speech) for one in value)
    return word_for(_FROM_LISTS[name], str(value), speech) if name in _FROM_LISTS else str(value)


def word_for(family: str, word: str, speech: Speech) -> str:
    """The text of a word of a closed list."""
    key = f"{family}.{word}"
    return speech.t(key) if key in WORDS else word


def tried_told(tried: object, speech: Speech) -> object:
    """The tree of everything that was tried, with the names of its parts in words; fields of the notification keep theirs."""
    if isinstance(tried, Mapping):
        return {word_for("tried", name, speech): _tried(name, one, speech) for name, one in tried.items()}
    if isinstance(tried, list | tuple):
        return [tried_told(one, speech) for one in tried]
    return speech.t("tried.yes" if tried else "tried.no") if isinstance(tried, bool) else tried


def _tried(name: str, value: object, speech: Speech) -> object:
    if name == "fields":
        return value
    if name == "test" and isinstance(value, str):
        return condition_told(value, speech)
    return speech.t("tried.anchors") if value == _BY_ANCHORS else tried_told(value, speech)
