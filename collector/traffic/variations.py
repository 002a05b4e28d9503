"""The packs' examples told of other computers, risks, metrics and times. The rules themselves judge each change: one that makes
another rule decide is not made. Nothing is encoded or sent here."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from collector.domain.mail import Mail
from collector.domain.signal import Classified
from collector.domain.trap import Pdu, SnmpVersion, Trap, VarbindValue
from collector.traffic.encode import INTEGER, OCTETS
from rules.engine import RuleSet
from rules.model import TransportKind
from rules.samples import Sample

RISKS = ("Trojan.Gen.2", "Heur.AdvML.B", "SONAR.Module!gen3", "W32.Sality.AE", "Infostealer.Limitail", "Packed.Generic.551")
METRICS = ("CPU Utilization", "Memory Utilization", "Disk Reads", "Interface Utilization", "License Utilization", "ICAP Queue")
ADMINISTRATORS = ("admin", "mgarcia", "soporte", "jperez")
SENSORS = ("Fan 1", "Fan 2", "Fan 3", "Fan 4")

_OTHERS: dict[str, Callable[[int], str]] = {
    "host": "pc-{:03d}".format,
    "server": lambda number: f"sepm-{number % 3 + 1}",
    "risk": lambda number: RISKS[number % len(RISKS)],
    "metric": lambda number: METRICS[number % len(METRICS)],
    "administrator": lambda number: ADMINISTRATORS[number % len(ADMINISTRATORS)],
    "sensor": lambda number: SENSORS[number % len(SENSORS)],
}
"""Field → the value that a number gives it. Examples with the same number are about the same thing: one's clear meets the
other's case."""

_TIME = re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4}(?P<time> \d{1,2}:\d{2}:\d{2} [AP]M)?")


def vary(sample: Sample, number: int, ruleset: RuleSet) -> Sample:
    """The example that a number gives: always the same one, and the same rule decides about it."""
    answers = _classified(sample, ruleset)
    for field, other in _OTHERS.items():
        values = dict.fromkeys(answer.fields[field] for answer in answers if field in answer.fields)
        changed = _replaced(sample, {value: other(number + place) for place, value in enumerate(values)})
        if changed != sample and _rules(_classified(changed, ruleset)) == _rules(answers):
            sample = changed
    return sample


def _classified(sample: Sample, ruleset: RuleSet) -> list[Classified]:
    products = (sample.product,)
    if sample.transport is TransportKind.MAIL:
        return ruleset.classify_mail(Mail(subject=sample.subject, text=sample.text), source="console", products=products)
    return ruleset.classify_trap(trap_of(sample), source="console", products=products)


def _rules(answers: Iterable[Classified]) -> list[str]:
    return [answer.rule for answer in answers]


def trap_of(sample: Sample) -> Trap:
    """A trap example as the trap that it stands for."""
    varbinds = [(oid, INTEGER if isinstance(value, int) else OCTETS, value) for oid, value in sample.varbinds]
    if sample.v1 is None:
        return Trap(SnmpVersion.V2C, b"", Pdu.TRAP_V2, 0, sample.trap_oid, 0, varbinds)
    enterprise, generic, specific = sample.v1
    return Trap(
        SnmpVersion.V1,
        b"",
        Pdu.TRAP_V1,
        0,
        sample.trap_oid,
        0,
        varbinds,
        enterprise=enterprise,
        generic=generic,
        specific=specific,
    )


def at_time(text: str, moment: datetime) -> str:
    """The text with its times, written as a console writes them, moved to `moment`."""
    day = f"{moment:%b} {moment.day}, {moment.year}"
    clock = f" {moment.hour % 12 or 12}:{moment:%M:%S} {moment:%p}"
    return _TIME.sub(lambda match: day + clock if match["time"] else day, text)


def _replaced(sample: Sample, others: dict[str, str]) -> Sample:
    if not others:
        return sample
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in others), re.IGNORECASE)
    folded = {value.casefold(): other for value, other in others.items()}

    def change(text: str) -> str:
        return pattern.sub(lambda match: folded.get(match[0].casefold(), match[0]), text)

    def change_value(value: VarbindValue) -> VarbindValue:
        try:
            return change(value.decode()).encode() if isinstance(value, bytes) else value
        except UnicodeDecodeError:
            return value

    varbinds = tuple((oid, change_value(value)) for oid, value in sample.varbinds)
    return replace(sample, subject=change(sample.subject), text=change(sample.text), varbinds=varbinds)
