"""What a flood test needs: somebody who floods, in a process of his own, neighbours who send a trap each second meanwhile, and a
look at how long each of theirs takes to become a case."""

import multiprocessing
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from collector.domain.clock import NS_PER_SECOND
from tests import snmp_wire as wire
from tests.acceptance.harness import CLOCK, Running
from tests.acceptance.senders import Address, console, health
from tests.snmp_wire import INFORM

NEIGHBOURS = 25
FLOOD = "c0mm-flood-secret"
TROUBLES = 20
"""So many cases has the console that floods."""
FLOODING, RELAY = "127.0.2.1", "127.0.5.1"
FORGED = 65_536
_GROUP = 20
"""Datagrams between two looks at the clock."""
_IP_PKTINFO = 8
_PKTINFO = struct.Struct("=I4s4s")


def _community(number: int) -> str:
    return f"c0mm-neighbour-{number}-secret"


def _neighbour(number: int) -> str:
    return f"127.0.1.{number + 1}"


def _customer(code: str, community: str, networks: str) -> str:
    snmp = f"snmp: {{version: v2c, community: {community}, networks: [{networks}]}}"
    return f"  - {{code: {code}, name: {code}, sources: [{{name: proxy-1, product: [bluecoat-proxysg], {snmp}}}]}}\n"


CUSTOMERS = "customers:\n" + "".join(
    [_customer(f"N{number}", _community(number), f"{_neighbour(number)}/32") for number in range(NEIGHBOURS)]
    + [_customer("FLOOD", FLOOD, "127.0.2.0/24, 127.0.5.0/24")]
)
SECRETS = {FLOOD, *(_community(number) for number in range(NEIGHBOURS))}


def troubles() -> list[bytes]:
    """Traps of the console that floods."""
    return [health(f"Flooding{number}: CRITICAL", community=FLOOD) for number in range(TROUBLES)]


def strange() -> list[bytes]:
    """Traps with communities that nobody has."""
    return [health(f"Strange{number}: CRITICAL", community=f"guess-{number}") for number in range(1_000)]


def stolen() -> list[bytes]:
    """Informs with a community that somebody has."""
    return [health(f"Stolen{number}: CRITICAL", community=FLOOD, tag=INFORM) for number in range(TROUBLES)]


def malformed() -> list[bytes]:
    """A trap cut off at every place, and random octets."""
    chance, whole = random.Random(7), troubles()[0]
    return [whole[:size] for size in range(len(whole))] + [chance.randbytes(150) for _ in range(500)]


def wrongly_sealed() -> list[bytes]:
    """v3 messages in authPriv, as an engine and a user would send them, with digests that nothing made."""
    chance = random.Random(8)
    return [_v3(number, chance) for number in range(500)]


def _v3(number: int, chance: random.Random) -> bytes:
    data = wire.tlv(0x30, wire.integer(number), wire.integer(65_507), wire.tlv(0x04, b"\x03"), wire.integer(3))
    engine = wire.tlv(0x04, bytes.fromhex("80001f8804") + b"flooding")
    digest, salt = wire.tlv(0x04, chance.randbytes(12)), wire.tlv(0x04, chance.randbytes(8))
    usm = wire.tlv(0x30, engine, wire.integer(3), wire.integer(1_000 + number), wire.string("flooder"), digest, salt)
    return wire.tlv(0x30, wire.integer(3), data, wire.tlv(0x04, usm), wire.tlv(0x04, chance.randbytes(160)))


@dataclass(frozen=True, slots=True)
class Attack:
    """What floods, from how many addresses beginning at `address`."""

    make: Callable[[], Sequence[bytes]]
    address: str = FLOODING
    addresses: int = 1


ATTACKS: Mapping[str, Attack] = {
    "console": Attack(troubles),
    "relay": Attack(troubles, RELAY),
    "unknown communities": Attack(strange, "127.0.3.1"),
    "known community from foreign addresses, informs": Attack(stolen, "127.128.0.0", FORGED),
    "malformed": Attack(malformed, "127.0.3.1"),
    "v3 with wrong keys": Attack(wrongly_sealed),
    "forged addresses": Attack(strange, "127.128.0.0", FORGED),
    "forged addresses of a console": Attack(troubles, "127.0.2.0", 256),
}


