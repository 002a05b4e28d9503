"""TNEF, the `winmail.dat` of Outlook and Exchange (MS-OXTNEF): its bodies, and a list of its attachments, which are measured and
not looked into. A bounded reader that never raises. Properties are `mapi`, which body is the text is `winmail`."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from receivers.smtp import charset, mapi

_SIGNATURE = struct.pack("<I", 0x223E9F78)
_HEADER = 6
_ATTRIBUTE = struct.Struct("<BII")
_CHECKSUM = 2
_MOST_ATTRIBUTES = 2_000
_MOST_PROPERTIES = 20_000
"""Of the message and all that it has attached."""
_NAME_OCTETS = 2_000

_BODY, _CODE_PAGE, _MESSAGE_PROPERTIES = 0x0002_800C, 0x0006_9007, 0x0006_9003
_ATTACH_BEGINS, _ATTACH_TITLE, _ATTACH_DATA, _ATTACH_PROPERTIES = 0x0006_9002, 0x0001_8010, 0x0006_800F, 0x0006_9005
"""Attributes (section 2.1.3.2), type in the upper half."""
_PR_BODY, _PR_RTF, _PR_HTML, _PR_INTERNET_CODE_PAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_PR_ATTACH_DATA, _PR_ATTACH_NAME, _PR_ATTACH_LONG_NAME, _PR_ATTACH_TYPE = 0x3701, 0x3704, 0x3707, 0x370E
"""Properties (MS-OXPROPS)."""

_NAMED_CODE_PAGES = {20866: "koi8-r", 21866: "koi8-u", 28591: "iso-8859-1", 28592: "iso-8859-2", 28605: "iso-8859-15"} | {
    51932: "euc-jp",
    54936: "gb18030",
    65000: "utf-7",
    65001: "utf-8",
}


@dataclass(slots=True)
class TnefAttachment:
    """`name` and `content_type` as they are said, maybe empty."""

    name: str = ""
    content_type: str = ""
    octets: memoryview = field(default_factory=lambda: memoryview(b""))


@dataclass(slots=True)
class Tnef:
    """What a message has of its text; `rtf` is still compressed, `html` octets in `html_charset`."""

    plain: str = ""
    html: bytes = b""
    html_charset: str = ""
    rtf: bytes = b""
    attachments: list[TnefAttachment] = field(default_factory=list)


def read(octets: bytes, *, limit: int) -> Tnef | None:
    """None when `octets` are no TNEF. Of each body at most `limit` octets, and one more to show that it was cut. A broken stream
    is read as far as it goes; checksums are not looked at."""
    if not octets.startswith(_SIGNATURE):
        return None
    message = _Message(limit)
    view = memoryview(octets)
    at = _HEADER
    for _ in range(_MOST_ATTRIBUTES):
        if at + _ATTRIBUTE.size > len(view):
            break
        _, kind, length = _ATTRIBUTE.unpack_from(view, at)
        at += _ATTRIBUTE.size
        message.take(kind, view[at : at + length])
        at += length + _CHECKSUM
    return message.found


class _Message:
    """One message while its attributes are read, in their order: the code page comes before texts, an attachment begins once."""

    def __init__(self, limit: int) -> None:
        self.found = Tnef()
        self._limit = limit + 1
        self._charset = ""
        self._properties_left = _MOST_PROPERTIES

    def take(self, kind: int, value: memoryview) -> None:
        if kind == _CODE_PAGE:
            self._charset = _code_page(value)
        elif kind == _BODY:
            self.found.plain = self.found.plain or self._text(mapi.STRING8, value)
        elif kind == _MESSAGE_PROPERTIES:
            self._message_properties(value)
        elif kind == _ATTACH_BEGINS:
            self.found.attachments.append(TnefAttachment())
        elif self.found.attachments:
            self._attachment(self.found.attachments[-1], kind, value)

    def _message_properties(self, octets: memoryview) -> None:
        for name, kind, value in self._properties(octets):
            if name == _PR_BODY:
                self.found.plain = self._text(kind, value) or self.found.plain
            elif name == _PR_RTF:
                self.found.rtf = bytes(value[: self._limit])
            elif name == _PR_HTML:
                self.found.html = bytes(value[: self._limit])
                self.found.html_charset = self.found.html_charset or ("utf-16-le" if kind == mapi.UNICODE else "")
            elif name == _PR_INTERNET_CODE_PAGE:
                self.found.html_charset = self.found.html_charset or _code_page(value)

    def _attachment(self, found: TnefAttachment, kind: int, value: memoryview) -> None:
        if kind == _ATTACH_TITLE:
            found.name = found.name or self._name(mapi.STRING8, value)
        elif kind == _ATTACH_DATA:
            found.octets = value
        elif kind == _ATTACH_PROPERTIES:
            for name, of_type, content in self._properties(value):
                if name == _PR_ATTACH_LONG_NAME:
                    found.name = self._name(of_type, content) or found.name
                elif name == _PR_ATTACH_NAME:
                    found.name = found.name or self._name(of_type, content)
                elif name == _PR_ATTACH_TYPE:
                    found.content_type = self._name(of_type, content)
                elif name == _PR_ATTACH_DATA:
                    found.octets = content

    def _properties(self, octets: memoryview) -> Iterator[tuple[int, int, memoryview]]:
        for found in islice(mapi.properties(octets), self._properties_left):
            self._properties_left -= 1
            yield found

    def _name(self, kind: int, value: memoryview) -> str:
        return self._text(kind, value[:_NAME_OCTETS])

    def _text(self, kind: int, value: memoryview) -> str:
        """A string without the zero that ends it."""
        octets = bytes(value[: self._limit])
        if kind == mapi.UNICODE:
            return octets[: len(octets) & ~1].decode("utf-16-le", "replace").rstrip("\0")
        return charset.to_text(octets.rstrip(b"\0"), self._charset)


def _code_page(value: memoryview) -> str:
    """The charset of a Windows code page; "" for those that the charset's own marks tell, or nobody."""
    return _NAMED_CODE_PAGES.get(number := mapi.number(value), f"cp{number}")
