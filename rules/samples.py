"""Wire-form examples of every rule, taken from the packs' own tests: what a traffic simulator sends."""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.domain.trap import VarbindValue
from rules.engine import RuleSet
from rules.model import PackSpec, TransportKind
from rules.selftest import mail_of, octets


@dataclass(frozen=True, slots=True)
class Sample:
    """One notification as a console would send it.

    For mails `subject` and `text` are set. For traps `trap_oid` (v2 form) and `varbinds` (OID and value: octets as bytes,
    integers as int) are set, and `v1` (enterprise, generic, specific) when the example is a v1 trap."""

    pack: str
    product: str
    rule: str
    test: str
    transport: TransportKind
    subject: str = ""
    text: str = ""
    trap_oid: str = ""
    varbinds: tuple[tuple[str, VarbindValue], ...] = ()
    v1: tuple[str, int, int] | None = None


def samples(ruleset: RuleSet) -> list[Sample]:
    """Every example in wire form that its rule wants, in pack and file order."""
    return [sample for pack in ruleset.packs for sample in _of_pack(pack)]


def _of_pack(pack: PackSpec) -> Iterator[Sample]:
    product = pack.products[0]
    for rule in pack.rules:
        for test in rule.tests:
            if not test.expect.match:
                continue
            if test.mail is not None:
                mail = mail_of(test.mail)
                yield Sample(pack.name, product, rule.name, test.name, TransportKind.MAIL, subject=mail.subject, text=mail.text)
            elif test.trap_oid is not None:
                varbinds = tuple((oid, octets(value)) for oid, value in test.varbinds)
                yield Sample(
                    pack.name,
                    product,
                    rule.name,
                    test.name,
                    TransportKind.SNMP,
                    trap_oid=test.trap_oid,
                    varbinds=varbinds,
                    v1=test.v1,
                )
