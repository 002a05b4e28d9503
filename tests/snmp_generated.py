"""Generated notifications and their octets, regular or written as loosely as BER allows: what the decoder should say of them is
known beforehand."""

from random import Random

from collector.domain.trap import Pdu, SnmpVersion, Trap, Varbind
from tests import snmp_wire as wire

IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_UNSIGNED = (COUNTER32, GAUGE32, TIME_TICKS)


def some_oid(random: Random, *, arcs: int = 20) -> str:
    biggest = random.choice((127, 128, 16_384, 2**32 - 1))
    return ".".join(map(str, (1, 3, *(random.randint(0, biggest) for _ in range(random.randint(1, arcs))))))


def some_number(random: Random, *, bits: int, negative: bool) -> int:
    """Mostly where the number of octets changes."""
    edge = 1 << random.choice([bit for bit in (0, 7, 8, 15, 16, 31, 32, 63, 64) if bit <= bits])
    number = min(max(edge + random.randint(-2, 2), 0), (1 << bits) - 1)
    return -number - 1 if negative and random.random() < 0.5 else number


def some_varbind(random: Random, *, old: bool) -> Varbind:
    """`old`: only what v1 knows (RFC 3584 section 4.2.2.1 and RFC 1157 have no Counter64 and no exceptions)."""
    tag = random.choice((INTEGER, OCTETS, OCTETS, OID, IP_ADDRESS, *_UNSIGNED, OPAQUE, *(() if old else (COUNTER64, NULL))))
    name = some_oid(random)
    if tag == INTEGER:
        return name, tag, some_number(random, bits=31, negative=True)
    if tag in _UNSIGNED:
        return name, tag, some_number(random, bits=32, negative=False)
    if tag == COUNTER64:
        return name, tag, some_number(random, bits=64, negative=False)
    if tag == OID:
        return name, tag, some_oid(random)
    if tag == IP_ADDRESS:
        return name, tag, some_address(random)
    return name, tag, None if tag == NULL else random.randbytes(random.choice((0, 1, 30, 126, 127, 128, 300)))


def some_address(random: Random) -> str:
    return ".".join(str(random.randint(0, 255)) for _ in range(4))


def some_trap(random: Random, pdu: Pdu, *, most_varbinds: int = 60) -> Trap:
    """A notification in v2 form, as the decoder should tell it."""
    old = pdu is Pdu.TRAP_V1
    count = random.choice([number for number in (0, 1, 4, 10, 60) if number <= most_varbinds])
    varbinds = [some_varbind(random, old=old) for _ in range(count)]
    community, uptime = random.randbytes(random.choice((0, 6, 200))), some_number(random, bits=32, negative=False)
    if not old:
        request_id = some_number(random, bits=31, negative=True)
        return Trap(SnmpVersion.V2C, community, pdu, request_id, some_oid(random), uptime, varbinds)
    enterprise, generic, specific = some_oid(random), random.randint(0, 6), some_number(random, bits=31, negative=False)
    name = f"1.3.6.1.6.3.1.1.5.{generic + 1}" if generic < 6 else f"{enterprise}.0.{specific}"
    agent = some_address(random)
    return Trap(SnmpVersion.V1, community, pdu, 0, name, uptime, varbinds, enterprise, agent, generic, specific)


class Writer:
    """Writes notifications with our own encoder. `loose`: lengths in long form and integers with more octets than they need, here
    and there, as X.690 allows and RFC 3417 does not."""

    def __init__(self, random: Random, *, loose: bool) -> None:
        self._random = random
        self._loose = loose

    def message(self, trap: Trap) -> bytes:
        body = self._v1_pdu(trap) if trap.pdu is Pdu.TRAP_V1 else self._v2_pdu(trap)
        return self._tlv(SEQUENCE, self._integer(trap.version), self._tlv(OCTETS, trap.community), body)

    def _v1_pdu(self, trap: Trap) -> bytes:
        return self._tlv(
            wire.TRAP_V1,
            self._oid(trap.enterprise),
            self._tlv(IP_ADDRESS, _address(trap.agent_address)),
            self._integer(trap.generic),
            self._integer(trap.specific),
            self._integer(trap.uptime or 0, TIME_TICKS),
            self._list(trap.varbinds),
        )

    def _v2_pdu(self, trap: Trap) -> bytes:
        tag = wire.INFORM if trap.pdu is Pdu.INFORM else wire.TRAP_V2
        head: list[Varbind] = [(wire.SYS_UPTIME, TIME_TICKS, trap.uptime), (wire.TRAP_OID, OID, trap.trap_oid)]
        numbers = (self._integer(number) for number in (trap.request_id, 0, 0))
        return self._tlv(tag, *numbers, self._list([*head, *trap.varbinds]))

    def _list(self, varbinds: list[Varbind]) -> bytes:
        return self._tlv(SEQUENCE, *(self._tlv(SEQUENCE, self._oid(one[0]), self._value(one)) for one in varbinds))

    def _value(self, varbind: Varbind) -> bytes:
        _, tag, value = varbind
        if isinstance(value, int):
            return self._integer(value, tag)
        if isinstance(value, str):
            return self._oid(value) if tag == OID else self._tlv(tag, _address(value))
        return self._tlv(tag, value or b"")

    def _oid(self, dotted: str) -> bytes:
        first, second, *rest = map(int, dotted.split("."))
        return self._tlv(OID, wire.arcs(40 * first + second, *rest))

    def _integer(self, value: int, tag: int = INTEGER) -> bytes:
        content = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
        if self._loosely():
            content = (b"\xff" if value < 0 else b"\x00") * self._random.randint(1, 9) + content
        return self._tlv(tag, content)

    def _tlv(self, tag: int, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return wire.padded_tlv(tag, body, octets=self._random.randint(3, 5)) if self._loosely() else wire.tlv(tag, body)

    def _loosely(self) -> bool:
        return self._loose and self._random.random() < 0.2


def _address(text: str) -> bytes:
    return bytes(map(int, text.split(".")))
