"""The form of a v3 message (RFC 3412 section 6, RFC 3414 section 2.4): what its header says, and where its parts and those of its
scoped PDU stand. Nothing is verified or decrypted here."""

from collector.domain.message_flags import LEVEL_BITS, LEVELS
from collector.domain.outcome import Reason
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import Secured
from receivers.snmp import ber
from receivers.snmp.ber import BerError, content
from receivers.snmp.fields import OCTET_STRINGS, SEQUENCES, field
from receivers.snmp.v3_usual import MAX_DIGEST_OCTETS, MAX_ENGINE_OCTETS, MAX_SALT_OCTETS, MAX_USER_OCTETS, usual_header

USM = 3
"""The only security model (RFC 3411 section 5)."""
_MAX_NUMBER = 0x7FFFFFFF


def header(data: bytes, at: int, end: int) -> Secured:
    """The header whose global data begin at `at` of a message that ends at `end`. Raise BerError or IndexError."""
    return usual_header(data, at, end) or any_header(data, at, end)


def any_header(data: bytes, at: int, end: int) -> Secured:
    """The same, part by part: it says what is wrong."""
    start, stop = _part(data, at, end, tag=ber.SEQUENCE, what="msgGlobalData")
    message_id, start = _number(data, start, stop, "msgID")
    _, start = _number(data, start, stop, "msgMaxSize")
    flags, start = _octets(data, start, stop, what="msgFlags", most=16)
    model, _ = _number(data, start, stop, "msgSecurityModel")
    if not flags:
        raise BerError(Reason.BAD_PDU, "msgFlags has no octet")
    if model != USM:
        raise BerError(Reason.BAD_PDU, f"security model {model}")
    start, after = _part(data, stop, end, tag=ber.OCTET_STRING, what="msgSecurityParameters")
    start, stop = _part(data, start, after, tag=ber.SEQUENCE, what="UsmSecurityParameters")
    engine_id, start = _octets(data, start, stop, what="msgAuthoritativeEngineID", most=MAX_ENGINE_OCTETS)
    boots, start = _number(data, start, stop, "msgAuthoritativeEngineBoots")
    time, start = _number(data, start, stop, "msgAuthoritativeEngineTime")
    user, start = _octets(data, start, stop, what="msgUserName", most=MAX_USER_OCTETS)
    digest = _part(data, start, stop, tag=ber.OCTET_STRING, what="msgAuthenticationParameters")
    if digest[1] - digest[0] > MAX_DIGEST_OCTETS:
        raise BerError(Reason.BAD_PDU, "msgAuthenticationParameters is too long")
    salt, _ = _octets(data, digest[1], stop, what="msgPrivacyParameters", most=MAX_SALT_OCTETS)
    encrypted = after < end and data[after] == ber.OCTET_STRING
    inner, stop = _part(data, after, end, tag=ber.OCTET_STRING if encrypted else ber.SEQUENCE, what="the scoped PDU")
    body = (inner if encrypted else after, stop)
    level_of(flags[0], encrypted=encrypted)
    return Secured(engine_id, boots, time, user, message_id, flags[0], digest, salt, body, encrypted)


def level_of(flags: int, *, encrypted: bool) -> SecurityLevel:
    """How a message is protected, by its flags and by whether its scoped PDU is in the open. Raise BerError when they contradict
    each other (RFC 3412 section 7.2 step 5: privacy without authentication is invalid)."""
    level = LEVELS.get(flags & LEVEL_BITS)
    if level is None:
        raise BerError(Reason.BAD_PDU, "the flags say encrypted and not authenticated")
    if encrypted is not (level is SecurityLevel.AUTH_PRIV):
        raise BerError(Reason.BAD_PDU, f"the flags say {level.word}, the scoped PDU is {'' if encrypted else 'not '}encrypted")
    return level


def scoped_parts(data: bytes, at: int, end: int) -> tuple[tuple[bytes, bytes], int, int]:
    """Of the scoped PDU at `at` (RFC 3412 section 6.8): (contextEngineID and contextName, where its PDU stands, where it ends).
    Raise BerError or IndexError."""
    at, end = field(data, at, end, tags=SEQUENCES)
    engine, name = field(data, at, end, tags=OCTET_STRINGS)
    begin, at = field(data, name, end, tags=OCTET_STRINGS)
    return (data[engine:name], data[begin:at]), at, end


def _part(data: bytes, at: int, end: int, *, tag: int, what: str) -> tuple[int, int]:
    """Where the content of the element at `at` begins and ends."""
    if at >= end or data[at] != tag:
        raise BerError(Reason.BAD_PDU, f"{what} is missing or of another type")
    stop = at + 2 + data[at + 1]
    if data[at + 1] < 0x80 and stop <= end:
        return at + 2, stop
    return content(data, at + 1, end)


def _octets(data: bytes, at: int, end: int, *, what: str, most: int) -> tuple[bytes, int]:
    """(the octets, where the next part begins)"""
    start, stop = _part(data, at, end, tag=ber.OCTET_STRING, what=what)
    if stop - start > most:
        raise BerError(Reason.BAD_PDU, f"{what} is longer than {most} octets")
    return data[start:stop], stop


def _number(data: bytes, at: int, end: int, what: str) -> tuple[int, int]:
    """A number of 0 to 2^31-1 (all numbers of the header are), and where the next part begins. Four octets are enough for one, so
    those are read in line."""
    stop = at + 2 + data[at + 1] if at + 1 < end else end + 1
    if stop <= end and stop - at <= 6 and data[at] == ber.INTEGER:
        value: int | None = int.from_bytes(data[at + 2 : stop], "big", signed=True)
    else:
        start, stop = _part(data, at, end, tag=ber.INTEGER, what=what)
        value = ber.signed(data[start:stop])
    if value is None or not 0 <= value <= _MAX_NUMBER:
        raise BerError(Reason.BAD_PDU, f"{what} is no number of 31 bits")
    return value, stop
