"""What a relay found out about a mail: the field `Authentication-Results` (RFC 8601 section 2.2). Whether it is believed is
decided elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from collector.pipeline.structured_field import BadSyntax, FieldScanner

NAME = "authentication-results"

_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]+")
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_PROPERTY = re.compile(r"[A-Za-z0-9_-]+")
_VALUE = re.compile(r"[^\x00-\x20()\"\\;,\x7f-\xff]+")
"""Wider than a token: signatures and addresses in angle brackets are written without quotes."""
_VERSION = "1"


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method and its result, in small letters. `properties` by ptype and property, `header.d`; their values as they stand."""

    method: str
    result: str
    properties: Mapping[str, str]


def authserv_id_of(value: str) -> str:
    """Who says to have written the field, in small letters. Raise BadSyntax."""
    return _authserv_id(FieldScanner(value))


def results_of(value: str) -> tuple[MethodResult, ...]:
    """Raise BadSyntax when anything in the field is not as it must be: what is wrong may be what a sender put in. Methods in
    another version than 1 are left out; a field in another version holds nothing."""
    scanner = FieldScanner(value)
    _authserv_id(scanner)
    scanner.skip()
    version = _VERSION if scanner.next in ("", ";") else scanner.word(_NUMBER)
    scanner.skip()
    found: list[MethodResult] = []
    while scanner.next:
        scanner.expect(";")
        scanner.skip()
        if scanner.next:  # some end the last result with a semicolon
            found += _result(scanner, is_first=not found)
    return tuple(found) if version == _VERSION else ()


def _authserv_id(scanner: FieldScanner) -> str:
    scanner.skip()
    return scanner.word_or_quoted(_TOKEN).lower()


def _result(scanner: FieldScanner, *, is_first: bool) -> list[MethodResult]:
    """One result, none for the word that there is none, or of an unknown version."""
    method = scanner.word(_KEYWORD).lower()
    scanner.skip()
    if method == "none" and is_first and not scanner.next:
        return []
    version = _VERSION
    if scanner.accept("/"):
        scanner.skip()
        version = scanner.word(_NUMBER)
        scanner.skip()
    scanner.expect("=")
    scanner.skip()
    result = scanner.word(_KEYWORD).lower()
    found = MethodResult(method, result, _properties(scanner))
    return [found] if version == _VERSION else []


def _properties(scanner: FieldScanner) -> Mapping[str, str]:
    found: dict[str, str] = {}
    scanner.skip()
    while scanner.next not in ("", ";"):
        name = scanner.word(_PROPERTY).lower()
        scanner.skip()
        if scanner.accept("."):
            scanner.skip()
            name = f"{name}.{scanner.word(_PROPERTY).lower()}"
            scanner.skip()
        scanner.expect("=")
        scanner.skip()
        if name in found:
            raise BadSyntax(f"{name} stands there twice")
        found[name] = _value(scanner)
        scanner.skip()
    return found


def _value(scanner: FieldScanner) -> str:
    """A word, a quoted string, or an address whose local part is one."""
    if scanner.next != '"':
        return scanner.word(_VALUE)
    said = scanner.quoted()
    return said + scanner.word(_VALUE) if scanner.next == "@" else said
