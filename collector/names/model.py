"""What a name is: an OID's symbol in its MIB module (RFC 2578), with the labels of its numbers. What may stand in one is checked
here; where names come from is said elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

Labels: TypeAlias = Mapping[int, str]
"""What the numbers of an enumeration mean."""
NO_LABELS: Labels = MappingProxyType({})

LONGEST_SYMBOL = 128
"""Characters. RFC 2578 section 3.1 allows 64; vendors have longer ones."""
MOST_LABELS = 4_096
MOST_ARCS = 128
"""Sub-identifiers of an OID (RFC 2578 section 3.5)."""
_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}", re.ASCII)
_MODULE = re.compile(r"[A-Z][A-Za-z0-9_-]{0,127}", re.ASCII)
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,9})){0,127}", re.ASCII)
_LARGEST_ARC = 0xFFFFFFFF


class NameKind(StrEnum):
    """What an OID names: a notification, a variable that is there once, one that each row of a table has, or a mere place."""

    TRAP = "trap"
    OBJECT = "object"
    COLUMN = "column"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class Name:
    """The symbol that a module gives an OID. `labels` only for integers with an enumeration."""

    module: str
    symbol: str
    kind: NameKind
    labels: Labels = field(default_factory=lambda: NO_LABELS)

    def __str__(self) -> str:
        return f"{self.module}::{self.symbol}"


@dataclass(frozen=True, slots=True)
class Module:
    """The names of one MIB module by OID, and its types with an enumeration by type name. `file` is where it was loaded from, a
    bare file name; empty for what comes with the collector."""

    name: str
    names: Mapping[str, Name]
    types: Mapping[str, Labels] = field(default_factory=dict)
    file: str = ""

    def count(self, kind: NameKind) -> int:
        return sum(name.kind is kind for name in self.names.values())


def is_symbol(text: str) -> bool:
    return _SYMBOL.fullmatch(text) is not None


def is_module(text: str) -> bool:
    return _MODULE.fullmatch(text) is not None


def is_oid(text: str) -> bool:
    """Dotted, one to 128 arcs below 2**32, without leading zeros."""
    return _OID.fullmatch(text) is not None and all(int(arc) <= _LARGEST_ARC for arc in text.split(".") if len(arc) > 9)


def checked_labels(labels: Mapping[int, str]) -> Labels:
    """The same, in the order of the numbers. Raise ValueError when there are too many or a label is no symbol."""
    if len(labels) > MOST_LABELS:
        raise ValueError(f"an enumeration has more than {MOST_LABELS} labels")
    for label in labels.values():
        if not is_symbol(label):
            raise ValueError("a label of an enumeration has characters that it may not have")
    return dict(sorted(labels.items())) or NO_LABELS
