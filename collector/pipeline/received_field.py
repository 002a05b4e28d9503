"""Whom a relay had its mail from, by the `Received` field that it wrote itself (RFC 5321 section 4.4). The name before the
address is the client's own word, so a line that can be read in two ways says nothing."""

import re
from ipaddress import IPv6Address, ip_address

from collector.pipeline.structured_field import BadSyntax, FieldScanner

_WORD = re.compile(r'[^\s()";]+')
_ADDRESS = r"([0-9A-Fa-f:.]{2,45})(?:%[\w.-]{1,32})?"
_LITERAL = rf"\[(?:IPv6:)?{_ADDRESS}\]"
_PORT = r"(?::[0-9]{1,5})?"
_SAID = r"(?:helo|port|ident)=[^\s()]{1,512}"
_IDENT = r"(?:[^\s\[\]()@]{1,255}@)?"
_INFO = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_IDENT}[\w.-]{{1,255}} {_LITERAL}(?: \(may be forged\))?",  # Postfix, Sendmail
        rf"{_IDENT}{_LITERAL}{_PORT}(?: {_SAID}){{0,3}}",  # Exim with a name before it, Sendmail without one
        _ADDRESS,  # Exchange
    )
)
"""The forms of TCP-info that are in use. The address is the first group."""
_ONLY_LITERAL = re.compile(_LITERAL, re.ASCII)
_ONLY_SAID = re.compile(rf"{_SAID}(?: {_SAID}){{0,2}}")
"""Exim's comment behind an address literal that is no name but the address."""
_DATE = re.compile(
    r"\s*(?:[A-Z][a-z]{2}\s*,)?\s*[0-9]{1,2}\s+[A-Z][a-z]{2}\s+[0-9]{4}\s+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
    r"\s+(?:[+-][0-9]{4}|[A-Z]{1,5})\s*(?:\([^()]{0,64}\)\s*)?"
)


def peer_in(value: str) -> str:
    """The client's address as the line tells it, of IPv4 in IPv6 clothes the IPv4 address; empty when it tells none, or not
    beyond doubt."""
    try:
        return _peer(FieldScanner(value))
    except BadSyntax:
        return ""


def _peer(scanner: FieldScanner) -> str:
    if scanner.skip() or scanner.word(_WORD).lower() != "from" or scanner.skip():
        return ""
    name = scanner.word(_WORD)
    comments = scanner.skip()
    if scanner.word(_WORD).lower() != "by" or not _ends_well(scanner):
        return ""
    first, *others = comments or [""]
    if any("[" in other or _INFO[-1].fullmatch(other) for other in others):
        return ""
    return _address_in(name, first)


def _ends_well(scanner: FieldScanner) -> bool:
    """Whether what follows is the end of one line and not of two: nothing that a client puts into its name can begin another."""
    scanner.skip()
    while (following := scanner.next) not in ("", ";"):
        said = scanner.word_or_quoted(_WORD)
        if following != '"' and said.lower() in ("from", "by"):
            return False
        scanner.skip()
    return scanner.accept(";") and _DATE.fullmatch(scanner.rest) is not None


def _address_in(name: str, comment: str) -> str:
    if (literal := _ONLY_LITERAL.fullmatch(name)) and _ONLY_SAID.fullmatch(comment):
        return _plain(literal[1])
    found = next((match for form in _INFO if (match := form.fullmatch(comment))), None)
    return _plain(found[1]) if found else ""


def _plain(text: str) -> str:
    """Empty for what is no address of a machine elsewhere: a relay's own steps pass through its loopback."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return "" if address.is_unspecified or address.is_loopback or address.is_multicast else str(address)
