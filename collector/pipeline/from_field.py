"""Whose address a mail shows in `From` (RFC 5322 section 3.6.2), as far as that is beyond doubt. It identifies nobody: it is what
a relay's findings must agree with."""

import re

from collector.pipeline.structured_field import BadSyntax, FieldScanner, domain_in

_ATOM = re.compile(r'[^\s()<>\[\]:;@\\,"]+')
_DOMAIN = re.compile(r"[A-Za-z0-9._-]+")


def domain_of_from(value: str) -> str:
    """The domain of the only address, in small letters; empty when there are several, or none that all readers find there."""
    try:
        return domain_in(_domain(FieldScanner(value)))
    except BadSyntax:
        return ""


def _domain(scanner: FieldScanner) -> str:
    words = 0
    scanner.skip()
    while scanner.next not in ("<", "@"):
        scanner.word_or_quoted(_ATOM)
        words += 1
        scanner.skip()
    in_brackets = scanner.accept("<")
    if in_brackets:
        scanner.word_or_quoted(_ATOM)
    elif words != 1:
        raise BadSyntax("more than an address")
    scanner.expect("@")
    domain = scanner.word(_DOMAIN)
    if in_brackets:
        scanner.expect(">")
    scanner.skip()
    if scanner.next:
        raise BadSyntax("more than one address")
    return domain
