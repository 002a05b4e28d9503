"""More than fifty thousand malformed datagrams, every lie about every part of a message, with valid traps and informs of v2c and
v3 in between: nobody falls over, nothing valid is lost, informs are answered in time, each datagram has an outcome."""

import random
import threading
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import pytest

from collector.domain.clock import NS_PER_SECOND
from collector.domain.snmp_access import SecurityLevel
from receivers.snmp.usm import LocalKeys
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3_building import Envelope, build
from tests import snmp_lies
from tests import snmp_wire as wire
from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import ACME, BETA, CLOCK, CUSTOMERS, Running
from tests.acceptance.senders import CRITICAL, HEALTH_TEXT, Client, Inform, InformClient, console, health
from tests.snmp_inform_kit import Informer
from tests.snmp_receiver_kit import Console
from tests.snmp_v3_kit import USER

pytestmark = pytest.mark.full
SEED = 20_260_303
AT_LEAST = 50_000
A_SECOND = 4_000
"""Malformed datagrams: an attack that lasts, so that informs have something to wait for."""
EVERY = 50
"""After so many of them comes a valid trap of v2c and one of v3."""
INFORMS, SEALED_INFORMS, INFORMS_A_SECOND = 1_000, 200, 80
ADDRESSES = 40
WAITING_OCTETS = 65_536
"""What the kernel may hold for the receiver before the attack pauses: what it drops for want of room it drops unread."""
MOST_GROWTH = 64 << 20
PROMISED_SECONDS, PATIENT_SECONDS = 0.25, 2.5
"""How long 99 of 100 informs wait at most, on a machine of its own and on one that has other things to do."""

ENGINE = bytes.fromhex("80001f8880c0ffee0102030405")
OTHER_ENGINE = bytes.fromhex("80001f8880c0ffee0102030406")
SEALED_ENGINE = bytes.fromhex("80001f8880c0ffee0102030407")
CONSOLES = f"""
      - name: proxy-3
        product: [bluecoat-proxysg]
        snmp: {{version: v3, user: {USER.name.decode()}, networks: ["127.0.0.0/8"], approve_engines: automatic,
               auth: {USER.auth.decode()}, auth_protocol: {USER.auth_protocol},
               priv: {USER.priv.decode()}, priv_protocol: {USER.priv_protocol}}}
      - name: proxy-4
        product: [bluecoat-proxysg]
        snmp: {{version: v3, user: open-console, networks: ["127.0.0.0/8"], engine_id: "{ENGINE.hex()}", min_level: noAuthNoPriv}}
"""
VARBINDS = (
    wire.varbind(HEALTH_TEXT, wire.string("Mutant: CRITICAL")),
    wire.varbind("1.3.6.1.4.1.3417.2.2.1.1.1.1.3.4", wire.integer(8)),
    wire.varbind("1.3.6.1.4.1.9.1.1", wire.integer(2**63, tag=0x46)),
    wire.varbind("1.3.6.1.4.1.9.1.2", wire.tlv(0x40, bytes((10, 1, 2, 3)))),
    wire.varbind("1.3.6.1.4.1.9.1.3", wire.oid("1.3.6.1.4.1.4294967295.7")),
    wire.varbind("1.3.6.1.4.1.9.1.5", wire.tlv(0x80)),
)
PDU = wire.v2_pdu(wire.uptime(), wire.trap_oid(CRITICAL), *VARBINDS[:3])


class SealedConsole:
    """A console of v3 that signs and encrypts, from one engine."""

    def __init__(self, engine_id: bytes) -> None:
        self._engine_id = engine_id
        self._keys = LocalKeys(USER, engine_id)
        self._salts = Salts()
        self._message_id = 0
        self._began_ns = CLOCK.monotonic_ns()

    def message(self, scoped: bytes) -> bytes:
        self._message_id += 1
        time = 4711 + (CLOCK.monotonic_ns() - self._began_ns) // NS_PER_SECOND
        envelope = Envelope(self._engine_id, 3, time, USER.name, self._message_id, SecurityLevel.AUTH_PRIV)
        return build(envelope, scoped, self._keys, salts=self._salts)

    def health(self, text: str) -> bytes:
        return self.message(wire.scoped(health_pdu(text), context_engine_id=self._engine_id))


