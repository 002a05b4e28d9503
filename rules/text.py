"""What is done to text from outside: cleaning, folding, key parts, templates.

Every function is linear in its input and never raises."""

import hashlib
import re
import string
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter

from collector.domain.text import text_of

MAX_VALUE = 4_096
"""Characters of a field's value that are kept."""
MAX_KEY_PART = 200
MAX_TITLE = 250
MAX_SUMMARY = 1_000
_LONGEST_FORM = "\ufdfa"
"""The one character that NFKC makes eighteen of: a text full of it would cost eighteen times its length."""
MISSING = "[?{}]"
"""What a template shows for a field that the notification does not have."""

_KEPT_CONTROLS = {9: " ", 10: "\n", 13: None}
_MARKS = string.punctuation.replace("_", "") + "¡¿«»‹›“”„‘’‚…–—―·•°´¨§¶、。「」『』"
_ASCII_MARKS = {ord(mark): " " for mark in _MARKS if mark.isascii()}
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_KEY_UNSAFE = re.compile(r"[%:\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
Values = dict[str, str]


def clean(text: str) -> str:
    """`text` trimmed to at most MAX_VALUE characters, without control and direction characters: those show as U+FFFD, NUL at the
    ends is dropped, tabs become blanks, newlines stay."""
    text = text[: MAX_VALUE + 1].strip("\0\r\n\t ")
    if not text.isprintable():
        text = "".join([_shown(character) for character in text]).strip()
    return text[:MAX_VALUE]


def _shown(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    if character == "\r":
        return ""
    category = unicodedata.category(character)
    return " " if character == "\t" or category in {"Zs", "Zl", "Zp"} else "\ufffd"


def from_octets(octets: bytes) -> str:
    """An OCTET STRING as text in whichever encoding it came (`text_of`). Cleaned."""
    return clean(text_of(octets[: 4 * MAX_VALUE]))


def fold(text: str) -> str:
    """For comparing: NFKC and casefolded; blanks as they are."""
    if text.isascii():
        return text.lower()
    if _LONGEST_FORM in text:
        text = text.replace(_LONGEST_FORM, "\ufffd")
    return unicodedata.normalize("NFKC", text).casefold()


def one_line(text: str) -> str:
    """Runs of blanks, tabs and newlines as one blank, none at the ends."""
    return " ".join(text.split())


def words_of(text: str) -> list[str]:
    """The folded words, in order: what stands between blanks and punctuation."""
    text = fold(text)
    if text.isascii():
        return text.translate(_ASCII_MARKS).split()
    for mark in _MARKS:
        if mark in text:
            text = text.replace(mark, " ")
    return text.split()


def as_phrase(words: list[str]) -> str:
    """Words in a form where a phrase is found as whole words by a plain substring test."""
    return f" {' '.join(words)} "


@lru_cache(maxsize=2_048)
def key_part(value: str) -> str:
    """One part of a correlation key, so written that no value can imitate another part.

    Compatible forms of a character count as one (NFKC), blanks are collapsed; `%`, `:`, control and direction characters stand in
    percent form of their UTF-8 octets. What is longer than MAX_KEY_PART is cut and gets a hash of the whole as its tail."""
    value = one_line(unicodedata.normalize("NFKC", value))
    part = _KEY_UNSAFE.sub(_percent, value)
    if len(part) <= MAX_KEY_PART:
        return part
    tail = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{part[: MAX_KEY_PART - 17]}~{tail}"


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in match[0].encode("utf-8", "surrogatepass"))


def placeholders(template: str) -> list[str]:
    """The field names in a template, in order."""
    return _PLACEHOLDER.findall(template)


def broken_placeholder(template: str) -> bool:
    """Whether braces stand in the template that are not `{field_name}`."""
    rest = _PLACEHOLDER.sub("", template)
    return "{" in rest or "}" in rest


def renderer(template: str, limit: int) -> Callable[[Mapping[str, str]], str]:
    """A function that puts field values into `template`, in one pass, so that braces in a value stay what they are.

    The result is one line of at most `limit` characters; values that would make it longer are shortened; a missing field shows as
    MISSING."""
    names = placeholders(template)
    if not names:
        constant = one_line(template)[:limit]
        return lambda _values: constant
    form = _PLACEHOLDER.sub("%s", template.replace("%", "%%"))
    pick: Callable[[Mapping[str, str]], object] = itemgetter(*names)

    def render(values: Mapping[str, str]) -> str:
        try:
            text = form % pick(values)
        except KeyError:
            text = form % tuple([values.get(name, MISSING.format(name)) for name in names])
        if len(text) <= limit and text.isprintable():
            return text
        room = max((limit - len(form)) // len(names), 16)
        parts = [_short(values.get(name, MISSING.format(name)), room) for name in names]
        return one_line(form % tuple(parts))[:limit]

    return render


def _short(value: str, room: int) -> str:
    value = one_line(value)
    return value if len(value) <= room else value[: room - 1] + "…"