def _flood(target: Address, name: str, rate: int, seconds: float) -> int:
    """Send at this rate; return how many."""
    attack = ATTACKS[name]
    contents = attack.make()
    begun_ns, pause, sent = CLOCK.monotonic_ns(), threading.Event(), 0
    first = int.from_bytes(socket.inet_aton(attack.address))
    with console(attack.address if attack.addresses == 1 else "0.0.0.0") as udp:
        while (elapsed := (CLOCK.monotonic_ns() - begun_ns) / NS_PER_SECOND) < seconds:
            if sent > elapsed * rate:
                pause.wait(sent / rate - elapsed)
            for number in range(sent, sent + _GROUP):
                datagram = contents[number % len(contents)]
                if attack.addresses == 1:
                    udp.sendto(datagram, target)
                else:
                    _send_as(udp, datagram, target, first + number * 7 % attack.addresses)
            sent += _GROUP
    return sent


def _send_as(udp: socket.socket, datagram: bytes, target: Address, address: int) -> None:
    """From an address of this machine that the datagram names itself (ip(7), IP_PKTINFO)."""
    chosen = _PKTINFO.pack(0, address.to_bytes(4), bytes(4))
    udp.sendmsg([datagram], [(socket.IPPROTO_IP, _IP_PKTINFO, chosen)], 0, target)


class Flooder:
    """Floods from a process that waits ready. Use it as a context."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def __enter__(self) -> Self:
        self._pool.submit(int).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def flood(self, target: Address, name: str, *, rate: int, seconds: float) -> "Future[int]":
        return self._pool.submit(_flood, target, name, rate, seconds)


@dataclass(slots=True)
class Neighbours:
    """Each sends a trap a second of a trouble that nobody had before, from its own address."""

    target: Address
    seconds: int
    sent_ns: dict[str, int] = field(default_factory=dict)
    """When each trouble was sent, on the monotonic clock."""

    def run(self) -> None:
        pause, begun_ns = threading.Event(), CLOCK.monotonic_ns()
        for place in range(self.seconds * NEIGHBOURS):
            second, number = divmod(place, NEIGHBOURS)
            due_ns = begun_ns + place * NS_PER_SECOND // NEIGHBOURS
            pause.wait(max(0, due_ns - CLOCK.monotonic_ns()) / NS_PER_SECOND)
            name = f"n{number}s{second}"
            with console(_neighbour(number)) as udp:
                self.sent_ns[name] = CLOCK.monotonic_ns()
                udp.sendto(health(f"{name}: CRITICAL", community=_community(number)), self.target)


class Watch(threading.Thread):
    """Reads the feed and notes when each case of the neighbours appears in it."""

    def __init__(self, running: Running) -> None:
        super().__init__(daemon=True)
        self.seen_ns: dict[str, int] = {}
        self.over = threading.Event()
        self._running = running

    def run(self) -> None:
        after: str | None = None
        with httpx.Client(headers={"Authorization": f"Bearer {self._running.key}"}, timeout=30.0) as client:
            while not self.over.is_set():
                wanted: dict[str, str | int] = {"wait": 1, "limit": 200, "type": "case.opened"}
                if after:
                    wanted["after"] = after
                page = client.get(self._running.url("/api/v1/handoff/feed"), params=wanted).json()
                for name in _names(page["items"]):
                    self.seen_ns.setdefault(name, CLOCK.monotonic_ns())
                after = page["next"]

    def delays(self, neighbours: Neighbours) -> dict[str, float]:
        """Seconds from sending to the feed, of each trouble that is in it."""
        seen = self.seen_ns
        return {name: (seen[name] - sent) / NS_PER_SECOND for name, sent in neighbours.sent_ns.items() if name in seen}


def _names(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for message in messages:
        for evidence in message["data"]["case"]["evidence"]:
            if evidence["text"].startswith("n"):
                yield evidence["text"].partition(":")[0]
