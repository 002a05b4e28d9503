"""Reading the customers file. Every mistake is told with its line; nothing is imported from a file with a mistake in it."""

import re
from dataclasses import dataclass
from itertools import islice

from collector.domain.errors import FileErrors
from collector.domain.registry import PEOPLE, SELF_CODE
from collector.registry.access_entry import KEYS, SECRET_KEYS, read_access
from collector.registry.clashes import MOST_TOLD, Claim, clashes
from collector.store.registry import SourceRecord
from rules.nodes import Document, Mapping, Node
from rules.strict_yaml import load

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,19}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PRODUCT = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MAILBOX = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_LANGUAGES = ("es", "en")
_LONGEST_NAME = 200


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


def read_customers(text: str, file: str) -> tuple[CustomerEntry, ...]:
    """The customers of a file. Raise FileErrors with all mistakes and their lines."""
    root = load(text, file, secret_keys=SECRET_KEYS)
    document = root.document
    document.raise_errors(FileErrors)  # the tree is not whole: what is missing in it need not be missing in the file
    top = _mapping(root, "the file", ("customers",))
    nodes = top.items("customers") if top and top.require("customers") else []
    entries = [(_mapping(node, "a customer", ("code", "name", "language", "sources")), node.line) for node in nodes]
    customers = tuple(_customer(entry, line) for entry, line in entries if entry)
    _check_twice(document, [(customer.code, customer.line) for customer in customers], "customer")
    claims = [Claim(f"{c.code}/{s.record.name}", s.record, s.line) for c in customers for s in c.sources]
    for clash in islice(clashes(claims), MOST_TOLD):
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
    if PEOPLE in products:
        _check_support_mailbox(entry, products)
    snmp = entry.get("snmp")
    access = _mapping(snmp, "`snmp`", KEYS) if snmp else None
    return SourceEntry(SourceRecord(name, products, mailbox, read_access(access) if access else None), node.line)


def _check_support_mailbox(entry: Mapping, products: tuple[str, ...]) -> None:
    if len(products) > 1:
        entry.error("product", f"`{PEOPLE}` stands alone: a mailbox to which people write is no console's")
    if "snmp" in entry:
        entry.error("snmp", f"a source of `{PEOPLE}` is a mailbox to which people write: it has no `snmp`")


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
