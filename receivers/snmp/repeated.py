"""What a notification says after its sysUpTime.0, remembered: consoles repeat the same few troubles, and of a repeat only the
time is new. What is remembered is what decoding the same octets gives again, whoever sends them and in whichever version."""

from typing import TypeAlias

from collector.domain.trap import Varbind
from receivers.snmp.ber import MASK_32, SEQUENCE

MOST = 4_096
MOST_OCTETS = 512
"""Of the octets of one; with the most of them, less than ten megabytes with what was decoded."""
_HEADER = 2
_UPTIME = b"\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x43"
"""sysUpTime.0 and the tag of TimeTicks, as nearly every sender writes them."""
_VALUE = len(_UPTIME) + 1
_FEW_OCTETS = 5

Said: TypeAlias = tuple[str, list[Varbind]]
"""snmpTrapOID.0, and the varbinds without it and without sysUpTime.0. Nobody changes them."""


def after_uptime(data: bytes, at: int, end: int) -> tuple[int, int] | None:
    """(sysUpTime.0 in hundredths of a second, where the next varbind begins) when the list that begins at `at` begins with it
    as nearly every sender writes it; None when somebody must look closer. Raise IndexError where the data end."""
    name = at + _HEADER
    value = name + _VALUE
    if data[name : value - 1] != _UPTIME or data[at] != SEQUENCE:
        return None
    stop = value + data[value - 1]
    if value < stop <= value + _FEW_OCTETS and data[at + 1] == stop - name and stop <= end:
        return int.from_bytes(data[value:stop], "big", signed=True) & MASK_32, stop
    return None


class Repeated:
    """By the octets after sysUpTime.0. Full, it forgets everything and begins again. Any number of threads."""

    def __init__(self) -> None:
        self._known: dict[bytes, Said] = {}
        self.get = self._known.get

    def remember(self, octets: bytes, said: Said) -> None:
        """Unless there is much of it: what a hostile sender fills up to 64 KB is not worth its room."""
        if len(octets) > MOST_OCTETS:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[octets] = said
