"""Octets to text with the charset that a mail claims, and with what it probably meant. Never raises; no MIME here."""

import re

_ALIASES = {
    "ascii": "",
    "us-ascii": "",
    "ansi_x3.4-1968": "",
    "ansi": "cp1252",
    "binary": "",
    "default": "",
    "none": "",
    "unknown-8bit": "",
    "x-unknown": "",
    "unicode-1-1-utf-8": "utf-8",
    "utf": "utf-8",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8-sig": "utf-8",
    "x-utf-8": "utf-8",
    "unicode": "utf-16",
    "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    # What is labelled ISO 8859 is Windows more often than not, and the octets that differ are control characters in the former.
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "cp819": "cp1252",
    "windows-1252": "cp1252",
    "x-ansi": "cp1252",
    "x-cp1252": "cp1252",
    "iso-8859-9": "cp1254",
    "latin5": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gb-2312": "gb18030",
    "gb2312-80": "gb18030",
    "chinese": "gb18030",
    "cp936": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp950": "cp950",
    "shift-jis": "cp932",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "ms-kanji": "cp932",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp-ms": "iso2022_jp",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "iso-8859-8-i": "cp1255",
    "macintosh": "mac_roman",
    "mac": "mac_roman",
    "x-mac-roman": "mac_roman",
}
"""Names in the normal form of `_normal`; an empty value means "no claim that one could use"."""

_NUMBERED = re.compile(r"(?:x-)?(?:windows|win|cp|ibm|dos)-?([0-9]{3,5})")
_ISO = re.compile(r"iso-?(8859|2022)-([a-z0-9-]{1,6})")

