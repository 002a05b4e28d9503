"""Compressed RTF (MS-OXRTFCP) to RTF, within a limit. A pure function that never raises: what is broken ends early."""

import struct

_HEADER = struct.Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
"""`LZFu` and `MELA` (section 2.1.3.1.1)."""
_WINDOW = 4_096
_BEGINNING = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArial"
    rb"Times New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the window holds at first (section 2.1.2.1): a constant of the format."""


def unpacked(octets: bytes, *, limit: int) -> bytes:
    """RTF of at most `limit` octets; empty when `octets` are none. The checksum is not looked at."""
    if len(octets) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(octets)
    if kind == _STORED:
        return octets[_HEADER.size : _HEADER.size + min(size, limit)]
    return _expanded(octets, limit) if kind == _COMPRESSED else b""


def _expanded(octets: bytes, limit: int) -> bytes:
    """Runs of eight tokens, each a literal or a place in the window of the last 4,096 octets and a length (section 2.2.1)."""
    out = bytearray(_BEGINNING)
    at, end, most = _HEADER.size, len(octets), len(_BEGINNING) + limit
    while at < end and len(out) < most:
        control = octets[at]
        at += 1
        for bit in range(8):
            if at >= end:
                break
            if not control >> bit & 1:
                out.append(octets[at])
                at += 1
                continue
            if at + 1 >= end:
                return bytes(out[len(_BEGINNING) : most])
            place, length = octets[at] << 4 | octets[at + 1] >> 4, (octets[at + 1] & 15) + 2
            at += 2
            back = (len(out) - place) % _WINDOW
            if back == 0 or back > len(out):  # the end, or a place where nothing has been yet
                return bytes(out[len(_BEGINNING) : most])
            begin = len(out) - back
            piece = out[begin : begin + length]
            out += piece if len(piece) == length else (piece * (length // len(piece) + 1))[:length]
    return bytes(out[len(_BEGINNING) : most])
