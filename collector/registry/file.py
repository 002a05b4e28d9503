"""Reading the customers file. Every mistake is told with its line; nothing is imported from a file with a mistake in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from itertools import combinations

from collector.domain.errors import FileErrors
from collector.domain.registry import SELF_CODE
from collector.domain.snmp_access import Network, SnmpAccess
from collector.store.registry import SourceRecord
from rules.nodes import Document, Mapping, Node
from rules.strict_yaml import load

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,19}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PRODUCT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MAILBOX = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_VERSIONS = ("v1", "v2c")
_LANGUAGES = ("es", "en")
_SECRETS = frozenset({"community"})
_LONGEST_NAME = 200
_LONGEST_COMMUNITY = 255


@dataclass(frozen=True, slots=True)
class SourceEntry:
    record: SourceRecord
    line: int


@dataclass(frozen=True, slots=True)
class CustomerEntry:
    code: str
    name: str
    language: str
    sources: tuple[SourceEntry, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source answers to, with the name it has in messages. `line` is 0 for a source that stands only in the store."""

    owner: str
    record: SourceRecord
    line: int


def read_customers(text: str, file: str) -> tuple[CustomerEntry, ...]:
    """The customers of a file. Raise FileErrors with all mistakes and their lines."""
    root = load(text, file, secret_keys=_SECRETS)
    document = root.document
    document.raise_errors(FileErrors)  # the tree is not whole: what is missing in it need not be missing in the file
    top = _mapping(root, "the file", ("customers",))
    nodes = top.items("customers") if top and top.require("customers") else []
    entries = [(_mapping(node, "a customer", ("code", "name", "language", "sources")), node.line) for node in nodes]
    customers = tuple(_customer(entry, line) for entry, line in entries if entry)
    _check_twice(document, [(customer.code, customer.line) for customer in customers], "customer")
    for clash in clashes([Claim(f"{c.code}/{s.record.name}", s.record, s.line) for c in customers for s in c.sources]):
        document.add(*clash)
    document.raise_errors(FileErrors)
    return customers


def _mapping(node: Node, what: str, keys: tuple[str, ...]) -> Mapping | None:
    """The mapping, or None after an error: then there is no use in telling what it lacks."""
    entry = node.mapping(what, keys)
    return entry if isinstance(node.value, dict) else None


def _customer(entry: Mapping, line: int) -> CustomerEntry:
    code = _matching(entry, "code", _CODE, "capital letters, digits, - and _, at most 20")
    if code == SELF_CODE:
        entry.error("code", f"{SELF_CODE} is the collector's own customer")
    name = entry.text("name")
    if len(name) > _LONGEST_NAME:
        entry.error("name", f"`name` is longer than {_LONGEST_NAME} characters")
    language = entry.text_or("language", "es")
    if language not in _LANGUAGES:
        entry.error("language", f"`language` must be es or en, not {language}")
    sources = tuple(source for node in entry.items("sources") if (source := _source(node)))
    _check_twice(entry.document, [(source.record.name, source.line) for source in sources], "source")
    return CustomerEntry(code, name, language, sources, line)


def _source(node: Node) -> SourceEntry | None:
    entry = _mapping(node, "a source", ("name", "product", "mailbox", "snmp"))
    if entry is None:
        return None
    name = _matching(entry, "name", _NAME, "letters, digits, . _ and -, at most 64")
    products = tuple(entry.texts("product"))
    for product in products:
        if not _PRODUCT.fullmatch(product):
            entry.error("product", f"`product` names are small letters, digits and -, not {product!r}")
    mailbox = None
    if "mailbox" in entry:
        mailbox = _matching(entry, "mailbox", _MAILBOX, "small letters, digits, . _ and - (no @, no +), at most 64")
    if "mailbox" not in entry and "snmp" not in entry:
        node.error("a source needs `mailbox`, `snmp` or both: otherwise nothing can come from it")
    snmp = entry.get("snmp")
    identity = _mapping(snmp, "`snmp`", ("version", "community", "networks")) if snmp else None
    return SourceEntry(SourceRecord(name, products, mailbox, _snmp(identity) if identity else None), node.line)


def _snmp(snmp: Mapping) -> SnmpAccess:
    version = snmp.text("version")
    if version and version not in _VERSIONS:
        snmp.error("version", f"`version` must be v1 or v2c, not {version}")
    community = snmp.text("community").encode()
    if len(community) > _LONGEST_COMMUNITY:
        snmp.error("community", f"`community` is longer than {_LONGEST_COMMUNITY} octets")
    if (given := snmp.require("networks")) and given.value == []:
        given.error("`networks` must name at least one network: without one, nothing is accepted")
    networks: list[Network] = []
    for node in snmp.items("networks"):
        text = node.text("each of `networks`")
        try:
            networks.append(ip_network(text))
        except ValueError as error:
            if text:
                node.error(f"`networks`: {error}")
    return SnmpAccess(version, tuple(networks), community=community)


def _matching(entry: Mapping, key: str, pattern: re.Pattern[str], allowed: str) -> str:
    text = entry.text(key)
    if text and not pattern.fullmatch(text):
        entry.error(key, f"`{key}` may hold {allowed}; not {text!r}")
    return text


def _check_twice(document: Document, named: list[tuple[str, int]], what: str) -> None:
    lines: dict[str, int] = {}
    for name, line in named:
        if name and name in lines:
            document.add(line, f"{what} {name} stands there twice (first on line {lines[name]})")
        lines.setdefault(name, line)


def clashes(claims: list[Claim]) -> Iterator[tuple[int, str]]:
    """(line, message) for every pair of sources that could both be meant by one notification."""
    for one, other in _pairs(claims, lambda record: record.mailbox):
        yield max(one.line, other.line), f"{one.owner} and {other.owner} have the same mailbox {one.record.mailbox}"
    for one, other in _pairs(claims, lambda record: record.snmp and record.snmp.community):
        if _same_traps(one.record, other.record):
            # The community itself is a secret and not repeated here.
            message = f"{one.owner} and {other.owner} could both be meant by one trap: same community, overlapping networks"
            yield max(one.line, other.line), message


def _pairs(claims: list[Claim], key: Callable[[SourceRecord], object | None]) -> Iterator[tuple[Claim, Claim]]:
    groups: dict[object, list[Claim]] = {}
    for claim in claims:
        if (value := key(claim.record)) is not None:
            groups.setdefault(value, []).append(claim)
    for group in groups.values():
        yield from combinations(group, 2)


def _same_traps(one: SourceRecord, other: SourceRecord) -> bool:
    if one.snmp is None or other.snmp is None:
        return False
    theirs = other.snmp.networks
    return any(mine.version == network.version and mine.overlaps(network) for mine in one.snmp.networks for network in theirs)
