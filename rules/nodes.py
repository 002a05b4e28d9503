"""The tree that strict_yaml reads, with a line at every value, and accessors that note what is wrong and go on, so that one
reading shows every mistake. What keys mean is said by those who ask."""

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias, TypeVar

from collector.domain.errors import FileErrors, Located

Value: TypeAlias = "str | int | bool | list[Node] | dict[str, Entry] | None"
Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"
E = TypeVar("E", bound=StrEnum)
F = TypeVar("F", bound=FileErrors)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST = timedelta(days=3650)


@dataclass(slots=True)
class Document:
    """One file and everything found wrong in it so far. What stands under `secret_keys` is repeated in no error."""

    file: str
    secret_keys: frozenset[str] = frozenset()
    errors: list[Located] = field(default_factory=list)

    def add(self, line: int, message: str) -> None:
        self.errors.append(Located(self.file, line, message))

    def raise_errors(self, kind: type[F]) -> None:
        """Raise `kind` with all errors, in line order, if there are any."""
        if self.errors:
            raise kind(sorted(self.errors, key=lambda error: error.line))


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a mapping; `line` is that of its key."""

    line: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the line it begins on. When the type is wrong, an accessor notes an error and gives a harmless value."""

    document: Document
    line: int
    value: Value

    def error(self, message: str) -> None:
        self.document.add(self.line, message)

    def text(self, what: str, *, secret: bool = False) -> str:
        """Text that is not empty. An integer or boolean is an error: it must be quoted."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        if isinstance(self.value, int):
            self.error(f"{what} must be text: put it in quotes" + ("" if secret else f' ("{plain(self)}")'))
        else:
            self.error(f"{what} must be text, not {self.described()}")
        return ""

    def integer(self, what: str, *, minimum: int, maximum: int) -> int:
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            if minimum <= self.value <= maximum:
                return self.value
            self.error(f"{what} must be {minimum} to {maximum}, not {self.value}")
        else:
            self.error(f"{what} must be a whole number, not {self.described()}")
        return minimum

    def boolean(self, what: str) -> bool:
        if not isinstance(self.value, bool):
            self.error(f"{what} must be true or false, not {self.described()}")
        return self.value is True

    def choice(self, what: str, kind: type[E]) -> E | None:
        """A member of the enumeration, or None after noting the error."""
        words = [str(member.value) for member in kind]
        if isinstance(self.value, str) and self.value in words:
            return kind(self.value)
        shown = self.value if isinstance(self.value, str) else self.described()
        self.error(f"{what} must be one of {', '.join(words)}; not {shown}{suggestion(str(shown), words)}")
        return None

    def duration(self, what: str) -> timedelta:
        """A whole number with a unit: 90s, 15m, 24h, 7d."""
        text = self.value if isinstance(self.value, str) else ""
        digits, unit = text[:-1], text[-1:]
        if digits.isascii() and digits.isdigit() and len(digits) <= 9 and unit in _UNITS:
            length = timedelta(seconds=int(digits) * _UNITS[unit])
            if timedelta() < length <= _LONGEST:
                return length
        self.error(f"{what} must be a length of time such as 90s, 15m, 24h or 7d, not {text or self.described()}")
        return timedelta()

    def items(self, what: str) -> list["Node"]:
        if isinstance(self.value, list):
            return self.value
        self.error(f"{what} must be a list, not {self.described()}")
        return []

    def texts(self, what: str) -> list[str]:
        """A list of texts; a single text counts as a list of one."""
        if isinstance(self.value, str):
            return [self.text(what)]
        if self.value == []:
            self.error(f"{what} must not be empty")
        return [item.text(f"each of {what}") for item in self.items(what)]

    def mapping(self, what: str, keys: Collection[str] | None = None) -> "Mapping":
        """The value as a mapping; keys outside `keys` are errors with a suggestion. None admits any key."""
        entries = self.value if isinstance(self.value, dict) else {}
        if not isinstance(self.value, dict):
            self.error(f"{what} must be a mapping (key: value), not {self.described()}")
        if keys is not None:
            for key, entry in entries.items():
                if key not in keys:
                    self.document.add(entry.line, f"unknown key `{key}` in {what}{suggestion(key, keys)}")
        return Mapping(self.document, self.line, what, entries)

    def described(self) -> str:
        """The kind of value, for error messages."""
        match self.value:
            case None:
                return "nothing"
            case bool():
                return "true or false"
            case int():
                return f"the number {self.value}"
            case str():
                return "a text" if self.value.strip() else "an empty text"
            case list():
                return "a list"
            case _:
                return "a mapping"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Named access to a mapping's values. `what` names it in errors."""

    document: Document
    line: int
    what: str
    entries: dict[str, Entry]

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def __iter__(self) -> Iterator[tuple[str, Node]]:
        return ((key, entry.node) for key, entry in self.entries.items())

    def line_of(self, key: str) -> int:
        """The key's own line, or the mapping's when it is not there."""
        return self.entries[key].line if key in self.entries else self.line

    def error(self, key: str, message: str) -> None:
        self.document.add(self.line_of(key), message)

    def get(self, key: str) -> Node | None:
        """The value, or None when the key is missing."""
        entry = self.entries.get(key)
        return entry.node if entry else None

    def require(self, key: str) -> Node | None:
        """As get, and a missing key is an error."""
        if key not in self.entries:
            self.document.add(self.line, f"{self.what} needs `{key}`")
        return self.get(key)

    def text(self, key: str) -> str:
        """Required text; empty after an error."""
        node = self.require(key)
        return node.text(f"`{key}`", secret=key in self.document.secret_keys) if node else ""

    def text_or(self, key: str, default: str) -> str:
        node = self.get(key)
        return node.text(f"`{key}`") if node else default

    def texts(self, key: str) -> list[str]:
        """A list of texts, empty when the key is missing."""
        node = self.get(key)
        return node.texts(f"`{key}`") if node else []

    def items(self, key: str) -> list[Node]:
        """A list's values, empty when the key is missing."""
        node = self.get(key)
        return node.items(f"`{key}`") if node else []

    def boolean(self, key: str, *, default: bool) -> bool:
        node = self.get(key)
        return node.boolean(f"`{key}`") if node else default

    def mapping(self, key: str, keys: Collection[str] | None = None) -> "Mapping":
        """A mapping below this one, empty when the key is missing."""
        node = self.get(key)
        if node is None:
            return Mapping(self.document, self.line, f"`{key}`", {})
        return node.mapping(f"`{key}`", keys)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?` or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


def plain(node: Node) -> Plain:
    """The tree without lines: what a hash or another library gets."""
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(entry.node) for key, entry in node.value.items()}
    return node.value
