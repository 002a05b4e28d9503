"""A running collector that is attacked: two customers' consoles of SNMPv3, and what must hold of everything that is not to be
believed."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from collector.domain.snmp_access import AuthProtocol, PrivProtocol
from collector.pipeline.counters import UNAUTHENTICATED
from tests.acceptance.harness import Running
from tests.acceptance.senders import console
from tests.acceptance.v3_attacks import Attack
from tests.acceptance.v3_consoles import (
    ACME_ENGINE,
    BETA_ENGINE,
    SealingConsole,
    customers_of,
    processed,
    source_of,
    user_of,
)

Json = dict[str, Any]
ALONE = user_of("console-a", AuthProtocol.SHA256, PrivProtocol.AES128)
SIGNING = user_of("signing-a", AuthProtocol.SHA224, None)
OTHER = user_of("console-b", AuthProtocol.SHA512, PrivProtocol.AES256)
NAMING = user_of("naming-b", AuthProtocol.SHA1, PrivProtocol.AES128)
TRUSTING = user_of("trusting-b", AuthProtocol.SHA384, PrivProtocol.AES192)
CUSTOMERS = customers_of(
    FORGED=[source_of(ALONE, "console-a"), source_of(SIGNING, "signing-a", more=f"engine_id: {ACME_ENGINE.hex()}")],
    OTHERS=[
        source_of(OTHER, "console-b"),
        source_of(NAMING, "naming-b", more=f"engine_id: {BETA_ENGINE.hex()}"),
        source_of(TRUSTING, "trusting-b", more="approve_engines: automatic"),
    ],
)


@dataclass(slots=True)
class World:
    """A running collector with the consoles of two customers; those of `approve` have engines that people approve."""

    running: Running
    console: SealingConsole = field(default_factory=lambda: SealingConsole(ALONE, ACME_ENGINE))
    signing: SealingConsole = field(default_factory=lambda: SealingConsole(SIGNING, ACME_ENGINE))
    other: SealingConsole = field(default_factory=lambda: SealingConsole(OTHER, BETA_ENGINE))
    naming: SealingConsole = field(default_factory=lambda: SealingConsole(NAMING, BETA_ENGINE))
    trusting: SealingConsole = field(default_factory=lambda: SealingConsole(TRUSTING, BETA_ENGINE))

    def approve(self) -> None:
        for code, source, engine_id in (("FORGED", "console-a", ACME_ENGINE), ("OTHERS", "console-b", BETA_ENGINE)):
            self.running.post(f"/snmp/engines/{engine_id.hex()}/approve", {"customer": code, "source": source})

    def says(self, speaker: SealingConsole, text: str) -> bytes:
        """A trap of that console, which is believed; what was sent."""
        before, datagram = self.believed(text), speaker.trap(text)
        self.send(datagram)
        assert self.believed(text) == before + 1
        return datagram

    def send(self, *datagrams: bytes) -> None:
        with processed(self.running, len(datagrams)), console() as udp:
            for datagram in datagrams:
                udp.sendto(datagram, self.running.snmp)

    def believed(self, text: str) -> int:
        """How often a health of that name was said to be critical."""
        return sum(case["occurrences"] for case in self.running.cases(text=f"({text})"))

    def own_engine(self) -> tuple[bytes, int]:
        """(id, boots) as they are kept."""
        kept = json.loads((self.running.data_dir / "snmp-engine.json").read_text())
        return bytes.fromhex(kept["engine_id"]), kept["boots"]

    def cases(self) -> dict[str, tuple[int, str]]:
        return {case["external_key"]: (case["occurrences"], case["status"]) for case in self.running.cases()}

    def counted(self) -> Counter[tuple[str, str]]:
        """The ledger, by outcome and reason."""
        counted: Counter[tuple[str, str]] = Counter()
        for line in self.running.ledger()["items"]:
            counted[line["outcome"], line["reason"] or ""] += line["count"]
        return counted

    def refusals(self) -> Counter[str]:
        """The metric of what is not believed, by reason."""
        name = "collector_snmp_unauthenticated_total"
        return Counter({reason.value: int(self.running.metric(name, reason=reason.value)) for reason in UNAUTHENTICATED})

    def withstands(self, attacks: Sequence[Attack]) -> list[Json]:
        """All of it is sent, listed with its reason and whose keys it was sealed with, counted, and changes no case. Return one
        item of each as it is listed."""
        cases, ledger, metric = self.cases(), self.counted(), self.refusals()
        before = {item["id"] for item in self._unbelieved()}
        with ExitStack() as sockets:
            ports = [sockets.enter_context(console(attack.address)) for attack in attacks]
            peers = ["{}:{}".format(*port.getsockname()) for port in ports]
            with processed(self.running, sum(len(attack.datagrams) for attack in attacks)):
                for attack, port in zip(attacks, ports, strict=True):
                    for datagram in attack.datagrams:
                        port.sendto(datagram, self.running.snmp)
        listed = self._listed(attacks, peers, [item for item in self._unbelieved() if item["id"] not in before])
        assert self.cases() == cases
        sent: Counter[tuple[str, str]] = Counter()
        for attack in attacks:
            sent[attack.state, attack.reason] += len(attack.datagrams)
        assert (counted := self.counted() - ledger) == sent, counted
        unbelieved = {reason: number for (state, reason), number in sent.items() if state == "unauthenticated"}
        assert (refused := self.refusals() - metric) == Counter(unbelieved), refused
        return listed

    def _unbelieved(self) -> list[Json]:
        return self.running.notifications(state="unauthenticated,undecodable,not_a_notification")

    def _listed(self, attacks: Sequence[Attack], peers: Sequence[str], items: Sequence[Json]) -> list[Json]:
        found = [[item for item in items if item["peer"] == peer] for peer in peers]
        told = {
            attack.name: {(item["state"], item["reason"], item["source"], *item["cases"]) for item in listed}
            for attack, listed in zip(attacks, found, strict=True)
        }
        wrong = {one.name: told[one.name] for one in attacks if told[one.name] != {(one.state, one.reason, one.source)}}
        assert not wrong, wrong
        assert [len(listed) for listed in found] == [len(attack.datagrams) for attack in attacks]
        return [listed[0] for listed in found]
