"""What octets mean that are no text: a date, a number wrapped in Opaque. Both are readings beside the octets, never instead."""

import struct
from datetime import date

OPAQUE = 0x44
"""BER tag of Opaque (RFC 2578 section 7.1.9)."""
_YEARS = range(1900, 2200)
"""RFC 2579 allows any year; octets that say another one are no date."""
_WRAPPED = 0x9F
_FLOAT, _DOUBLE, _COUNTER64, _INTEGER64, _UNSIGNED64 = 0x78, 0x79, 0x76, 0x7A, 0x7B
_WIDEST = 9


def date_and_time(octets: bytes) -> str | None:
    """DateAndTime (RFC 2579) as `2026-12-31 23:59:59`, with ` -03:00` behind it when there are 11 octets; None when the 8 or 11
    octets are no date. Tenths of seconds are left out."""
    if len(octets) not in (8, 11):
        return None
    year, (month, day, hour, minute, second, tenths) = int.from_bytes(octets[:2], "big"), octets[2:8]
    if year not in _YEARS or hour > 23 or minute > 59 or second > 60 or tenths > 9:
        return None
    try:
        date(year, month, day)
    except ValueError:
        return None
    text = f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    if len(octets) == 8:
        return text
    sign, hours, minutes = octets[8:]
    return f"{text} {chr(sign)}{hours:02}:{minutes:02}" if sign in b"+-" and hours <= 14 and minutes <= 59 else None


def wrapped_number(octets: bytes) -> str | None:
    """The number that net-snmp and others put into an Opaque: an element of its own whose tag of two octets begins with 9F
    (draft-perkins-opaque). Floats with as few digits as tell them apart; None when the octets are none of it."""
    if len(octets) < 4 or octets[0] != _WRAPPED or octets[2] != len(octets) - 3:
        return None
    kind, raw = octets[1], octets[3:]
    if kind == _FLOAT and len(raw) == 4:
        return _shortest(raw)
    if kind == _DOUBLE and len(raw) == 8:
        return repr(struct.unpack(">d", raw)[0])
    if len(raw) > _WIDEST:
        return None
    if kind == _INTEGER64:
        return str(int.from_bytes(raw, "big", signed=True))
    return str(int.from_bytes(raw, "big")) if kind in (_COUNTER64, _UNSIGNED64) else None


def _shortest(raw: bytes) -> str:
    """The shortest decimal form that gives these four octets again."""
    value = struct.unpack(">f", raw)[0]
    forms = (f"{value:.{digits}g}" for digits in range(1, 10))
    return next((form for form in forms if _single(float(form)) == raw), repr(value))


def _single(value: float) -> bytes:
    """The four octets of a float; none when rounding made it larger than the largest."""
    try:
        return struct.pack(">f", value)
    except OverflowError:
        return b""