def health_pdu(text: str, *, tag: int = wire.TRAP_V2, request_id: int = 77) -> bytes:
    said = wire.varbind(HEALTH_TEXT, wire.string(text))
    return wire.v2_pdu(wire.uptime(), wire.trap_oid(CRITICAL), said, tag=tag, request_id=request_id)


def malformed() -> list[bytes]:
    """Every lie about a message of each kind, in any order: with communities and users that are known, so that it is not refused
    for those, and under a signature that is right."""
    liar = SealedConsole(OTHER_ENGINE)
    plain = wire.v3_message(wire.scoped(PDU), security=wire.v3_security(engine_id=ENGINE, user=b"open-console"))
    messages = (
        wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(CRITICAL), *VARBINDS), community=ACME.encode()),
        wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(CRITICAL), VARBINDS[0], tag=wire.INFORM), community=ACME.encode()),
        wire.message(wire.v1_pdu(*VARBINDS[:4]), version=0, community=BETA.encode()),
        plain,
        liar.message(wire.scoped(PDU)),
    )
    lies = (chain(snmp_lies.at_each_element(message), snmp_lies.at_each_octet(message)) for message in messages)
    sealed = (liar.message(scoped) for scoped in snmp_lies.at_each_element(wire.scoped(PDU)) if len(scoped) < snmp_lies.LONGEST)
    found = [*chain.from_iterable(lies), *sealed, *snmp_lies.bombs(), *snmp_lies.at_v3_sizes(), *noise(2_000)]
    random.Random(SEED).shuffle(found)
    return found


def noise(count: int) -> Iterator[bytes]:
    chance = random.Random(SEED)
    return (chance.randbytes(int(2 ** chance.uniform(0, 15.5)) - 1) for _ in range(count))


def waiting_octets(port: int) -> int:
    """What the kernel holds for whoever listens there."""
    rows = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(f":{port:04X}"))


