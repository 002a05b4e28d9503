"""The tree of a mail's parts, cut by boundaries within limits. Splitting and transfer decoding only: which part is the text, and
what a header means, is decided in `decode`. Why not the standard library's parser: docs/adr/0003-mail-decoding.md."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from collector.domain.mail import MailLimit
from receivers.smtp import headers
from receivers.smtp.headers import Fields

MARKUP_TO_TEXT = 4
"""A character of text may cost that many octets of markup before the source is cut."""
_MOST_ALMOST_DELIMITERS = 10_000
_ENCODING_NAME = re.compile(rb"""[\s"']*+([A-Za-z0-9-]{1,40}+)""")
_PIECE = 1 << 20
_SOFT_BREAK = re.compile(rb"=[ \t]+\n")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is looked at of one mail; beyond it the result names the limit. Octets, characters for `text`. `depth` counts
    multiparts in multiparts, anew in each forwarded mail, `forwards` mails in mails; the others are for the whole together."""

    text: int = 1 << 20
    parts: int = 100
    depth: int = 10
    header_octets: int = 256 << 10
    forwards: int = 5


@dataclass(slots=True)
class Budget:
    """What is left of the limits while one mail is read."""

    limits: Limits
    parts: int
    header_octets: int
    source_octets: int
    met: set[MailLimit] = field(default_factory=set)

    @classmethod
    def of(cls, limits: Limits) -> "Budget":
        return cls(limits, limits.parts, limits.header_octets, limits.text * MARKUP_TO_TEXT)

    def bounded(self, octets: bytes, limit: int) -> bytes:
        """As much of a body as is turned into text; of all bodies together MARKUP_TO_TEXT times the limit of text."""
        taken = octets[: min(limit, self.source_octets)]
        self.source_octets -= len(taken)
        if len(taken) < len(octets):
            self.met.add(MailLimit.TEXT)
        return taken

    def cut(self, text: str) -> str:
        """As much of a text as is kept."""
        if len(text) > self.limits.text:
            self.met.add(MailLimit.TEXT)
        return text[: self.limits.text]


@dataclass(slots=True)
class Part:
    """One part: `buffer[start:end]` is its body, still transfer-encoded. `media_type` is never empty."""

    buffer: bytes
    start: int
    end: int
    fields: Fields
    media_type: str
    parameters: dict[str, str]
    children: list["Part"] = field(default_factory=list)

    def raw(self) -> bytes:
        """The body as it stands in the mail, line ends as `\\n`."""
        return self.buffer[self.start : self.end]

    def octets(self) -> bytes:
        """The body with its transfer encoding undone; broken encodings as far as they go."""
        return transfer_decoded(self.raw(), headers.first(self.fields, "content-transfer-encoding"))

    def file_name(self) -> str:
        disposition = headers.parameters(headers.first(self.fields, "content-disposition"))
        return headers.file_name(disposition, "filename") or headers.file_name(self.parameters, "name")

    def is_attached(self) -> bool:
        """Whether the part says that it is an attachment."""
        return headers.first(self.fields, "content-disposition").lstrip()[:10].lower() == b"attachment"


def parse(buffer: bytes, budget: Budget) -> Part:
    """The tree of a whole mail. `buffer` has `\\n` line ends (see `normalised`). What has no header is text from the beginning,
    though its first lines may look like fields: `Computer: PC-1`."""
    root = _part(buffer, 0, len(buffer), budget=budget, depth=1, default="text/plain")
    if headers.are_of_a_mail(root.fields):
        return root
    return Part(buffer, 0, len(buffer), {}, "text/plain", {})


def normalised(raw: bytes) -> bytes:
    """`\\n` line ends: CR LF, and lone CR and LF that some consoles send, once and before anything looks at lines."""
    buffer = raw.replace(b"\r\n", b"\n")
    return buffer.replace(b"\r", b"\n") if b"\r" in buffer else buffer


def forwarded(part: Part, budget: Budget) -> Part:
    """The mail inside a message/rfc822 or message/global part."""
    budget.parts -= 1
    octets = part.octets()
    if len(octets) != part.end - part.start:  # encoded: forbidden by RFC 2046 section 5.2.1, and sent all the same
        return parse(normalised(octets), budget)
    return _part(part.buffer, part.start, part.end, budget=budget, depth=1, default="text/plain")


def transfer_decoded(octets: bytes, encoding: bytes) -> bytes:
    """Undo quoted-printable or base64; any other name means that nothing was encoded."""
    name = _ENCODING_NAME.match(encoding)
    match name[1].lower() if name else b"":
        case b"quoted-printable":
            if b"= " in octets or b"=\t" in octets:
                octets = _with_plain_soft_breaks(octets)
            return binascii.a2b_qp(octets)
        case b"base64":
            return headers.base64(octets)
        case _:
            return octets


def _with_plain_soft_breaks(octets: bytes) -> bytes:
    """Without blanks behind soft breaks. Piece by piece: all of a large mail's at once would take twenty times its size."""
    pieces, at = [], 0
    while at < len(octets):
        end = octets.find(b"\n", at + _PIECE) + 1 or len(octets)
        pieces.append(_SOFT_BREAK.sub(b"=\n", octets[at:end]))
        at = end
    return b"".join(pieces)


