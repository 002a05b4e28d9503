"""What a MIB file defines, as the parsing process tells it: symbols with the places they are given, nothing worked out yet."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from collector.names.model import NameKind

PREFIX = struct.Struct("!I")
"""Before each file that the parsing process gets: its length in octets."""
READY = b"ready"
"""Its first line."""
Place: TypeAlias = tuple[str, str]
"""(module, symbol): how definitions refer to each other."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A symbol and where it stands: `arcs` below `parent`, or from the root when that is None. `labels` are its own enumeration;
    `type` is the type that may have one."""

    symbol: str
    kind: NameKind
    parent: Place | None
    arcs: tuple[int, ...]
    line: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    type: Place | None = None


@dataclass(frozen=True, slots=True)
class TypeDefinition:
    """A type: its own enumeration, or the type that it refines."""

    symbol: str
    labels: Mapping[str, int]
    type: Place | None


@dataclass(frozen=True, slots=True)
class ModuleDefinition:
    """`imports` says in which line each module is imported; lines count from 1, 0 is not known."""

    name: str
    imports: Mapping[str, int]
    definitions: tuple[Definition, ...]
    types: tuple[TypeDefinition, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a file or a module of it cannot be used."""

    line: int
    reason: str


Parsed: TypeAlias = list[ModuleDefinition] | Flaw


def encode(parsed: Parsed) -> bytes:
    """One line of JSON in ASCII."""
    body = {"flaw": asdict(parsed)} if isinstance(parsed, Flaw) else {"modules": [asdict(module) for module in parsed]}
    return json.dumps(body).encode() + b"\n"


def decode(line: bytes) -> Parsed:
    """Raise ValueError, KeyError or TypeError when the line is not whole."""
    body = json.loads(line)
    if "flaw" in body:
        return Flaw(**body["flaw"])
    return [_module(**module) for module in body["modules"]]


def _module(name: str, imports: Mapping[str, int], definitions: list[Any], types: list[Any]) -> ModuleDefinition:
    return ModuleDefinition(name, imports, tuple(_definition(**one) for one in definitions), tuple(_type(**one) for one in types))


def _definition(kind: str, parent: list[str] | None, arcs: list[int], type: list[str] | None, **rest: Any) -> Definition:  # noqa: A002
    return Definition(kind=NameKind(kind), parent=_place(parent), arcs=tuple(arcs), type=_place(type), **rest)


def _type(type: list[str] | None, **rest: Any) -> TypeDefinition:  # noqa: A002
    return TypeDefinition(type=_place(type), **rest)


def _place(said: list[str] | None) -> Place | None:
    return None if said is None else (said[0], said[1])
