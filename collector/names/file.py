"""Names in a JSON file: the form of what comes with the collector and of what was loaded. One name a line, so that two versions
can be compared; read strictly, written in one step."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from collector.domain.errors import ConfigurationError
from collector.names.model import NO_LABELS, Labels, Module, Name, NameKind, checked_labels, is_module, is_oid, is_symbol
from collector.ownership import like_its_directory

FORMAT = 1
LARGEST_FILE = 64 << 20
"""Octets."""
_Shared: TypeAlias = dict[tuple[tuple[int, str], ...], Labels]
"""Enumerations repeat: each is kept once."""


def read_modules(path: Path) -> dict[str, Module]:
    """By name; empty when the file is not there. Raise ConfigurationError when it cannot be read or is damaged."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"more than {LARGEST_FILE} octets")
        return parse(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"{path}: the names cannot be read: {reason}") from error


def parse(text: bytes) -> dict[str, Module]:
    """Raise ValueError, KeyError, TypeError or AttributeError when it is not of the form."""
    body = json.loads(text)
    if body["format"] != FORMAT:
        raise ValueError(f"the format is {body['format']!r}, not {FORMAT}")
    shared: _Shared = {}
    return {name: _module(name, said, shared) for name, said in body["modules"].items()}


def _module(name: str, said: Mapping[str, object], shared: _Shared) -> Module:
    if not is_module(name):
        raise ValueError("a module has no name that it may have")
    names, types, file = said["names"], said.get("types", {}), said.get("file", "")
    if not (isinstance(names, dict) and isinstance(types, dict) and isinstance(file, str)):
        raise TypeError(f"{name} is not of the form")
    return Module(
        name,
        {_oid(oid): _name(name, shared, *fields) for oid, fields in names.items()},
        {_symbol(symbol): _labels(labels, shared) for symbol, labels in types.items()},
        file,
    )


def _name(module: str, shared: _Shared, kind: str, symbol: str, labels: Mapping[str, str] | None = None) -> Name:
    return Name(module, _symbol(symbol), NameKind(kind), _labels(labels, shared) if labels else NO_LABELS)


def _labels(labels: Mapping[str, str], shared: _Shared) -> Labels:
    made = checked_labels({int(number): label for number, label in labels.items()})
    return shared.setdefault(tuple(made.items()), made)


def _oid(text: str) -> str:
    if not is_oid(text):
        raise ValueError("an OID is not of the form")
    return text


def _symbol(text: str) -> str:
    if not is_symbol(text):
        raise ValueError("a name has characters that it may not have")
    return text


def form(modules: Iterable[Module]) -> str:
    """The file's text: modules by name, names in the order of their OIDs."""
    parts = [_form_of(module) for module in sorted(modules, key=lambda module: module.name)]
    return f'{{"format": {FORMAT}, "modules": {{\n' + ",\n".join(parts) + "\n}}\n"


def _form_of(module: Module) -> str:
    sections = [f'  "names": {_entries((oid, _fields(module.names[oid])) for oid in sorted(module.names, key=arcs))}']
    if module.types:
        sections.append(f'  "types": {_entries((name, _written(labels)) for name, labels in sorted(module.types.items()))}')
    if module.file:
        sections.append(f'  "file": {json.dumps(module.file)}')
    return f'"{module.name}": {{\n' + ",\n".join(sections) + "\n}"


def _entries(entries: Iterable[tuple[str, object]]) -> str:
    lines = [f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in entries]
    return "{\n" + ",\n".join(lines) + "\n  }" if lines else "{}"


def _fields(name: Name) -> list[object]:
    return [name.kind.value, name.symbol, *([_written(name.labels)] if name.labels else [])]


def _written(labels: Labels) -> dict[str, str]:
    return {str(number): label for number, label in labels.items()}


def arcs(oid: str) -> tuple[int, ...]:
    """By which OIDs are put in order."""
    return tuple(int(arc) for arc in oid.split("."))


def write_modules(path: Path, modules: Iterable[Module]) -> None:
    """Replace the file in one step: a reader sees the old names or the new ones. Raise OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(form(modules))
        file.flush()
        os.fsync(file.fileno())
    like_its_directory(temporary)
    temporary.replace(path)