_SINGLE_OCTET = {f"cp{n}" for n in (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869, 874)}
_SINGLE_OCTET |= {f"cp{n}" for n in range(1250, 1259)} | {f"iso8859_{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
_SINGLE_OCTET |= {"koi8_r", "koi8_u", "mac_roman", "mac_latin2", "mac_cyrillic", "mac_greek", "mac_turkish"}
_MULTI_OCTET = {"utf-8", "gb18030", "big5hkscs", "cp950", "cp932", "cp949", "euc_jp", "johab"}
_STATEFUL = {"utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso2022_jp", "iso2022_jp_2", "iso2022_kr", "hz"}
_UNICODE_WITHOUT_ASCII = {"utf-16", "utf-16-le", "utf-16-be", "utf-32"}
_KNOWN = _SINGLE_OCTET | _MULTI_OCTET | _STATEFUL
"""A closed list: Python has codecs that are no charsets (`unicode_escape`, `idna`); a mail must not name them."""

_CUT_CHARACTER = re.compile(rb"([\xc2-\xf4][\x80-\xbf]{0,2})(\r?\n)([\x80-\xbf]{1,3})")
_SNIFFED = 4_096
_MOST_MENDED = 10_000
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@", b"\x1b(J")
_SHORTEST_UTF_16 = 8
"""Octets; less may be anything."""

_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def codec_for(charset: str) -> str:
    """The codec that a charset name stands for, or "" when it says nothing (unknown, absurd, plain ASCII)."""
    name = _normal(charset)
    if name in _ALIASES:
        return _ALIASES[name]
    if match := _NUMBERED.fullmatch(name):
        name = f"cp{match[1]}"
    elif match := _ISO.fullmatch(name):
        name = f"iso{match[1]}_{match[2].replace('-', '_')}"
    for candidate in (name, name.replace("-", "_")):
        if candidate in _KNOWN:
            return _ALIASES.get(candidate, candidate)
    return ""


def is_text(octets: bytes) -> bool:
    """Whether a body is words, by its beginning: not blank, UTF-8, no control characters but line ends and tabs."""
    text = octets[:_SNIFFED].decode("utf-8", "replace")
    if len(octets) > _SNIFFED:
        text = text[:-3]  # a character may be cut there
    return bool(text.strip()) and _NO_TEXT.search(text) is None


def to_text(octets: bytes, charset: str = "") -> str:
    """Text of `octets`, with U+FFFD where nothing fits.

    Latin 1 is read as Windows-1252 and GB 2312 as GB 18030; whatever single-octet charset is claimed, valid UTF-8 is UTF-8.
    Without a usable claim, and where a multi-octet claim does not hold, UTF-8 is tried, then Windows-1252. A byte order mark, and
    what cannot be anything else (UTF-16, ISO 2022 in 7 bits), wins over a missing claim; zeros in every second octet over any.
    """
    codec = codec_for(charset) if charset else ""
    if codec in _UNICODE_WITHOUT_ASCII:
        codec = _wide(octets, codec)
    if codec not in _STATEFUL:
        codec = _unclaimed(octets, codec) or codec
        if codec not in _STATEFUL and octets.isascii():
            return octets.decode("ascii")
    if codec in _SINGLE_OCTET:
        return _utf_8_mislabelled(octets) or octets.decode(codec, "replace")
    if codec in {"", "utf-8"}:
        return _utf_8_or_windows(octets)
    return _multi_octet(octets, codec)


def _unclaimed(octets: bytes, codec: str) -> str:
    """The codec that the octets show themselves, or "": a mark or escapes where nothing is claimed, UTF-16 whatever is."""
    if not codec:
        if marked := next((name for mark, name in _MARKS if octets.startswith(mark)), ""):
            return marked
        if b"\x1b" in octets and any(escape in octets for escape in _ISO_2022_JP):
            return "iso2022_jp"
    return _utf_16_unmarked(octets) if b"\0" in octets else ""


def _wide(octets: bytes, codec: str) -> str:
    """The codec of what claims to be UTF-16 or UTF-32. Programs say so in HTML that they then send as UTF-8; and where nothing
    says which half comes first, the zeros do."""
    if b"\0" not in octets and (b" " in octets or b"\n" in octets) and _utf_8_mislabelled(octets) is not None:
        return "utf-8"
    if codec == "utf-16" and not octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16-be" if octets[::2].count(0) > octets[1::2].count(0) else "utf-16-le"
    return codec


def _utf_16_unmarked(octets: bytes) -> str:
    """UTF-16 that does not say so: a third of all octets are zero, and they stand in every second place alone."""
    zeros = octets.count(0)
    if 3 * zeros < len(octets) or len(octets) < _SHORTEST_UTF_16:
        return ""
    in_second_place = octets[1::2].count(0)
    return "utf-16-le" if in_second_place == zeros else "" if in_second_place else "utf-16-be"


def _utf_8_mislabelled(octets: bytes) -> str | None:
    """Text that calls itself Latin 1 or the like and is UTF-8: letters beyond ASCII that form valid UTF-8 by chance do not occur
    in real words."""
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        return None


def _multi_octet(octets: bytes, codec: str) -> str:
    try:
        return octets.decode(codec)
    except UnicodeError:
        pass
    try:
        return octets.decode("utf-8")
    except UnicodeError:
        return _utf_8_or_windows(octets) if codec == "utf-7" else octets.decode(codec, "replace")


def _utf_8_or_windows(octets: bytes) -> str:
    """UTF-8 also when some of it is broken (a character cut by a hard line break): Windows-1252 only if broken is the rule."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeError:
        octets = _CUT_CHARACTER.sub(_mended, octets, count=_MOST_MENDED)
    text = octets.decode("utf-8-sig", "replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    whole = len(text) - broken - len(text.encode("ascii", "ignore"))
    return text if 2 * whole >= broken else octets.decode("cp1252", "replace")


def _mended(match: re.Match[bytes]) -> bytes:
    """The character before the line end that cut it, if the two halves are one."""
    character = match[1] + match[3]
    try:
        whole = len(character.decode("utf-8")) == 1
    except UnicodeError:
        whole = False
    return character + match[2] if whole else match[0]


def _normal(charset: str) -> str:
    return charset.strip().strip("\"'").lower().replace("_", "-").replace(" ", "-")[:64]
