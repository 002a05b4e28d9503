"""Definitions into names: every symbol's OID worked out through the modules that it refers to, every enumeration through the
types that it refines. Pure."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from collector.names.definitions import Definition, Flaw, ModuleDefinition, Place
from collector.names.model import MOST_ARCS, NO_LABELS, Labels, Module, Name, NameKind, checked_labels, is_oid
from collector.names.plain import plain

_GENERIC_TRAPS = "1.3.6.1.2.1.11.0."
"""What a TRAP-TYPE of the enterprise `snmp` would get; these are the generic traps."""
_GENERIC_V2 = "1.3.6.1.6.3.1.1.5."
_DEEPEST_TYPE = 16

Known: TypeAlias = Mapping[str, Module]


class Resolver:
    """For a set of modules that may refer to each other and to `known` ones, which give way to them."""

    def __init__(self, modules: Iterable[ModuleDefinition], known: Known) -> None:
        self._modules = {module.name: module for module in modules}
        self._known = known
        self._places: dict[str, dict[str, str]] = {}
        self._own = {(module.name, plain(one.symbol)): one for module in self._modules.values() for one in module.definitions}
        self._types = {(module.name, plain(one.symbol)): one for module in self._modules.values() for one in module.types}

    def module(self, name: str, file: str) -> Module | Flaw:
        """The module with all its names, or the first thing that is wrong with it."""
        try:
            return self._module(self._modules[name], file)
        except ValueError as error:
            return Flaw(0, str(error))

    def _module(self, module: ModuleDefinition, file: str) -> Module | Flaw:
        """Raise ValueError when an enumeration is not of the form."""
        for imported, line in module.imports.items():
            if imported not in self._modules and imported not in self._known:
                return Flaw(line, f"imports {imported}, which is not there")
        names: dict[str, Name] = {}
        for one in module.definitions:
            found = self._oid(one)
            if isinstance(found, Flaw):
                return found
            if found not in names or names[found].kind is NameKind.NODE:
                names[found] = Name(module.name, one.symbol, one.kind, self._labels(one))
        types = {one.symbol: labels for one in module.types if (labels := self._type((module.name, plain(one.symbol))))}
        return Module(module.name, names, types, file)

    def _oid(self, wanted: Definition) -> str | Flaw:
        """The way up is at most as long as an OID may be; a circle is longer."""
        arcs: list[int] = []
        one = wanted
        for _ in range(MOST_ARCS):
            arcs[:0] = one.arcs
            if one.parent is None:
                return _dotted("", arcs, wanted)
            above = self._own.get(one.parent)
            if above is None:
                base = self._known_oid(one.parent)
                if base is None:
                    return Flaw(one.line, f"{one.symbol} is below {one.parent[1]}, which {one.parent[0]} does not define")
                return _dotted(base, arcs, wanted)
            one = above
        return Flaw(wanted.line, f"{wanted.symbol} is defined in a circle, or deeper than {MOST_ARCS} arcs")

    def _known_oid(self, place: Place) -> str | None:
        module, symbol = place
        if module in self._modules or module not in self._known:
            return None
        if module not in self._places:
            self._places[module] = {plain(name.symbol): oid for oid, name in self._known[module].names.items()}
        return self._places[module].get(symbol)

    def _labels(self, one: Definition) -> Labels:
        return checked_labels({number: label for label, number in one.labels.items()}) if one.labels else self._type(one.type)

    def _type(self, place: Place | None) -> Labels:
        for _ in range(_DEEPEST_TYPE):
            if place is None:
                break
            own = self._types.get(place)
            if own is None:
                return self._known_type(place)
            if own.labels:
                return checked_labels({number: label for label, number in own.labels.items()})
            place = own.type
        return NO_LABELS

    def _known_type(self, place: Place) -> Labels:
        module, symbol = place
        if module in self._modules or module not in self._known:
            return NO_LABELS
        return next((labels for name, labels in self._known[module].types.items() if plain(name) == symbol), NO_LABELS)


def _dotted(base: str, arcs: list[int], wanted: Definition) -> str | Flaw:
    oid = ".".join([*([base] if base else []), *map(str, arcs)])
    if wanted.kind is NameKind.TRAP and oid.startswith(_GENERIC_TRAPS):
        oid = f"{_GENERIC_V2}{arcs[-1] + 1}"  # RFC 3584 section 3.1
    return oid if is_oid(oid) else Flaw(wanted.line, f"{wanted.symbol} has no OID that can be")
