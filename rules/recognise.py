"""Which kinds a notification may be: by trap OID, Windows log source, or anchors in a mail. Looked up, never tried one after
another, over all packs at once. The most specific kind comes first; a source's products only break ties."""

from collections import Counter
from dataclasses import dataclass

from collector.domain.mail import Mail
from collector.domain.trap_oids import other_spelling
from collector.domain.windows_entries import windows_entry
from rules.compiled import CompiledKind
from rules.text import as_phrase, fold, words_of

MAX_ANCHOR_TEXT = 131_072
"""Characters of subject and text that anchors are looked for in."""
_MAX_ARCS = 128


class TrapIndex:
    """Kinds by exact OID, by Windows log entry, by OID prefix (longest first). A trap's name is looked up in both of its
    spellings (`trap_oids`); the one that it came in wins."""

    def __init__(self, kinds: list[CompiledKind]) -> None:
        self.exact: dict[str, list[CompiledKind]] = {}
        self._windows: dict[tuple[str, int], list[CompiledKind]] = {}
        self._under: dict[str, list[CompiledKind]] = {}
        for kind in kinds:
            side = kind.spec.snmp
            if side is not None:
                for table, names in ((self.exact, side.oids), (self._under, side.under)):
                    for oid in names:
                        table.setdefault(oid, []).append(kind)
                for entry in side.windows:
                    self._windows.setdefault(entry, []).append(kind)
        for oid, found in list(self.exact.items()):
            self.exact.setdefault(other_spelling(oid), found)
        self.exact.pop("", None)
        self._lengths = sorted({oid.count(".") + 1 for oid in self._under}, reverse=True)

    def find(self, trap_oid: str) -> list[CompiledKind]:
        """The most specific kinds for the OID: several only on a tie."""
        found = self.exact.get(trap_oid)
        if found:
            return found
        if self._windows:
            entry = windows_entry(trap_oid)
            found = self._windows.get((fold(entry.source), entry.number)) if entry else None
            if found:
                return found
        return self._below(trap_oid)

    def _below(self, trap_oid: str) -> list[CompiledKind]:
        arcs, other = (spelling.split(".", _MAX_ARCS) for spelling in (trap_oid, other_spelling(trap_oid)))
        for length in self._lengths:
            for spelling in (arcs, other):
                if length < len(spelling):
                    found = self._under.get(".".join(spelling[:length]))
                    if found:
                        return found
        return []


@dataclass(frozen=True, slots=True)
class AnchorList:
    """One list of phrases of a kind, all of which must stand in a mail as whole words."""

    kind: CompiledKind
    phrases: tuple[str, ...]
    weight: int


class MailIndex:
    """Anchor lists by the one of their words that is rarest among all lists."""

    def __init__(self, kinds: list[CompiledKind]) -> None:
        self.lists = [
            AnchorList(kind, tuple(as_phrase(words_of(phrase)) for phrase in phrases), sum(len(words_of(p)) for p in phrases))
            for kind in kinds
            if kind.spec.mail is not None
            for phrases in kind.spec.mail.anchors
        ]
        often = Counter(word for anchors in self.lists for word in {w for phrase in anchors.phrases for w in phrase.split()})
        self._by_word: dict[str, list[AnchorList]] = {}
        for anchors in self.lists:
            words = {word for phrase in anchors.phrases for word in phrase.split()}
            rarest = min(words, key=lambda word: (often[word], -len(word), word))
            self._by_word.setdefault(rarest, []).append(anchors)

    def find(self, mail: Mail) -> list[CompiledKind]:
        """The kinds whose longest matching anchor list is the longest of all: several only on a tie."""
        text, words = anchor_text(mail)
        best: dict[int, tuple[int, CompiledKind]] = {}
        for word in self._by_word.keys() & words:
            for anchors in self._by_word[word]:
                if all(phrase in text for phrase in anchors.phrases):
                    weight, _ = best.get(id(anchors.kind), (0, anchors.kind))
                    best[id(anchors.kind)] = (max(weight, anchors.weight), anchors.kind)
        if not best:
            return []
        heaviest = max(weight for weight, _ in best.values())
        return [kind for weight, kind in best.values() if weight == heaviest]


def anchor_text(mail: Mail) -> tuple[str, set[str]]:
    """Subject and text as one phrase of folded words, and the set of the words."""
    words = words_of(f"{mail.subject}\n{mail.text[:MAX_ANCHOR_TEXT]}"[:MAX_ANCHOR_TEXT])
    return as_phrase(words), set(words)


def choose(found: list[CompiledKind], products: tuple[str, ...]) -> CompiledKind | None:
    """One of equally specific kinds: of a product that the source is said to be, then by pack name and file order."""
    if len(found) < 2:
        return found[0] if found else None
    return min(found, key=lambda kind: (kind.pack.products_set.isdisjoint(products), kind.pack.name, kind.spec.line))
