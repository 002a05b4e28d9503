"""MIB files of a directory into modules with names: read, parsed, worked out; what is bad is said and left out, the others load.
Nothing is fetched from anywhere: what a module imports is in the directory, was loaded before, or comes with the collector."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from collector.domain.errors import Located
from collector.names.definitions import Flaw, ModuleDefinition
from collector.names.model import Module
from collector.names.parsing import Limits, parse_files
from collector.names.resolve import Resolver
from collector.names.sources import SourceFile, read_folder

MOST_NAMES = 50_000
"""Of everything that is loaded: the API keeps them in memory."""
FOUNDATION = frozenset({"RFC1065-SMI", "RFC1155-SMI", "RFC-1212", "RFC-1215", "SNMPv2-SMI", "SNMPv2-TC", "SNMPv2-CONF"})
"""The language itself, which a file cannot change: the collector has its own."""


@dataclass(slots=True)
class LoadReport:
    """`modules` are good; `kept` are (file, module) that stay as the collector has them; `without` are files that hold no module;
    `skipped` says what was left out and why."""

    modules: list[Module] = field(default_factory=list)
    kept: list[tuple[str, str]] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    skipped: list[Located] = field(default_factory=list)


def load_folder(folder: Path, *, ours: Mapping[str, Module], loaded: Mapping[str, Module], limits: Limits) -> LoadReport:
    """What the directory's files define. `ours` comes with the collector, `loaded` was loaded before and is to be kept.

    Raise Unavailable when files cannot be parsed at all.
    """
    report = LoadReport()
    found = _definitions(list(read_folder(folder)), limits, report)
    resolver = Resolver([definition for _, definition in found], {**ours, **loaded})
    room = MOST_NAMES - sum(len(module.names) for name, module in loaded.items() if name not in {one.name for _, one in found})
    for file, definition in found:
        module = resolver.module(definition.name, PurePath(file).name)
        if isinstance(module, Flaw):
            report.skipped.append(Located(file, module.line, _of(definition, module.reason)))
        elif len(module.names) > room:
            report.skipped.append(Located(file, 0, _of(definition, f"beyond the {MOST_NAMES} names that can be loaded")))
        else:
            room -= len(module.names)
            report.modules.append(module)
    return report


def _of(definition: ModuleDefinition, reason: str) -> str:
    return f"{definition.name}: {reason}"


def _definitions(files: list[SourceFile], limits: Limits, report: LoadReport) -> list[tuple[str, ModuleDefinition]]:
    """(file, module) of everything that parses, each module once."""
    report.skipped += [Located(file.name, 0, file.reason) for file in files if file.octets is None]
    readable = [(file.name, file.octets) for file in files if file.octets is not None]
    found: dict[str, tuple[str, ModuleDefinition]] = {}
    for (name, _), parsed in zip(readable, parse_files([octets for _, octets in readable], limits), strict=True):
        if isinstance(parsed, Flaw):
            report.skipped.append(Located(name, parsed.line, parsed.reason))
        elif not parsed:
            report.without.append(name)
        else:
            for definition in parsed:
                _take(name, definition, found, report)
    return list(found.values())


def _take(file: str, definition: ModuleDefinition, found: dict[str, tuple[str, ModuleDefinition]], report: LoadReport) -> None:
    if definition.name in FOUNDATION:
        report.kept.append((file, definition.name))
    elif definition.name in found:
        report.skipped.append(Located(file, 0, _of(definition, f"is in {found[definition.name][0]} too, which is taken")))
    else:
        found[definition.name] = (file, definition)
