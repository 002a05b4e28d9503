"""TNEF streams made by hand (MS-OXTNEF), and RTF packed as in them (MS-OXRTFCP), without any compression."""

import struct
from collections.abc import Sequence

from receivers.smtp import mapi

BINARY = 0x0102
LONG = 0x0003
PR_BODY, PR_RTF, PR_HTML, PR_INTERNET_CODE_PAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
PR_ATTACH_DATA, PR_ATTACH_NAME, PR_ATTACH_LONG_NAME, PR_ATTACH_TYPE = 0x3701, 0x3704, 0x3707, 0x370E
BODY, CODE_PAGE, PROPERTIES = 0x2800C, 0x69007, 0x69003
ATTACH_BEGINS, ATTACH_TITLE, ATTACH_DATA, ATTACH_PROPERTIES = 0x69002, 0x18010, 0x6800F, 0x69005

Property = tuple[int, int, bytes | int]


def tnef(*attributes: bytes) -> bytes:
    version = attribute(0x89006, struct.pack("<I", 0x10000))
    return struct.pack("<IH", 0x223E9F78, 1) + version + b"".join(attributes)


def attribute(kind: int, value: bytes) -> bytes:
    level = 2 if kind in {ATTACH_BEGINS, ATTACH_TITLE, ATTACH_DATA, ATTACH_PROPERTIES} else 1
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def code_page(number: int) -> bytes:
    return attribute(CODE_PAGE, struct.pack("<II", number, 0))


def properties(*entries: Property) -> bytes:
    return struct.pack("<I", len(entries)) + b"".join(prop(*entry) for entry in entries)


def prop(name: int, kind: int, value: bytes | int) -> bytes:
    head = struct.pack("<HH", kind, name)
    if isinstance(value, int):
        return head + struct.pack("<I", value)
    return head + struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)


def message(*entries: Property) -> bytes:
    return tnef(attribute(PROPERTIES, properties(*entries)))


def text(words: str) -> Property:
    return (PR_BODY, mapi.UNICODE, words.encode("utf-16-le") + b"\0\0")


def html(source: bytes, page: int = 65001) -> Sequence[Property]:
    return ((PR_INTERNET_CODE_PAGE, LONG, page), (PR_HTML, BINARY, source))


def rtf(source: bytes) -> Property:
    return (PR_RTF, BINARY, packed(source))


def packed(source: bytes) -> bytes:
    """Literals alone, and the token that ends them: the place where the next octet would stand."""
    end = struct.pack(">H", (207 + len(source)) % 4096 << 4)
    tokens = [source[at : at + 1] for at in range(len(source))] + [end]
    body = bytearray()
    for at in range(0, len(tokens), 8):
        run = tokens[at : at + 8]
        body.append(sum(1 << bit for bit, token in enumerate(run) if len(token) == 2))
        body += b"".join(run)
    return struct.pack("<IIII", len(body) + 12, len(source), 0x75465A4C, 0) + bytes(body)
