"""What may stand in text that came from outside: no control characters, no bidi controls, no lone surrogates; and entities
that a console escaped once too often. Charsets live in `charset`, HTML in `html`."""

import html
import re
from functools import lru_cache

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNWELCOME = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufeff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("[\r\x0b\x0c\x85\u2028\u2029]")
_ASCII = dict.fromkeys((*range(9), *range(14, 32), 127), REPLACEMENT) | dict.fromkeys((11, 12, 13), "\n")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def visible(text: str) -> str:
    """Line ends become `\\n`, what cannot be seen but has an effect (NUL, controls, bidi controls) becomes U+FFFD; tabs stay."""
    text = text.replace("\r\n", "\n")
    if text.isascii():  # ten times faster than the patterns, and most mails are
        return text.translate(_ASCII)
    return _UNWELCOME.sub(REPLACEMENT, _LINE_ENDS.sub("\n", text))


def one_line(text: str, limit: int) -> str:
    """For headers and names: blanks and line ends collapsed, made visible, at most `limit` characters."""
    return visible(" ".join(text.split()))[:limit]


def unescape(text: str) -> str:
    """Named and numeric entities, only where the semicolon is there: `&copy=1` in an address stays what it is."""
    if "&" not in text:
        return text
    return _ENTITY.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    return _resolved(match[0])


@lru_cache(maxsize=1_024)
def _resolved(entity: str) -> str:
    """Mails repeat few entities often, and looking one up costs five times as much as remembering it."""
    return html.unescape(entity)
