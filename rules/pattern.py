"""Matches one value against one Sigma value: text with wildcards, regular expressions on RE2, networks, numbers. Made once at
load; running one is string operations only, but for `re` (linear time) and `cidr`."""

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import re2
from sigma.types import SigmaRegularExpressionFlag, SigmaString, SigmaType, SpecialChars

from rules.text import fold

Holds: TypeAlias = Callable[[str], bool]
MAX_REGEX_INPUT = 262_144
_META = frozenset(".^$*+?()[]{}|\\")
_UNCERTAIN = re.compile(r"\||\(\?|\[\^?\]|\\[^dDsSwWbBnt.^$*+?(){}\\/:-]")
"""Alternatives, flags, odd classes, and escapes whose length is not two: then no literal is sought."""


class BadPattern(Exception):
    """The pattern cannot be used; the text says why."""


def plain_text(value: SigmaString) -> str | None:
    """The text when there is no wildcard in it."""
    return None if value.contains_special() else "".join(part for part in getattr(value, "s", ()) if isinstance(part, str))


def text_test(value: SigmaString, *, cased: bool) -> Holds:
    """Equality, or with wildcards `*` (any run) and `?` (one character) over the whole value; folded unless cased."""
    same: Callable[[str], str] = _same if cased else fold
    parts: list[str | SpecialChars] = [same(part) if isinstance(part, str) else part for part in value.s]  # type: ignore[misc]
    plain = plain_text(value)
    if plain is not None:
        wanted = same(plain)
        return lambda text: same(text) == wanted
    if SpecialChars.WILDCARD_SINGLE in parts:
        return _by_regex(parts, same)
    return _by_pieces(parts, same)


def longest_piece(value: SigmaType) -> str:
    """The longest run of plain text in a folded pattern: what every value that meets it holds. Empty when there is none."""
    parts = value.s if isinstance(value, SigmaString) else ()
    return max((fold(part) for part in parts if isinstance(part, str)), key=len, default="")


def _same(text: str) -> str:
    return text


def _by_pieces(parts: list[str | SpecialChars], same: Callable[[str], str]) -> Holds:
    pieces = [part for part in parts if isinstance(part, str)]
    open_start, open_end = not isinstance(parts[0], str), not isinstance(parts[-1], str)
    if not pieces:
        return lambda _text: True
    if len(pieces) == 1:
        (piece,) = pieces
        if open_start and open_end:
            return lambda text: piece in same(text)
        if open_end:
            return lambda text: same(text).startswith(piece)
        return lambda text: same(text).endswith(piece)
    first = "" if open_start else pieces.pop(0)
    last = "" if open_end else pieces.pop()

    def holds(text: str) -> bool:
        text = same(text)
        if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
            return False
        at, end = len(first), len(text) - len(last)
        for piece in pieces:
            at = text.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return holds


def _by_regex(parts: list[str | SpecialChars], same: Callable[[str], str]) -> Holds:
    forms = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    source = "".join(re2.escape(part) if isinstance(part, str) else forms[part] for part in parts)
    compiled = re2.compile(f"(?s){source}", _options(case_sensitive=True))
    return lambda text: compiled.fullmatch(same(text[:MAX_REGEX_INPUT])) is not None


def _options(*, case_sensitive: bool) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = case_sensitive
    return options


def regex_test(source: str, flags: set[SigmaRegularExpressionFlag]) -> Holds:
    """A search anywhere in the value's first MAX_REGEX_INPUT characters, case-sensitive unless flagged.

    Raise BadPattern for what RE2 does not know, and for `\\w` and `\\b` in a pattern with letters
    beyond ASCII, where RE2 means ASCII only."""
    if not source.isascii() and any(escape in source for escape in (r"\w", r"\W", r"\b", r"\B")):
        raise BadPattern(r"`\w` and `\b` know ASCII letters only: do not use them beside accented letters; write the letters out")
    ignore_case = SigmaRegularExpressionFlag.IGNORECASE in flags
    letters = {SigmaRegularExpressionFlag.MULTILINE: "m", SigmaRegularExpressionFlag.DOTALL: "s"}
    inline = "".join(letter for flag, letter in letters.items() if flag in flags)
    try:
        compiled = re2.compile(f"(?{inline}){source}" if inline else source, _options(case_sensitive=not ignore_case))
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error.args[0]
        raise BadPattern(f"not a regular expression that RE2 takes (no look-around, no back-reference): {reason}") from error
    needed = required_literal(source)
    if ignore_case or not needed:
        return lambda text: compiled.search(text[:MAX_REGEX_INPUT]) is not None
    return lambda text: needed in text and compiled.search(text[:MAX_REGEX_INPUT]) is not None


def required_literal(source: str) -> str:
    """A run of plain characters that every match must hold, for a cheap look before the search; empty when none is certain."""
    if _UNCERTAIN.search(source):
        return ""
    best = run = ""
    depth = index = 0
    while index < len(source):
        character = source[index]
        if character not in _META:
            run = run + character if depth == 0 else ""
            index += 1
            continue
        if character in "*?{":
            run = run[:-1]
        best, run = max(best, run, key=len), ""
        depth += {"(": 1, ")": -1}.get(character, 0)
        index = _after_meta(source, index)
    return max(best, run, key=len)


def _after_meta(source: str, index: int) -> int:
    """Where the construct that begins at `index` ends: a class, a count, an escape, or the one character."""
    match source[index]:
        case "[":
            return source.find("]", index) + 1 or len(source)
        case "{":
            return source.find("}", index) + 1 or len(source)
        case "\\":
            return index + 2
        case _:
            return index + 1


def network_test(text: str) -> Holds:
    """Whether the value is an address inside the network. Raise BadPattern for a text that is not a network."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise BadPattern(f"not a network: {error}") from error

    def holds(value: str) -> bool:
        address = _address(value.strip())
        return address is not None and address.version == network.version and address in network

    return holds


@lru_cache(maxsize=4_096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text[:64])
    except ValueError:
        return None


def number(text: str) -> float | int | None:
    """The number that the whole of `text` is, or None."""
    text = text.strip()
    if len(text) > 40 or not text.isascii():
        return None
    try:
        return int(text)
    except ValueError:
        pass
    bare = text.removeprefix("-").replace(".", "", 1)
    return float(text) if bare.isdigit() else None
