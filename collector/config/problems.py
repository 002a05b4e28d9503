"""Sentences for mistakes in the configuration: where, which key, why, and what was probably meant."""

import os
import pwd
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from collector.config.keys import Path, words

_SHOWN = 60
_HEADER = re.compile(r"\s*\[\s*(?P<table>[^\[\]]+?)\s*\]\s*(#.*)?$")
_KEY = re.compile(r"\s*(?P<key>[\w\"'.-]+)\s*=")


def line_numbers(text: str) -> dict[Path, int]:
    """Where each table and key of a TOML text stands, as far as a glance at the lines can tell; lines count from 1."""
    found: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header["table"])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key["key"])), number)
    return found


def _parts(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def unknown_key(path: Path, known: Iterable[Path]) -> str:
    """The reason for a key that does not exist, with the nearest one that does."""
    candidates = {words(key): key for key in known}
    siblings = {
        key[len(path) - 1]: key for key in candidates.values() if key[: len(path) - 1] == path[:-1] and len(key) >= len(path)
    }
    near = get_close_matches(path[-1], siblings, n=2, cutoff=0.7)
    if near:
        return f"unknown key; did you mean {' or '.join(near)}?"
    elsewhere = [name for name, key in candidates.items() if key[-1] == path[-1]]
    elsewhere = elsewhere or get_close_matches(words(path), candidates, n=1, cutoff=0.8)
    return f"unknown key; did you mean {elsewhere[0]}?" if elsewhere else "unknown key"


def unknown_variable(name: str, known: Mapping[str, Path]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.8)
    return f"no key has this variable; did you mean {near[0]}?" if near else "no key has this variable"


def unreadable(error: OSError) -> str:
    """Who may not is told: the same file is often read by root first and then by the user that the roles run as."""
    who = f" by the user {_own_name()}" if isinstance(error, PermissionError) else ""
    return f"cannot be read{who}: {error.strerror}"


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def reason(error: ErrorDetails, *, secret: bool) -> str:
    """Pydantic's finding in our words. The value is shown, shortened, unless it is a secret."""
    context = error.get("ctx", {})
    ours = error["type"] == "value_error"
    sentence = str(context.get("error", "")) if ours else _sentence(error["type"], context) or error["msg"]
    item = next((f"item {part + 1}: " for part in error["loc"] if isinstance(part, int)), "")
    return item + sentence + ("" if ours or secret else f", not {shown(error['input'])}")


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _sentence(kind: str, context: Mapping[str, object]) -> str:
    match kind:
        case "int_type":
            return "must be a whole number without quotes"
        case "bool_type":
            return "must be true or false without quotes"
        case "string_type":
            return "must be a text in quotes"
        case "tuple_type":
            return "must be a list"
        case "model_type" | "model_attributes_type":
            return "must be a table with keys of its own"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "too_short":
            return f"needs at least {context['min_length']} entry"
        case "literal_error" | "enum":
            return f"must be one of {context['expected']}"
        case "string_pattern_mismatch":
            return "must be 2 to 8 capital letters A-Z or digits"
        case _:
            return ""
