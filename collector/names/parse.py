"""A MIB file's text into definitions, by pysmi's parser. Only its parser: nothing is fetched, written or executed. For the
parsing process alone, since hostile text may cost it any time and memory."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pysmi.codegen.symtable import SymtableCodeGen
from pysmi.error import PySmiError
from pysmi.parser.dialect import smi_v1_relaxed
from pysmi.parser.smi import parserFactory

from collector.names.definitions import Definition, Flaw, ModuleDefinition, Parsed, Place, TypeDefinition
from collector.names.model import NameKind, is_module, is_symbol
from collector.names.plain import plain

_HEADING = re.compile(r"\bDEFINITIONS\b")
_NODES = ("MibIdentifier", "ModuleIdentity", "ObjectIdentity")
_TABLES = ("MibTable", "MibTableRow")
_BEGINNING = re.compile(
    r"^[ \t]{0,32}([A-Za-z][A-Za-z0-9_-]{0,127})\s{1,200}(?:OBJECT|NOTIFICATION-TYPE|MODULE-IDENTITY|TRAP-TYPE)\b",
    re.MULTILINE,
)
"""The beginning of a definition that gives an OID."""
_SAID = {
    "Unknown parents for symbols:": "of a type that is neither defined nor imported",
    "Unknown parent symbol:": "is used and neither defined nor imported",
    "Duplicate symbol found:": "defined twice",
}
"""How pysmi says it, and how we do."""
_LINE_SHOWN = 60
"""Characters of a line that is not understood."""


class MibParser:
    """Made once for many files: making it costs a quarter of a second."""

    def __init__(self) -> None:
        self._parser = parserFactory(**smi_v1_relaxed)()

    def parse(self, octets: bytes) -> Parsed:
        """The modules of a file, none when it is no MIB file at all, or what is wrong with it."""
        if b"\0" in octets:
            return Flaw(0, "not text in UTF-8 or a code page of one octet for a character")
        text = _text_of(octets)
        if not _HEADING.search(text):
            return []
        try:
            return [_module(tree, text) for tree in self._parser.parse(text)]
        except PySmiError as error:
            return _flaw(error, text)
        except (MemoryError, RecursionError) as error:
            return Flaw(0, f"more than the parser can take ({type(error).__name__})")


def _text_of(octets: bytes) -> str:
    """Names are ASCII; in which code page descriptions and comments are does not matter."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _flaw(error: PySmiError, text: str) -> Flaw:
    line = getattr(error, "lineno", 0)
    line = line if isinstance(line, int) and line > 0 else 0
    if error.msg.startswith("Bad grammar"):
        shown = text.split("\n")[line - 1 : line] if line else []
        return Flaw(line, f"not understood: {_printable(shown[0].strip())}" if shown else "not understood")
    for beginning, said in _SAID.items():
        if error.msg.startswith(beginning):
            symbols = error.msg.removeprefix(beginning).strip()
            return Flaw(line or _lines_of(text).get(symbols.split(",")[0], 0), f"{said}: {_printable(symbols)}")
    return Flaw(line, _printable(error.msg))


def _printable(text: str) -> str:
    shown = "".join(char if char.isprintable() else " " for char in text[: _LINE_SHOWN + 1])
    return shown if len(shown) <= _LINE_SHOWN else f"{shown[:_LINE_SHOWN]}..."


def _module(tree: Any, text: str) -> ModuleDefinition:
    """Raise PySmiError when a definition cannot be placed."""
    name, imports = str(tree[0]), list(tree[2])
    if not is_module(name) or not all(is_module(one) for one in imports):
        raise PySmiError("a module has a name that it may not have")
    _, table = SymtableCodeGen().gen_code(tree, {})
    lines = _lines_of(text)
    columns = set(table["_symtable_cols"])
    return ModuleDefinition(
        name,
        {imported: _line_of_import(imported, text) for imported in imports},
        tuple(_definitions(table, columns, lines)),
        tuple(_types(table)),
    )


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, said in table.items():
        if not key.startswith("_symtable_"):
            symbol = str(said["origName"])
            if not is_symbol(symbol):
                raise PySmiError("a symbol has characters that it may not have, or too many")
            yield symbol, said


def _definitions(table: Mapping[str, Any], columns: set[str], lines: Mapping[str, int]) -> Iterator[Definition]:
    for symbol, said in _entries(table):
        kind = _kind(symbol, said, columns)
        if kind is not None:
            line = lines.get(symbol, 0)
            parent, arcs = _position(symbol, said["oid"], line)
            labels, type_ = _enumeration(said) if kind in (NameKind.OBJECT, NameKind.COLUMN) else ({}, None)
            yield Definition(symbol, kind, parent, arcs, line, labels, type_)


def _types(table: Mapping[str, Any]) -> Iterator[TypeDefinition]:
    for symbol, said in _entries(table):
        if said["type"] == "TypeDeclaration":
            yield TypeDefinition(symbol, *_enumeration(said))


def _kind(symbol: str, said: Mapping[str, Any], columns: set[str]) -> NameKind | None:
    """None for what gives nothing in a notification a name: groups, conformance, columns that pysmi makes up."""
    if said["type"] == "NotificationType":
        return NameKind.TRAP
    if said["type"] in _NODES:
        return NameKind.NODE
    if said["type"] != "ObjectType":
        return None
    if said["syntax"][0][0] in _TABLES:
        return NameKind.NODE
    return NameKind.COLUMN if symbol in columns else NameKind.OBJECT


def _position(symbol: str, oid: Any, line: int) -> tuple[Place | None, tuple[int, ...]]:
    """Raise PySmiError when it is not a parent and numbers."""
    first, rest = (oid[0], oid[1:]) if oid and isinstance(oid[0], tuple) else (None, oid)
    if not oid or not all(isinstance(arc, int) and 0 <= arc <= 0xFFFFFFFF for arc in rest):
        error = PySmiError(f"the OID of {symbol} is none")
        error.lineno = line
        raise error
    return (None if first is None else (first[1], plain(first[0]))), tuple(rest)


def _enumeration(said: Mapping[str, Any]) -> tuple[dict[str, int], Place | None]:
    """Its own labels, or the type that may have some. Bits are no numbers."""
    (base, module), refined = said["syntax"]
    if base == "Bits":
        return {}, None
    if isinstance(refined, dict):
        return {str(label): int(number) for label, number in refined.items()}, None
    return {}, ((module, plain(base)) if module else None)


def _lines_of(text: str) -> dict[str, int]:
    """Where each symbol is defined, as far as that begins a line."""
    found: dict[str, int] = {}
    line, counted = 1, 0
    for match in _BEGINNING.finditer(text):
        line += text.count("\n", counted, match.start(1))
        counted = match.start(1)
        found.setdefault(match[1], line)
    return found


def _line_of_import(module: str, text: str) -> int:
    match = re.search(rf"\bFROM\s{{1,100}}{re.escape(module)}(?![A-Za-z0-9_-])", text)
    return text.count("\n", 0, match.start()) + 1 if match else 0
