"""Entries of a Windows event log that the Windows SNMP service sent as traps: their names are made, not registered, and are read
out of the trap OID itself."""

from functools import lru_cache
from typing import NamedTuple

from collector.domain.text import harmless, text_of

WINDOWS_TRAPS = "1.3.6.1.4.1.311.1.13.1"
"""Below it: the length of the log source's name, its characters one arc each, 0 in the v2 form, the event's identifier."""
_BELOW = WINDOWS_TRAPS + "."
_MAX_CHARACTERS = 1_024
_SIGNED_CHARACTERS = range(0xFFFFFF80, 0x1_0000_0000)
"""Characters above 127 that were taken as negative numbers on their way into the OID."""


class WindowsEntry(NamedTuple):
    """`source` is the log source's name, `number` the event id as Windows' event viewer shows it: the low 16 bits of the
    identifier. Severity and facility stand above them."""

    source: str
    number: int


@lru_cache(maxsize=512)
def windows_entry(trap_oid: str) -> WindowsEntry | None:
    """What the OID of a trap says of such an entry, with the 0 before the identifier (RFC 3584 section 3.1) or without; None
    when it is not of that form."""
    if not trap_oid.startswith(_BELOW) or len(trap_oid) > _MAX_CHARACTERS:
        return None
    arcs = [int(arc) for arc in trap_oid[len(_BELOW) :].split(".") if arc.isascii() and arc.isdigit()]
    length = arcs[0] if arcs else 0
    name = [arc & 0xFF if arc in _SIGNED_CHARACTERS else arc for arc in arcs[1 : length + 1]]
    rest = arcs[length + 1 :]
    if not name or len(name) < length or not rest or any(arc > 0xFF for arc in name):
        return None
    return WindowsEntry(harmless(text_of(bytes(name))), rest[-1] & 0xFFFF)
