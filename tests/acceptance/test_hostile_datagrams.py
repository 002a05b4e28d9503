"""Twenty thousand random and mutated datagrams, with valid ones in between: nobody falls over, each one has an outcome."""

import random
from collections.abc import Iterator

import pytest

from tests import snmp_wire as wire
from tests.acceptance.checks import assert_traps_once, numbered
from tests.acceptance.conftest import Install
from tests.acceptance.harness import Running
from tests.acceptance.senders import HEALTH_TEXT, Inform, InformClient, console, health, health_v1, trap

pytestmark = pytest.mark.full
SEED = 20_260_303
HOSTILE, TRAPS, INFORMS = 20_000, 1_000, 300
ADDRESSES = 40
EVERY = HOSTILE // TRAPS
CONSTRUCTED = frozenset({0x30, *range(0xA0, 0xA9)})

VARBINDS = (
    wire.varbind(HEALTH_TEXT, wire.string("Mutant: CRITICAL")),
    wire.varbind("1.3.6.1.4.1.3417.2.2.1.1.1.1.3.4", wire.integer(8)),
    wire.varbind("1.3.6.1.2.1.1.3.0", wire.integer(2**31, tag=0x43)),
    wire.varbind("1.3.6.1.4.1.9.1.1", wire.integer(2**63, tag=0x46)),
    wire.varbind("1.3.6.1.4.1.9.1.2", wire.tlv(0x40, bytes((10, 1, 2, 3)))),
    wire.varbind("1.3.6.1.4.1.9.1.3", wire.oid("1.3.6.1.4.1.4294967295.7")),
    wire.varbind("1.3.6.1.4.1.9.1.4", wire.tlv(0x05)),
    wire.varbind("1.3.6.1.4.1.9.1.5", wire.tlv(0x80)),
    wire.varbind("1.3.6.1.4.1.9.1.6", wire.tlv(0x04, bytes(range(256)))),
)
VALID = (
    health("Mutant: CRITICAL"),
    health("Mutant is OK", name="1.3.6.1.4.1.3417.2.12.2.0.1"),
    health_v1("Mutant: CRITICAL"),
    trap("1.3.6.1.4.1.3417.2.12.2.0.3", *VARBINDS),
    trap("1.3.6.1.6.3.1.1.5.3", *VARBINDS * 20, tag=wire.INFORM),
    trap("1.3.6.1.4.1.3417.2.2.2.0.1", VARBINDS[1], tag=wire.GET),
    wire.v3_message(),
)


