"""One pack from its text: read, checked as a whole, compiled. Running its tests is selftest's business."""

import re

from collector.domain.errors import PackError
from rules import schema
from rules.checks import check_pack
from rules.compiled import CompiledKind, pack_deciders
from rules.conditions import BadDetection, Tree, read_detection
from rules.model import PackSpec
from rules.nodes import Document, Node, plain
from rules.read_kinds import read_kinds, read_vocabularies
from rules.read_rules import digest, read_rules
from rules.strict_yaml import load

_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")
_PROTECTS = ("", "sep", "ses")


class CompiledPack:
    """A pack ready to classify."""

    def __init__(self, spec: PackSpec, trees: dict[str, Tree]) -> None:
        self.spec = spec
        deciders = pack_deciders(spec)
        self.trees = trees
        self.kinds = {name: CompiledKind(spec, kind, trees, deciders) for name, kind in spec.kinds.items()}


def compile_pack(text: str, file: str) -> CompiledPack:
    """Raise PackError with every mistake and its line."""
    root = load(text, file)
    document = root.document
    document.raise_errors(PackError)
    spec = _read(root)
    trees = _read_trees(spec, document)
    document.raise_errors(PackError)
    check_pack(spec, trees, document)
    document.raise_errors(PackError)
    return CompiledPack(spec, trees)


def _read(root: Node) -> PackSpec:
    pack = root.mapping("a pack", schema.PACK | schema.LATER.keys())
    for key, sentence in schema.LATER.items():
        if key in pack:
            pack.error(key, sentence)
    form = pack.require("format")
    if form and form.value != 1:
        form.error("`format` must be 1")
    name, protects = pack.text("pack"), pack.text_or("protects", "")
    if name and not _NAME.fullmatch(name):
        pack.error("pack", "`pack` must be lower-case letters, digits and -, beginning with a letter")
    if protects not in _PROTECTS:
        pack.error("protects", "`protects` must be sep or ses")
    for key in ("products", "notifications", "rules"):
        pack.require(key)
    products = tuple(pack.texts("products")) or ("",)
    return PackSpec(
        name,
        root.document.file,
        pack.text("title"),
        products,
        protects,
        read_kinds(pack, read_vocabularies(pack)),
        read_rules(pack),
        digest(plain(root)),
        frozenset(products),
    )


def _read_trees(spec: PackSpec, document: Document) -> dict[str, Tree]:
    trees: dict[str, Tree] = {}
    if document.errors:
        return trees
    for rule in spec.rules:
        try:
            trees[rule.name] = read_detection(rule.name, rule.detection)
        except BadDetection as error:
            document.add(rule.detection_line, f"rule `{rule.name}`: {error}")
    return trees
