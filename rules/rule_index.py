"""Finds the first of many rules on one kind without trying each: plain values by table, text that must be contained by one
pass over all such texts at once, the rest in turn. File order decides, as if every rule had been tried."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import re2

from rules.conditions import All, Some, Test, Tree
from rules.text import Values, fold

if TYPE_CHECKING:
    from rules.compiled import KindRule

INDEX_FROM = 12
"""From so many rules on one kind an index is worth its own cost."""
_SET_MEMORY = 64 << 20

Find: TypeAlias = "Callable[[Values], KindRule | None]"
_Ordered: TypeAlias = "tuple[int, KindRule]"
Need: TypeAlias = tuple[str, frozenset[str]]
"""A field and folded texts, one of which it must equal (or hold)."""


def needed_values(tree: Tree) -> Need | None:
    """The values of which a field must have one for the tree to hold; None when nothing so simple is needed."""
    if isinstance(tree, Test):
        return (tree.field, tree.equals) if tree.equals is not None else None
    return _fewest(needed_values, tree) if isinstance(tree, All) else None


def needed_texts(tree: Tree) -> Need | None:
    """The texts of which a field must hold one for the tree to hold; None when nothing so simple is needed."""
    if isinstance(tree, Test):
        return (tree.field, frozenset({tree.holds_text})) if tree.holds_text else None
    if isinstance(tree, All):
        return _fewest(needed_texts, tree)
    if isinstance(tree, Some):
        needs = [needed_texts(part) for part in tree.parts]
        fields = {need[0] for need in needs if need is not None}
        if len(fields) == 1 and None not in needs:
            return fields.pop(), frozenset().union(*(need[1] for need in needs if need is not None))
    return None


def _fewest(needed: Callable[[Tree], Need | None], tree: All) -> Need | None:
    found = [need for need in map(needed, tree.parts) if need is not None]
    return min(found, key=lambda need: len(need[1]), default=None)


def finder(rules: "list[KindRule]") -> Find:
    """The function from values to the first rule that holds."""
    if len(rules) >= INDEX_FROM:
        return _indexed(rules)
    pairs = [(rule.check, rule) for rule in rules]

    def first(values: Values) -> "KindRule | None":
        for check, rule in pairs:
            if check(values):
                return rule
        return None

    return first


def _indexed(rules: "list[KindRule]") -> Find:
    tables: dict[str, dict[str, list[_Ordered]]] = {}
    texts: dict[str, dict[str, list[_Ordered]]] = {}
    always: list[_Ordered] = []
    for entry in enumerate(rules):
        exact, held = needed_values(entry[1].left), needed_texts(entry[1].left)
        need, index = (exact, tables) if exact is not None else (held, texts)
        if need is None:
            always.append(entry)
            continue
        field, wanted = need
        for text in wanted:
            index.setdefault(field, {}).setdefault(text, []).append(entry)
    searches = [(field, _search(index)) for field, index in texts.items()]
    look_ups = [(field, table.get) for field, table in tables.items()]

    def first(values: Values) -> "KindRule | None":
        found: dict[int, KindRule] = dict(always)
        for field, look_up in look_ups:
            value = values.get(field)
            if value is not None:
                found.update(look_up(fold(value), ()))
        for field, search in searches:
            value = values.get(field)
            if value is not None:
                found.update(search(fold(value)))
        for order in sorted(found):
            if found[order].check(values):
                return found[order]
        return None

    return first


def _search(index: dict[str, list[_Ordered]]) -> Callable[[str], list[_Ordered]]:
    """All rules of which a text stands in the value: one linear pass by RE2 for all texts."""
    options = re2.Options()
    options.literal, options.log_errors, options.never_capture, options.max_mem = True, False, True, _SET_MEMORY
    texts = re2.Set.SearchSet(options)
    owners = list(index.values())
    for text in index:
        texts.Add(text)
    texts.Compile()
    return lambda value: [entry for number in texts.Match(value) or () for entry in owners[number]]
