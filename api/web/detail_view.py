"""The detail of an outcome in the reader's language, as far as it is a sentence of ours."""

import re
from functools import cache
from typing import Any

from api.web.detail_words import DETAIL_WORDS
from api.web.speech import Speech

_LONGEST = 2_000
"""Characters. A detail may name many sources; more is none of ours."""
_PLACE = re.compile(r"\{(\w+)\}")


def detail_told(detail: Any, speech: Speech) -> str:
    """What is no sentence of ours (an engine's id, the name of an error) is shown as it is."""
    told = str(detail)
    if speech.language == "en" or len(told) > _LONGEST:
        return told
    for pattern, sentence in _sentences():
        if found := pattern.fullmatch(told):
            return _PLACE.sub(lambda place: found[place[1]], sentence)
    return told


@cache
def _sentences() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(english), spanish) for english, spanish in DETAIL_WORDS.items())


def _pattern(sentence: str) -> re.Pattern[str]:
    """A place holds anything, but no line break: none of ours does."""
    parts = _PLACE.split(sentence)
    return re.compile("".join(f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)))
