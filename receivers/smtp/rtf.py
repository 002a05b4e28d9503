"""RTF to text, or to the HTML that it was made from (MS-OXRTFEX). Words, lines, rows and cells; no fonts, no pictures, no
objects. Linear and bounded: a pass over tokens that never raises."""

import re
from dataclasses import dataclass, replace

from receivers.smtp import charset

MOST_TOKENS = 100_000
"""A quarter of a second of work at worst; what lies behind is left out."""

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,9})? ?|\\'(?P<octet>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z'])"
    rb"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)|(?P<idle>[\r\n]+|\\)",
    re.DOTALL,
)
_UNSEEN = frozenset(
    b"fonttbl colortbl stylesheet info pict object header headerl headerr headerf footer footerl footerr footerf footnote"
    b" themedata colorschememapping datastore listtable listoverridetable rsidtbl generator xmlnstbl latentstyles filetbl"
    b" revtbl fldinst bkmkstart bkmkend pntext".split()
)
"""Destinations whose words are not of the text."""
_WORDS = {b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t", b"nestcell": "\t"} | {
    b"emdash": "—",
    b"endash": "–",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"bullet": "•",
}
_SYMBOLS = {b"\\": "\\", b"{": "{", b"}": "}", b"~": "\N{NO-BREAK SPACE}", b"_": "-", b"\n": "\n", b"\r": "\n"}
_ROWS = (b"row", b"nestrow")


@dataclass(frozen=True, slots=True)
class Document:
    """`text` is HTML when `is_html`; `cut` when there was more than is read."""

    text: str
    is_html: bool
    cut: bool


@dataclass(frozen=True, slots=True)
class _State:
    """What holds until the group ends. `unseen`: its words are of no text; `instead`: they stand in for the HTML beside them."""

    unseen: bool = False
    instead: bool = False
    substitutes: int = 1


def read(octets: bytes) -> Document:
    reader = _Reader()
    at = 0
    for _ in range(MOST_TOKENS):
        token = _TOKEN.match(octets, at)
        if token is None:
            break
        at = reader.take(token)
    return Document(reader.text(), reader.is_html, at < len(octets))


class _Reader:
    def __init__(self) -> None:
        self.is_html = False
        self._state = _State()
        self._groups: list[_State] = []
        self._pieces: list[str] = []
        self._octets = bytearray()
        self._charset = "cp1252"
        self._skip = 0
        self._starred = False

    def text(self) -> str:
        self._flush()
        text = "".join(self._pieces)
        # two halves of one character beyond 65,535 came as two numbers
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def take(self, token: re.Match[bytes]) -> int:
        """Index behind the token, and behind the octets that it announces."""
        kind, end = token.lastgroup, token.end()
        if kind in {"word", "number"}:
            return end + self._word(token["word"], token["number"])
        if kind == "brace":
            self._brace(token["brace"])
        elif kind == "octet":
            self._literal(bytes((int(token["octet"], 16),)))
        elif kind == "text":
            self._literal(token["text"])
        elif kind == "symbol":
            self._symbol(token["symbol"])
        return end

    def _brace(self, brace: bytes) -> None:
        self._skip, self._starred = 0, False
        if brace == b"{":
            self._groups.append(self._state)
        elif self._groups:
            self._state = self._groups.pop()

    def _word(self, word: bytes, digits: bytes | None) -> int:
        """How many octets behind the word belong to it."""
        number = int(digits) if digits else None
        starred, self._starred = self._starred, False
        if word == b"bin":
            return max(0, number or 0)
        if word in _UNSEEN or (starred and not (self.is_html and word == b"htmltag")):
            self._state = replace(self._state, unseen=True)
        elif word == b"htmlrtf":
            self._state = replace(self._state, instead=number != 0)
        elif word == b"fromhtml":
            self.is_html = number != 0
        elif word == b"ansicpg":
            self._flush()
            self._charset = f"cp{number}"
        elif word == b"uc":
            self._state = replace(self._state, substitutes=max(0, min(number or 0, 16)))
        elif word == b"u":
            self._character((number or 0) % 65_536)
        elif word in _ROWS:
            self._row()
        elif word in _WORDS:
            self._say(_WORDS[word])
        return 0

    def _character(self, code: int) -> None:
        """By its number; what stands in for it in older programs follows."""
        if self._skip:
            self._skip -= 1
            return
        self._say(chr(code))
        self._skip = self._state.substitutes

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._starred = True
        elif self._skip:
            self._skip -= 1
        elif symbol in _SYMBOLS:
            self._say(_SYMBOLS[symbol])

    def _literal(self, octets: bytes) -> None:
        skipped = min(self._skip, len(octets))
        self._skip -= skipped
        if self._is_said():
            self._octets += octets[skipped:]

    def _row(self) -> None:
        """Cells end with a tab each; a row of them has one less."""
        self._flush()
        if self._is_said() and self._pieces and self._pieces[-1] == "\t":
            self._pieces.pop()
        self._say("\n")

    def _say(self, text: str) -> None:
        if self._is_said():
            self._flush()
            self._pieces.append(text)

    def _is_said(self) -> bool:
        return not self._state.unseen and not (self.is_html and self._state.instead)

    def _flush(self) -> None:
        """Octets are decoded together: several may be one character."""
        if self._octets:
            self._pieces.append(charset.to_text(bytes(self._octets), self._charset))
            self._octets.clear()
