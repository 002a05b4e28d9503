"""Looking names up: the names that come with the collector and those that were loaded, as one. Asked when somebody looks at a
notification, never while notifications are taken in or processed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from collector.domain.trap_oids import other_spelling
from collector.names.model import Labels, Module, Name, NameKind

PRODUCTS = tuple(f"1.3.6.1.4.1.{number}" for number in (393, 1294, 2334, 2552, 3417, 14501, 17766))
"""The enterprises whose names are ours: Symantec, Raptor, Packeteer, Netegrity, CacheFlow, Blue Coat, PGP. There what comes with
the collector is preferred, because packs and documentation speak of it; elsewhere what the administrator loaded."""
_VARIABLES = (NameKind.OBJECT, NameKind.COLUMN)
_OURS = tuple(f"{oid}." for oid in PRODUCTS)


@dataclass(frozen=True, slots=True)
class Named:
    """`text` is `MODULE::symbol` with what stands behind the symbol's OID, the instance: `IF-MIB::ifIndex.3`."""

    text: str
    labels: Labels

    def label(self, number: object) -> str | None:
        """What the number means; None when that is not known."""
        return self.labels.get(number) if isinstance(number, int) else None


class NameBook:
    """Immutable; share it between threads. A lookup costs one step for each arc behind the known part, a microsecond or two."""

    def __init__(self, ours: Iterable[Module], loaded: Iterable[Module] = ()) -> None:
        """Of two loaded modules that name one OID, the first in the alphabet does."""
        names = {oid: name for module in ours for oid, name in module.names.items()}
        settled = frozenset(oid for oid in names if oid.startswith(_OURS))
        for module in sorted(loaded, key=lambda module: module.name, reverse=True):
            names.update((oid, name) for oid, name in module.names.items() if oid not in settled)
        self._names = names

    def __len__(self) -> int:
        return len(self._names)

    def trap(self, oid: str) -> str | None:
        """The name of a notification, in either spelling of its OID."""
        found = self._trap(oid) or self._trap(other_spelling(oid))
        return None if found is None else str(found)

    def _trap(self, oid: str) -> Name | None:
        found = self._names.get(oid)
        return found if found is not None and found.kind is NameKind.TRAP else None

    def variable(self, oid: str) -> Named | None:
        """The name of a variable: of the longest beginning of its OID that is one. A mere place is none, even one that stands
        below a variable, such as sysUpTimeInstance."""
        known = oid
        while known:
            found = self._names.get(known)
            if found is not None and found.kind in _VARIABLES:
                return Named(f"{found}{oid[len(known) :]}", found.labels)
            known = known.rpartition(".")[0]
        return None

    def value(self, oid: str) -> str | None:
        """The name of an OID that is itself a value: a product, a notification, a variable."""
        found = self._names.get(oid)
        if found is not None:
            return str(found)
        named = self.variable(oid)
        return self.trap(oid) if named is None else named.text


Names: TypeAlias = Callable[[], NameBook]
"""Gives the names as they are now; asked anew for each answer."""
