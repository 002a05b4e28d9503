"""Which kinds a notification may be: by trap OID, Windows log source, or anchors in a mail. Looked up, never tried one after
another, over all packs at once. The most specific kind comes first; a source's products only break ties."""

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from collector.domain.mail import Mail
from rules.compiled import CompiledKind
from rules.model import WINDOWS_TRAPS
from rules.text import as_phrase, fold, words_of

MAX_ANCHOR_TEXT = 131_072
"""Characters of subject and text that anchors are looked for in."""
_WINDOWS = WINDOWS_TRAPS + "."
_MAX_ARCS = 128


@lru_cache(maxsize=512)
def windows_entry(trap_oid: str) -> tuple[str, int] | None:
    """(folded log source name, event id) of a trap made from a Windows event log entry; None when the OID is not of that form.
    The id's high 16 bits are severity and are left out."""
    if len(trap_oid) > 1_024:
        return None
    arcs = [int(arc) for arc in trap_oid[len(_WINDOWS) :].split(".") if arc.isascii() and arc.isdigit()]
    length = arcs[0] if arcs else 0
    name, rest = arcs[1 : length + 1], arcs[length + 1 :]
    if not name or len(name) < length or not rest or any(arc > 255 for arc in name):
        return None
    octets = bytes(name)
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = octets.decode("cp1252", "replace")
    return fold(text), rest[-1] & 0xFFFF


class TrapIndex:
    """Kinds by exact OID, by Windows log entry, by OID prefix (longest first)."""

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
        self._add_forms_without_zero()
        self._lengths = sorted({oid.count(".") + 1 for oid in self._under}, reverse=True)

    def _add_forms_without_zero(self) -> None:
        """`<enterprise>.0.<n>` is what RFC 3584 section 3.1 makes of a v1 trap; some agents and relays leave the 0 out."""
        for oid, kinds in list(self.exact.items()):
            head, zero, last = oid.rpartition(".0.")
            if zero and last.isdigit():
                self.exact.setdefault(f"{head}.{last}", kinds)

    def find(self, trap_oid: str) -> list[CompiledKind]:
        """The most specific kinds for the OID: several only on a tie."""
        found = self.exact.get(trap_oid)
        if found:
            return found
        if self._windows:
            entry = windows_entry(trap_oid) if trap_oid.startswith(_WINDOWS) else None
            found = self._windows.get(entry) if entry else None
            if found:
                return found
        arcs = trap_oid.split(".", _MAX_ARCS)
        for length in self._lengths:
            if length < len(arcs):
                found = self._under.get(".".join(arcs[:length]))
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
