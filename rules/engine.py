"""Classifies notifications with compiled packs: recognise, read fields, first rule that matches. Pure, free of I/O, and it
never raises: what fails becomes `unmatched` with a reason."""

import hashlib
from dataclasses import replace

from collector.domain.mail import Mail
from collector.domain.outcome import Outcome, Reason
from collector.domain.signal import Classified
from collector.domain.trap import Trap
from rules.compiled import CompiledKind, matched_conditions
from rules.model import PackSpec, TransportKind
from rules.pack import CompiledPack
from rules.recognise import MailIndex, TrapIndex, choose
from rules.text import Values


class RuleSet:
    """All packs in force. `hash`: two rule sets with the same hash decide alike. Immutable; share it between threads."""

    def __init__(self, packs: list[CompiledPack]) -> None:
        self.compiled = sorted(packs, key=lambda pack: pack.spec.name)
        self.packs: tuple[PackSpec, ...] = tuple(pack.spec for pack in self.compiled)
        self.hash = hashlib.sha256("\n".join(f"{pack.name} {pack.hash}" for pack in self.packs).encode()).hexdigest()
        kinds = [kind for pack in self.compiled for kind in pack.kinds.values()]
        self.traps = TrapIndex(kinds)
        self.mails = MailIndex(kinds)
        self._single = {oid: found[0] for oid, found in self.traps.exact.items() if len(found) == 1}

    def classify_trap(self, trap: Trap, *, source: str, products: tuple[str, ...], trace: bool = False) -> list[Classified]:
        """One answer. `source` is the console's name, `products` a hint for ties. `trace` fills `matched`."""
        kind: CompiledKind | None = None
        try:
            kind = self._single.get(trap.trap_oid) or choose(self.traps.find(trap.trap_oid), products)
            if kind is None or kind.traps is None:
                return [_unknown(products, reason=Reason.NO_KIND if trap.trap_oid else Reason.NO_TRAP_OID)]
            values = kind.traps.read(trap, source)
            return [_decide(kind, values, 0, _product(kind.pack, products), TransportKind.SNMP, trace)]
        except Exception as error:  # noqa: BLE001 - the edge: no notification may stop the line
            return [_failed(kind, 0, products, error)]

    def classify_mail(self, mail: Mail, *, source: str, products: tuple[str, ...], trace: bool = False) -> list[Classified]:
        """One answer per notification in the mail: row 0 when it is one, rows from 1 when there are several.

        When a limit cut the mail, a last row says so."""
        kind: CompiledKind | None = None
        try:
            kind = choose(self.mails.find(mail), products)
            if kind is None or kind.mails is None:
                return [_unknown(products)]
            read = kind.mails.read(mail, source)
            product, many = _product(kind.pack, products), len(read.rows) > 1
            answers = [
                _safely(kind, values, number if many else 0, product, products, trace)
                for number, values in enumerate(read.rows, 1)
            ]
        except Exception as error:  # noqa: BLE001 - the edge: no notification may stop the line
            return [_failed(kind, 0, products, error)]
        return [*answers, _cut(kind, len(answers) + 1, product)] if read.cut else answers


def _decide(kind: CompiledKind, values: Values, row: int, product: str, transport: TransportKind, trace: bool) -> Classified:
    if not trace:
        return kind.decide(values, row, product, transport)
    rule = kind.rule_for(values)
    matched = matched_conditions(rule, values, kind.name) if rule else ()
    return replace(kind.decide(values, row, product, transport), matched=matched)


def _safely(kind: CompiledKind, values: Values, row: int, product: str, products: tuple[str, ...], trace: bool) -> Classified:
    """A row that fails does not take the others with it."""
    try:
        return _decide(kind, values, row, product, TransportKind.MAIL, trace)
    except Exception as error:  # noqa: BLE001 - the edge: no row may stop the line
        return _failed(kind, row, products, error)


def _product(pack: PackSpec, products: tuple[str, ...]) -> str:
    """The product that the source is said to be when the pack knows it, else the pack's first."""
    known = pack.products_set
    for product in products:
        if product in known:
            return product
    return pack.products[0]


def _unknown(products: tuple[str, ...], *, reason: Reason = Reason.NO_KIND) -> Classified:
    return Classified(0, Outcome.UNMATCHED, reason, "", products[0] if products else "", "", {})


def _failed(kind: CompiledKind | None, row: int, products: tuple[str, ...], error: Exception) -> Classified:
    pack, name = (kind.pack.name, kind.name) if kind else ("", "")
    product = _product(kind.pack, products) if kind else ""
    return Classified(row, Outcome.UNMATCHED, Reason.RULE_FAILED, pack, product, name, {}, detail=type(error).__name__)


def _cut(kind: CompiledKind, row: int, product: str) -> Classified:
    detail = "the mail is longer than the limits of one notification: rows may be missing"
    return Classified(row, Outcome.UNMATCHED, Reason.RULE_FAILED, kind.pack.name, product, kind.name, {}, detail=detail)