class Attack:
    """Sends the malformed datagrams from many addresses, and numbered valid traps between them."""

    def __init__(self, running: Running) -> None:
        self.malformed = malformed()
        self._running = running
        count = -(-len(self.malformed) // EVERY)
        self.texts, self.sealed_texts = numbered("Between", range(count)), numbered("Sealed", range(count))

    def run(self) -> None:
        sealed = SealedConsole(SEALED_ENGINE)
        pause, next_ns = threading.Event(), CLOCK.monotonic_ns()
        left, texts = iter(self.malformed), zip(self.texts, self.sealed_texts, strict=True)
        place = 0
        while group := list(islice(left, EVERY)):
            text, sealed_text = next(texts)
            self._send([*group, health(text), sealed.health(sealed_text)], f"127.0.2.{1 + place % ADDRESSES}")
            place += 1
            next_ns += EVERY * NS_PER_SECOND // A_SECOND
            while CLOCK.monotonic_ns() < next_ns or waiting_octets(self._running.snmp[1]) > WAITING_OCTETS:
                pause.wait(0.001)

    def _send(self, datagrams: Sequence[bytes], address: str) -> None:
        with console(address) as udp:
            for datagram in datagrams:
                udp.sendto(datagram, self._running.snmp)


class SealedInforms(Client):
    """A console of v3 that finds our engine and sends informs one after another."""

    def __init__(self, running: Running, texts: Sequence[str]) -> None:
        super().__init__()
        self.waited_seconds: list[float] = []
        self.sent = 0
        self._running = running
        self._texts = texts

    def missing(self) -> str:
        return f"{len(self._texts) - len(self.waited_seconds)} sealed informs"

    def _run(self) -> None:
        with Console(self._running.snmp) as udp:
            informer = Informer(udp)
            for number, text in enumerate(self._texts, start=1):
                if self.give_up.is_set():
                    return
                began_ns = CLOCK.monotonic_ns()
                informer.inform(health_pdu(text, tag=wire.INFORM, request_id=number))
                self.waited_seconds.append((CLOCK.monotonic_ns() - began_ns) / NS_PER_SECOND)
                self.sent = informer.sent
                self.give_up.wait(0.02)


def memory_of(pid: int) -> int:
    """Octets that a process holds for itself alone."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(row.split()[1]) << 10 for row in rows if row.startswith("Private_Dirty:"))


class Attacked:
    """A collector through the attack, and what was sent to it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.attack = Attack(running)
        self.informs = InformClient(
            running.snmp,
            [Inform.of(text, number) for number, text in enumerate(numbered("Asked", range(INFORMS)), start=1)],
            address="127.0.3.1",
            per_second=INFORMS_A_SECOND,
        )
        self.sealed_texts = numbered("Vouched", range(SEALED_INFORMS))
        self.sealed = SealedInforms(running, self.sealed_texts)
        self.roles = running.roles()
        self.memory = {role: memory_of(pid) for role, pid in self.roles.items()}
        self.totals: dict[str, int] = {}
        self.growth: dict[str, int] = {}
        """Octets by role."""

    def go_through(self) -> None:
        self.informs.start()
        self.sealed.start()
        self.attack.run()
        self.informs.finish(seconds=60)
        self.sealed.finish(seconds=60)
        self.totals = self.running.settled(seconds=120)
        # before anybody lists what is stored now, which takes the API some memory
        self.growth = {role: memory_of(pid) - self.memory[role] for role, pid in self.running.roles().items()}

    @property
    def sent(self) -> int:
        valid = len(self.attack.texts) + len(self.attack.sealed_texts)
        return len(self.attack.malformed) + valid + INFORMS + self.informs.sent_again + self.sealed.sent


@pytest.fixture(scope="module")
def attacked(install: Install) -> Attacked:
    """The limits for senders are off: here every datagram is to be looked at."""
    limits = {"COLLECTOR__SNMP__RATE_LIMIT": "0", "COLLECTOR__SNMP__CUSTOMER_RATE_LIMIT": "0"}
    running = install(environment=limits)
    acme, beta, rest = CUSTOMERS.partition("  - code: BETA")
    running.import_customers(acme + CONSOLES.lstrip("\n") + beta + rest)
    running.secrets |= {USER.auth.decode(), USER.priv.decode()}
    found = Attacked(running.start())
    found.go_through()
    return found


def test_every_datagram_has_an_outcome_and_the_valid_ones_are_all_there(attacked: Attacked) -> None:
    running, attack = attacked.running, attacked.attack
    assert len(attack.malformed) >= AT_LEAST
    totals = attacked.totals
    assert running.metric("collector_snmp_kernel_drops_total") == 0
    assert running.metric("collector_snmp_received_datagrams_total") == attacked.sent
    assert sum(totals.values()) == attacked.sent
    assert {"case", "unmatched", "undecodable", "unauthenticated", "unattributed", "not_a_notification"} <= totals.keys()
    listed = running.notifications()
    assert_traps_once(running, "Between", attack.texts, listed=listed)
    assert_traps_once(running, "Sealed", attack.sealed_texts, listed=listed)
    assert_traps_once(running, "Asked", attacked.informs.acknowledged, listed=listed)
    assert_traps_once(running, "Vouched", attacked.sealed_texts, listed=listed)
    assert (len(attacked.informs.acknowledged), attacked.informs.wrong_answers) == (INFORMS, [])


def test_nobody_fell_over_or_grew(attacked: Attacked) -> None:
    running = attacked.running
    assert (running.roles(), running.is_ready()) == (attacked.roles, True)
    assert [running.restarts(role) for role in attacked.roles] == [0] * len(attacked.roles)
    assert running.metric("collector_process_poisoned_total") == 0
    print("memory grew by", ", ".join(f"{growth / 2**20:.1f} MiB ({role})" for role, growth in attacked.growth.items()))
    assert sum(attacked.growth.values()) <= MOST_GROWTH


def test_informs_are_answered_in_time_meanwhile(attacked: Attacked) -> None:
    waited = sorted([*attacked.informs.waited_seconds, *attacked.sealed.waited_seconds])
    slowest = waited[len(waited) * 99 // 100]
    half, promised = waited[len(waited) // 2] * 1e3, PROMISED_SECONDS * 1e3
    print(f"{len(waited)} informs: half within {half:.0f} ms, 99 of 100 within {slowest * 1e3:.0f} ms ({promised:.0f} promised)")
    assert slowest <= PATIENT_SECONDS


def test_whatever_came_can_be_listed_with_its_contents_explained_and_fetched(attacked: Attacked) -> None:
    running = attacked.running
    running.settled()
    shown = list(running.items("/notifications", include="text,varbinds", order="newest"))
    assert len(shown) >= INFORMS
    for item in shown[::200]:
        explained = running.get(f"/notifications/{item['id']}/explain")
        assert (explained["id"], explained["state"]) == (item["id"], item["state"])
    assert running.roles() == attacked.roles
    running.stop()
