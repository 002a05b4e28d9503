"""Consoles of SNMPv3 for acceptance tests: their users, their place in the customers file, and who speaks for them: net-snmp's
programs, pysnmp, or octets that a test seals itself."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from collector.domain.clock import NS_PER_SECOND
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from tests import snmp_wire as wire
from tests.acceptance.harness import CLOCK, Running, until
from tests.acceptance.senders import CRITICAL, HEALTH_TEXT, Address, health_pdu
from tests.pysnmp_v3 import PysnmpEngine, level_of, trap_pdu_of
from tests.snmp_v3_kit import sealed

AUTH_MARK, PRIV_MARK = "4uth-phrase-of-", "pr1v-phrase-of-"
"""Stand in every pass phrase of these users, and nowhere else."""
OFFERED_BY_NET_SNMP = [privacy for privacy in PrivProtocol if privacy is not PrivProtocol.DES3]
ACME_ENGINE = bytes.fromhex("80001f8880ac3e0000ac3e0001")
BETA_ENGINE = bytes.fromhex("80001f8880be7a0000be7a0002")


def user_of(name: str, auth: AuthProtocol | None, priv: PrivProtocol | None) -> SnmpUser:
    """With pass phrases of its own, to be taken at its highest level only."""
    user = SnmpUser(
        name.encode(),
        auth,
        f"{AUTH_MARK}{name}".encode() if auth else b"",
        priv,
        f"{PRIV_MARK}{name}".encode() if priv else b"",
    )
    return replace(user, min_level=level_of(user))


def source_of(user: SnmpUser, name: str, *, more: str = "") -> str:
    """A line of the customers file: the console of that user, a ProxySG on this machine. `more` are further keys of `snmp`."""
    parts = [f'version: v3, user: "{user.name.decode()}", networks: ["127.0.0.0/8"]']
    if user.auth_protocol is not None:
        parts.append(f'auth: "{user.auth.decode()}", auth_protocol: {user.auth_protocol}')
    if user.priv_protocol is not None:
        parts.append(f'priv: "{user.priv.decode()}", priv_protocol: {user.priv_protocol}')
    if (level := level_of(user)) < SecurityLevel.AUTH_PRIV:
        parts.append(f"min_level: {level.word}")
    told = ", ".join([*parts, *([more] if more else [])])
    return f"      - {{name: {name}, product: [bluecoat-proxysg], snmp: {{{told}}}}}\n"


def customers_of(**sources: Sequence[str]) -> str:
    """A customers file: code → lines of `source_of`."""
    named = (f"  - code: {code}\n    name: {code}\n    sources:\n{''.join(lines)}" for code, lines in sources.items())
    return "customers:\n" + "".join(named)


@contextmanager
def processed(running: Running, number: int = 1) -> Iterator[None]:
    """On leaving, so many items more than before have arrived, and all of them have an outcome."""
    before = running.ledger()["arrived"]
    yield
    until(lambda: running.ledger()["arrived"] >= before + number, f"{number} more items have arrived")
    running.settled()


def trust_of(user: SnmpUser) -> str:
    """How far what the user sends can be believed."""
    return {1: "spoofable", 2: "authenticated", 3: "encrypted"}[level_of(user)]


class NetSnmp:
    """The programs of net-snmp on a machine of their own: what they remember lies in `directory`."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(directory), "SNMPCONFPATH": str(directory)}

    def trap(self, target: Address, user: SnmpUser, text: str, *words: str) -> None:
        """That the health named in the text is critical."""
        done = self._run("snmptrap", target, user, text, words)
        assert done.returncode == 0, done.stderr

    def inform(self, target: Address, user: SnmpUser, text: str, *words: str) -> int:
        """The same, waiting for the Response: the exit code."""
        return self._run("snmpinform", target, user, text, (*words, "-t", "2", "-r", "5")).returncode

    def _run(
        self, program: str, target: Address, user: SnmpUser, text: str, words: Sequence[str]
    ) -> subprocess.CompletedProcess[str]:
        line = [program, "-v3", "-m", "", "-u", user.name.decode(), "-l", level_of(user).word]
        if user.auth_protocol is not None:
            line += ["-a", user.auth_protocol.value, "-A", user.auth.decode()]
        if user.priv_protocol is not None:
            line += ["-x", user.priv_protocol.value, "-X", user.priv.decode()]
        line += [*words, f"{target[0]}:{target[1]}", "", CRITICAL, HEALTH_TEXT, "s", f"{text}: CRITICAL"]
        return subprocess.run(line, env=self._environment, capture_output=True, text=True, timeout=60, check=False)


def pysnmp_trap(engine: PysnmpEngine, user: SnmpUser, text: str) -> bytes:
    """What pysnmp sends to say that the health named in the text is critical."""
    return engine.trap(user, trap_pdu_of(health_pdu(f"{text}: CRITICAL")))


@dataclass(slots=True)
class SealingConsole:
    """A console whose octets the test seals, and whose engine counts its time as it should."""

    user: SnmpUser
    engine_id: bytes
    boots: int = 3
    began_ns: int = field(default_factory=lambda: CLOCK.monotonic_ns() - 5_000 * NS_PER_SECOND)
    message_ids: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def source(self) -> str:
        """What the customers file calls it: as its user."""
        return self.user.name.decode()

    @property
    def time(self) -> int:
        """Seconds since it began."""
        return (CLOCK.monotonic_ns() - self.began_ns) // NS_PER_SECOND

    def trap(self, text: str, **parts: Any) -> bytes:
        """That the health named in the text is critical; `parts` are what `sealed` is told otherwise."""
        return self.message(health_pdu(f"{text}: CRITICAL"), **parts)

    def message(self, pdu: bytes, **parts: Any) -> bytes:
        """With any other PDU."""
        told = {
            "user": self.user,
            "level": level_of(self.user),
            "engine_id": self.engine_id,
            "boots": self.boots,
            "time": self.time,
            "message_id": next(self.message_ids),
            **parts,
        }
        return sealed(wire.scoped(pdu, context_engine_id=self.engine_id), **told)
