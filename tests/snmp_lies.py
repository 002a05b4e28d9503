"""Makes malformed SNMP messages out of good ones, systematically: at every element every lie about its length, its type and its
content, and at every octet an end and a change. The same for the same message; what stands around a lie is right, so that the lie
itself is what the decoder meets."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from tests import snmp_wire as wire

LONGEST = 60_000
"""Octets of the longest message made here; longer ones would only be counted by the kernel."""
_CONSTRUCTED = frozenset({0x30, *range(0xA0, 0xA9)})
_STRING = 0x04
Path: TypeAlias = tuple[int, ...]

INTEGERS = (
    *(b"", b"\x00", b"\x7f", b"\x80", b"\xff", b"\x00\x80", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00"),
    *(b"\x00\xff\xff\xff\xff", b"\x00" * 9, b"\xff" * 9, b"\x7f" + b"\xff" * 8, b"\x80" + b"\x00" * 8),
    *(b"\x00" * 300 + b"\x01", b"\xff" * 300, b"\x01" * 3_000),
)
OIDS = (
    *(b"", b"\x00", b"\x2b", b"\x80", b"\xff", b"\x2b\x80\x01", b"\x2b\x86", b"\x2b\x86\x80\x80\x01", b"\x88\x37\x03"),
    *(b"\x2b\x90\x80\x80\x80\x00", b"\x2b" + b"\xff" * 9 + b"\x7f", b"\x2b" + b"\xff" * 3_000 + b"\x01"),
    *(b"\x2b" + b"\x01" * 126, b"\x2b" + b"\x01" * 127, b"\x2b" + b"\x8f\xff\xff\xff\x7f" * 130, b"\x2b" + b"\x06" * 3_000),
)
STRINGS = (
    *(b"", b"\x00", b"\xff", b"\x00" * 200, bytes(range(256)), b"A" * 3_000),
    # UTF-8: too many octets for a character, halves of pairs, beyond Unicode, characters cut off, none at all
    *(b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xc3"),
    *(b"a\xe2\x82", b"\xef\xbf\xbe\xef\xbf\xbf", b"\xef\xbb\xbf"),
    # UTF-16, and halves of pairs in it
    *(b"\xff\xfe\x00\xd8", b"\xfe\xff\xdc\x00", b"\xff\xfeA\x00B\x00", b"A\x00B\x00C\x00"),
    # turned, without a shape, commands for terminals, one character that folds to eighteen
    *(
        "\u202egpj.exe\u2066".encode(),
        "\u200b\u2028\ufeff".encode(),
        b"\x1b[2J\x1b]0;x\x07",
        b"\x85\x9b2J",
        "\ufdfa".encode() * 900,
    ),
    # what other programs would take for their own language
    *(b"%s%n", b"<script>", b"' or 1=1 --", b"{trap_oid}", b"\r\n\r\nforged"),
)
_CONTENTS = {0x02: INTEGERS, 0x06: OIDS, _STRING: STRINGS, **dict.fromkeys((0x41, 0x42, 0x43, 0x46, 0x47), INTEGERS)}


@dataclass(frozen=True, slots=True)
class Element:
    """One element of BER. The content of an OCTET STRING that holds elements, as the security parameters of v3 do, counts as
    parts."""

    tag: int
    parts: "tuple[Element, ...]" = ()
    octets: bytes = b""

    def content(self) -> bytes:
        return b"".join(part.encoded() for part in self.parts) if self.parts else self.octets

    def encoded(self) -> bytes:
        return wire.tlv(self.tag, self.content())


def read(octets: bytes) -> tuple[Element, ...]:
    """The elements that a well-formed run of octets consists of."""
    found: list[Element] = []
    at = 0
    while at < len(octets):
        tag, size, at = octets[at], octets[at + 1], at + 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(octets[at - (size & 0x7F) : at], "big")
        content, at = octets[at : at + size], at + size
        holds = tag in _CONSTRUCTED or (tag == _STRING and content[:1] == b"\x30" and len(content) > 2)
        found.append(Element(tag, read(content)) if holds else Element(tag, octets=content))
    return tuple(found)


def paths(element: Element, path: Path = ()) -> Iterator[tuple[Path, Element]]:
    """Every element of the tree, and the way to it."""
    yield path, element
    for place, part in enumerate(element.parts):
        yield from paths(part, (*path, place))


def put(element: Element, path: Path, octets: bytes) -> bytes:
    """The whole message with these octets in the place of one element; the lengths around it are right."""
    if not path:
        return octets
    inside = b"".join(
        put(part, path[1:], octets) if place == path[0] else part.encoded() for place, part in enumerate(element.parts)
    )
    return wire.tlv(element.tag, inside)


def lengths(element: Element) -> Iterator[bytes]:
    """The element with a length that is wrong, forbidden, or longer than it needs to be."""
    tag, content = bytes((element.tag,)), element.content()
    size = len(content)
    for lie in (0, size - 1, size + 1, size + 128, 2 * size + 7):
        if lie >= 0:
            yield tag + wire.length(lie) + content
    for octets in (1, 2, 3, 4, 8, 9, 126):
        if size < 256**octets:
            yield tag + bytes((0x80 | octets,)) + size.to_bytes(octets, "big") + content
        yield tag + bytes((0x80 | octets,)) + b"\xff" * octets + content
    yield tag + b"\x80" + content
    yield tag + b"\x80" + content + b"\x00\x00"
    yield tag + b"\xff" + content
    yield tag
    yield tag + b"\x84"


def contents(element: Element) -> Iterator[bytes]:
    """The element with a content that its type does not allow, or that nobody expects."""
    for content in _CONTENTS.get(element.tag, STRINGS[:6]):
        yield wire.tlv(element.tag, content)
    whole = element.encoded()
    yield b""
    yield whole * 2
    yield whole * min(300, LONGEST // len(whole) // 2)
    yield wire.tlv(element.tag, whole)
    yield wire.tlv(element.tag, element.content(), b"\x00\x00\x00")
    yield wire.tlv(element.tag, b"\x05\x00", element.content())
    if element.parts:
        yield wire.tlv(element.tag, *(part.encoded() for part in reversed(element.parts)))
        yield wire.tlv(element.tag, *(part.encoded() for part in element.parts[1:]))
        yield wire.tlv(element.tag, *(part.encoded() for part in element.parts[:-1]))


def nested(element: Element) -> Iterator[bytes]:
    """The element inside more and more elements that hold nothing else."""
    for depth in (1, 20, 2_000):
        inner = element.encoded()
        for _ in range(depth):
            inner = wire.tlv(element.tag if element.tag in _CONSTRUCTED else 0x30, inner)
            if len(inner) > LONGEST // 2:
                break
        yield inner


def at_each_element(message: bytes) -> Iterator[bytes]:
    """Every lie at every element."""
    (tree,) = read(message)
    for path, element in paths(tree):
        whole = element.encoded()
        types = (bytes((tag,)) + whole[1:] for tag in range(256))
        for octets in chain(lengths(element), contents(element), nested(element), types):
            yield put(tree, path, octets)


def at_each_octet(message: bytes) -> Iterator[bytes]:
    """An end, with the outermost length as it was and made right again, and another value, at every octet."""
    start = 2 if message[1] < 0x80 else 2 + (message[1] & 0x7F)
    for place in range(len(message)):
        yield message[:place]
        if place > start:
            yield wire.tlv(message[0], message[start:place])
        for octet in (0x00, 0x7F, 0x80, 0xFF):
            yield message[:place] + bytes((octet,)) + message[place + 1 :]
        for bit in range(8):
            yield message[:place] + bytes((message[place] ^ 1 << bit,)) + message[place + 1 :]


def bombs() -> Iterator[bytes]:
    """Messages that are as much work as there can be in one datagram."""
    tiny = wire.tlv(0x30, b"\x06\x00", b"\x05\x00")
    for count in (255, 256, 257, 300, 5_000):
        yield wire.v2_message(*[tiny] * count)
    yield wire.v2_message(*[tiny] * 256, b"\x30\x00" * 25_000)
    yield wire.v2_message(b"\x30\x00" * 25_000)
    yield wire.v2_message(bytes(50_000))
    yield wire.v2_message(*[wire.tlv(0x30, b"\x06\x00", wire.tlv(0x06, b"\x2b" + b"\xff" * 638 + b"\x01"))] * 90)
    yield wire.v2_message(*(_long_names(200)))
    yield wire.v2_message(*[wire.varbind(wire.TRAP_OID, wire.tlv(0x04, b"1." * 100))] * 240)
    yield wire.v2_message(*[wire.varbind(wire.SYS_UPTIME, wire.tlv(0x04, b"1" * 200))] * 240)
    for content in (b"\x00" * 50_000, b"\xff" * 50_000 + b"\x01"):
        yield wire.v2_message(wire.varbind(wire.HEALTH, wire.tlv(0x02, content)))
        yield wire.tlv(0x30, wire.tlv(0x02, content), wire.string("public"))


def _long_names(count: int) -> Iterator[bytes]:
    """Varbinds whose names and values are OIDs as long as they may be, all different."""
    for number in range(count):
        long = wire.arcs(43, *(number + 128 * place for place in range(60)))
        yield wire.tlv(0x30, wire.tlv(0x06, long), wire.tlv(0x06, long + b"\x01"))


def at_v3_sizes() -> Iterator[bytes]:
    """v3 messages with every size of digest, salt, engine and user, and every value of the flags."""
    for size in (*range(70), 127, 128, 255, 3_000):
        filling = b"\x80" + b"\x5a" * (size - 1) if size else b""
        for part in ("digest", "salt", "engine_id", "user"):
            security = wire.v3_security(**{"digest": bytes(12), "salt": bytes(8), part: filling})  # type: ignore[arg-type]
            for flags in (b"\x01", b"\x03"):
                yield wire.v3_message(about=wire.v3_global(flags=flags), security=security)
                yield wire.v3_message(wire.tlv(0x04, filling), about=wire.v3_global(flags=flags), security=security)
    for flag in range(256):
        yield wire.v3_message(about=wire.v3_global(flags=bytes((flag,))))
        yield wire.v3_message(wire.tlv(0x04, bytes(40)), about=wire.v3_global(flags=bytes((flag,))))
    for number in (-1, 0, 1, 2, 483, 484, 2**31 - 1, 2**31, 2**63):
        for name in ("message_id", "max_size", "model"):
            yield wire.v3_message(about=wire.v3_global(**{name: number}))  # type: ignore[arg-type]
        for name in ("boots", "time"):
            yield wire.v3_message(security=wire.v3_security(**{name: number}))  # type: ignore[arg-type]