def _part(buffer: bytes, start: int, end: int, *, budget: Budget, depth: int, default: str) -> Part:
    fields, body, cut = headers.split(buffer, start, end, limit=budget.header_octets)
    budget.header_octets -= min(body - start, budget.header_octets)
    if cut:
        budget.met.add(MailLimit.HEADER)
    value = headers.first(fields, "content-type")
    stated = headers.media_type(value)
    part = Part(buffer, body, end, fields, stated or default, headers.parameters(value))
    if part.media_type.startswith("multipart/"):
        if depth >= budget.limits.depth:
            budget.met.add(MailLimit.DEPTH)
        else:
            part.children = _children(part, budget, depth)
    return part


def _children(part: Part, budget: Budget, depth: int) -> list[Part]:
    default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    children = []
    for start, end in _sections(part, _boundary(part), budget):
        if budget.parts <= 0:
            budget.met.add(MailLimit.PARTS)
            break
        budget.parts -= 1
        children.append(_part(part.buffer, start, end, budget=budget, depth=depth + 1, default=default))
    return children


def _boundary(part: Part) -> bytes:
    """As stated, else guessed from the first line that looks like a delimiter."""
    stated = part.parameters.get("boundary", "").rstrip().encode("latin-1")
    if stated:
        return stated
    line = re.compile(rb"\n{0,2}--([^\n]{1,70})\n").match(part.buffer, part.start, part.end)
    return line[1].rstrip() if line else b""


def _sections(part: Part, boundary: bytes, budget: Budget) -> Iterator[tuple[int, int]]:
    """Where the parts between delimiter lines stand (RFC 2046 section 5.1.1). A missing last delimiter is forgiven."""
    if not boundary:
        return
    begin = -1
    for line, after, closing in _delimiters(part, b"--" + boundary, budget):
        if begin >= 0:
            yield begin, max(begin, line)
        if closing:
            return
        begin = after
    if begin >= 0:
        yield begin, part.end


def _delimiters(part: Part, mark: bytes, budget: Budget) -> Iterator[tuple[int, int, bool]]:
    """(index of the newline before it, index behind its line, whether it is the closing one) of every delimiter line.

    Lines that only begin as delimiters do are passed by, to a number that no honest mail has."""
    buffer, start, end, almost = part.buffer, part.start, part.end, 0
    at = start if buffer.startswith(mark, start, end) else _next_line_with(buffer, start, end, mark)
    while at >= 0:
        stop = buffer.find(b"\n", at, end)
        stop = end if stop < 0 else stop
        tail = buffer[at + len(mark) : stop].rstrip(b" \t") if stop - at - len(mark) <= 1_000 else b"no delimiter"
        if tail in {b"", b"--"}:
            yield at - 1, min(stop + 1, end), tail == b"--"
        elif (almost := almost + 1) > _MOST_ALMOST_DELIMITERS:
            budget.met.add(MailLimit.PARTS)
            return
        at = _next_line_with(buffer, stop, end, mark)


def _next_line_with(buffer: bytes, start: int, end: int, mark: bytes) -> int:
    found = buffer.find(b"\n" + mark, start, end)
    return found + 1 if found >= 0 else -1
