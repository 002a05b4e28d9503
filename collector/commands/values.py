"""What the values of options may be: texts of the command line into values, each mistake told in a sentence."""

import argparse
import os
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collector.config import ListenAddress
    from collector.domain.trap import Varbind

_T = TypeVar("_T")

SHORTEST_PASS_PHRASE = 8
_LONGEST_SECRET = 4096


def _from_text(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """An option's type: what `read` refuses with ValueError is told as its own sentence."""

    def convert(text: str) -> _T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


@_from_text
def target(text: str) -> "ListenAddress":
    from collector.config import ListenAddress

    address = ListenAddress.parse(text)
    if not address.port:
        raise ValueError("the port must be 1 to 65535")
    return address


@_from_text
def oid(text: str) -> str:
    from collector.traffic.varbinds import parse_oid

    return parse_oid(text)


@_from_text
def varbind(text: str) -> "Varbind":
    from collector.traffic.varbinds import parse_varbind

    return parse_varbind(text)


@_from_text
def ip(text: str) -> str:
    return str(ip_address(text))


@_from_text
def ipv4(text: str) -> str:
    address = ip_address(text)
    if address.version != 4:
        raise ValueError("SNMP knows only IPv4 addresses of agents")
    return str(address)


def integer(low: int, high: int) -> Callable[[str], int]:
    @_from_text
    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
        if not low <= number <= high:
            raise ValueError(f"must be a whole number from {low} to {high}, not {text!r}")
        return number

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    @_from_text
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}, not {text!r}")
        return number

    return read


share = number(0, 1)


@_from_text
def secret(text: str) -> bytes:
    """What a file or a variable of the environment holds, without the end of its line. The text given is never repeated: somebody
    may have written the secret itself."""
    kind, colon, name = text.partition(":")
    if not (colon and name and kind in ("file", "env")):
        raise ValueError("must be file:PATH or env:NAME; other users of the machine could read a pass phrase on a command line")
    if kind == "env":
        found = os.environb.get(os.fsencode(name))
        if found is None:
            raise ValueError("there is no such variable in the environment")
    else:
        try:
            with Path(name).open("rb") as file:
                found = file.readline(_LONGEST_SECRET)
        except OSError as error:
            raise ValueError(f"the file cannot be read: {error.strerror}") from None
    found = found.rstrip(b"\r\n")
    if len(found) < SHORTEST_PASS_PHRASE:
        raise ValueError(f"the pass phrase must have at least {SHORTEST_PASS_PHRASE} characters (RFC 3414 section 11.2)")
    return found


@_from_text
def engine_id(text: str) -> bytes:
    from collector.domain.engine import parse_engine_id
    from collector.domain.errors import Rejected

    try:
        return parse_engine_id(text)
    except Rejected as error:
        raise ValueError(str(error)) from None


@_from_text
def snmp_user(text: str) -> bytes:
    name = text.encode("utf-8", "surrogateescape")
    if not 1 <= len(name) <= 32:
        raise ValueError("must have 1 to 32 octets")
    return name


@_from_text
def mailbox(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if not (at and local and domain and text.isascii() and text.isprintable()) or any(char in text for char in " <>"):
        raise ValueError(f"must be an address, such as acme-sepm@collector.localhost, not {text!r}")
    return text
