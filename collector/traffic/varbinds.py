"""Varbinds and OIDs as people write them on a command line. Nothing is sent here."""

import re
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address

from collector.domain.trap import Varbind, VarbindValue
from collector.traffic import encode

_OID = re.compile(r"\.?([0-2](?:\.(?:0|[1-9][0-9]{0,9})){1,127})")
_VARBIND = re.compile(r"(?P<oid>[^=]*)=(?P<letter>[^:=]*):(?P<value>.*)", re.DOTALL)
_MAX_ARC = 2**32 - 1


def parse_oid(text: str) -> str:
    """Dotted numbers, a dot before them or not. Raise ValueError with the reason."""
    match = _OID.fullmatch(text)
    if match is None:
        raise ValueError(
            f"an OID is numbers and dots, such as 1.3.6.1.4.1.3417.2.12.2.0.3 (names are not looked up), not {text!r}"
        )
    arcs = [int(arc) for arc in match[1].split(".")]
    if max(arcs) > _MAX_ARC or (arcs[0] < 2 and arcs[1] > 39):
        raise ValueError(f"no such OID: a number in {text!r} is too large")
    return match[1]


def parse_varbind(text: str) -> Varbind:
    """`OID=TYPE:VALUE`, e.g. `1.3.6.1.2.1.1.5.0=s:proxy-1`; `TYPES` lists the types. Raise ValueError with the reason."""
    match = _VARBIND.fullmatch(text)
    if match is None:
        raise ValueError(f"a varbind is OID=TYPE:VALUE, such as 1.3.6.1.2.1.1.5.0=s:proxy-1, not {text!r}")
    known = TYPES.get(match["letter"])
    if known is None:
        raise ValueError(f"the type must be one of {', '.join(TYPES)}, not {match['letter']!r}")
    tag, _, read = known
    return parse_oid(match["oid"]), tag, read(match["value"])


def _number(low: int, high: int) -> Callable[[str], VarbindValue]:
    def read(text: str) -> int:
        number = int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else None
        if number is None or not low <= number <= high:
            raise ValueError(f"the value must be a whole number from {low} to {high}, not {text!r}")
        return number

    return read


def _text(text: str) -> bytes:
    # surrogates stand for octets of the command line that are not UTF-8: they go out as they came in
    return text.encode("utf-8", "surrogateescape")


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"the value must be pairs of hexadecimal digits, such as 07ea0c1f, not {text!r}") from None


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        raise ValueError(f"the value must be an IPv4 address, not {text!r}") from None


TYPES: dict[str, tuple[int, str, Callable[[str], VarbindValue]]] = {
    "s": (encode.OCTETS, "text", _text),
    "i": (encode.INTEGER, "integer", _number(-(2**31), 2**31 - 1)),
    "u": (encode.GAUGE32, "unsigned (Gauge32)", _number(0, 2**32 - 1)),
    "t": (encode.TIME_TICKS, "time ticks", _number(0, 2**32 - 1)),
    "c": (encode.COUNTER32, "Counter32", _number(0, 2**32 - 1)),
    "C": (encode.COUNTER64, "Counter64", _number(0, 2**64 - 1)),
    "o": (encode.OID, "OID", parse_oid),
    "a": (encode.ADDRESS, "IPv4 address", _address),
    "x": (encode.OCTETS, "octets in hexadecimal", _hex),
}
"""Letter → (BER tag, what it is, how its text is read). The letters are those of net-snmp's tools where those have one."""