def nodes(octets: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(place of the tag, place of the content, its end) of every node, as far as the octets can be read."""
    while start + 2 <= end:
        size, content = octets[start + 1], start + 2
        if size & 0x80:
            content += size & 0x7F
            size = int.from_bytes(octets[start + 2 : content], "big")
        if content + size > end:
            return
        yield start, content, content + size
        if octets[start] in CONSTRUCTED:
            yield from nodes(octets, content, content + size)
        start = content + size


class Mutator:
    """Makes hostile datagrams, the same for the same seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def datagram(self) -> bytes:
        if self._chance.random() < 0.15:
            return self._chance.randbytes(int(2 ** self._chance.uniform(0, 15.9)) - 1)
        octets = self._chance.choice(VALID)
        for _ in range(self._chance.choice((1, 1, 1, 2, 5))):
            octets = self._mutated(octets)
        return octets[:60_000]

    def _mutated(self, octets: bytes) -> bytes:
        found = list(nodes(octets, 0, len(octets)))
        if not found:
            return octets + b"\x30"
        start, content, end = self._chance.choice(found)
        change = self._chance.choice(
            (self._tag, self._length, self._truncated, self._content, self._doubled, self._left_out, self._nested, self._bit)
        )
        return change(octets, start, content, end)

    def _tag(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        return octets[:start] + self._chance.randbytes(1) + octets[start + 1 :]

    def _length(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        lie = self._chance.choice(
            (b"\x00", b"\x7f", b"\x80", b"\xff", b"\x84\xff\xff\xff\xff", b"\x88" + b"\xff" * 8, b"\x82\x00\x01", b"\x81\x05")
        )
        return octets[: start + 1] + lie + octets[content:]

    def _truncated(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        return octets[: self._chance.randint(start, end)]

    def _content(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        """Other content, with a length that is right for this node and wrong for those around it."""
        return (
            octets[:start]
            + wire.tlv(octets[start], self._chance.randbytes(self._chance.choice((0, 1, 5, 9, 200))))
            + octets[end:]
        )

    def _doubled(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        return octets[:end] + octets[start:end] * self._chance.choice((1, 2, 300)) + octets[end:]

    def _left_out(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        return octets[:start] + octets[end:]

    def _nested(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        inner = octets[start:end]
        for _ in range(self._chance.choice((1, 10, 500))):
            inner = wire.tlv(0x30, inner)
        return octets[:start] + inner + octets[end:]

    def _bit(self, octets: bytes, start: int, content: int, end: int) -> bytes:
        place = self._chance.randrange(len(octets))
        return octets[:place] + bytes((octets[place] ^ (1 << self._chance.randrange(8)),)) + octets[place + 1 :]


def attack(running: Running, texts: list[str]) -> None:
    """The hostile ones from many addresses, a valid trap after every so many."""
    mutator, left = Mutator(random.Random(SEED)), iter(texts)
    for place in range(ADDRESSES):
        with console(f"127.0.2.{1 + place}") as udp:
            for number in range(HOSTILE // ADDRESSES):
                udp.sendto(mutator.datagram(), running.snmp)
                if number % EVERY == 0:
                    udp.sendto(health(next(left)), running.snmp)
    assert next(left, None) is None


@pytest.fixture(scope="module")
def attacked(install: Install) -> tuple[Running, dict[str, int], InformClient]:
    """A collector after the attack, the pids of its roles before it, and who sent informs meanwhile."""
    running = install().start()
    before = running.roles()
    informs = [Inform.of(text, 1) for text in numbered("Asked", range(INFORMS))]
    informing = InformClient(running.snmp, informs, address="127.0.3.1", per_second=100)
    informing.start()
    attack(running, numbered("Between", range(TRAPS)))
    informing.finish(seconds=60)
    return running, before, informing


def test_every_datagram_has_an_outcome_and_the_valid_ones_are_all_there(
    attacked: tuple[Running, dict[str, int], InformClient],
) -> None:
    running, before, informing = attacked
    totals = running.settled(seconds=120)
    assert sum(totals.values()) == HOSTILE + TRAPS + INFORMS + informing.sent_again
    assert {"case", "undecodable", "unauthenticated", "unattributed", "not_a_notification"} <= totals.keys()
    assert (running.roles(), running.is_ready()) == (before, True)
    listed = running.notifications()
    assert len(listed) == HOSTILE + TRAPS + INFORMS + informing.sent_again - totals.get("refused", 0)
    assert_traps_once(running, "Between", numbered("Between", range(TRAPS)), listed=listed)
    assert_traps_once(running, "Asked", informing.acknowledged, listed=listed)
    assert (len(informing.acknowledged), informing.wrong_answers) == (INFORMS, [])
    assert running.metric("collector_process_poisoned_total") == 0


def test_whatever_came_can_be_listed_with_its_contents_explained_and_fetched(
    attacked: tuple[Running, dict[str, int], InformClient],
) -> None:
    running, before, _ = attacked
    running.settled()
    shown = list(running.items("/notifications", include="text,varbinds", order="newest"))
    assert len(shown) >= HOSTILE
    for item in shown[::200]:
        explained = running.get(f"/notifications/{item['id']}/explain")
        assert (explained["id"], explained["state"]) == (item["id"], item["state"])
    assert running.roles() == before
    running.stop()
