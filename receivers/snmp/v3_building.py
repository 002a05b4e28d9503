"""Builds v3 messages (RFC 3412 section 6): headers, scoped PDUs, Reports, sealed with a user's keys. Opening them is in `usm`."""

from dataclasses import dataclass
from enum import IntEnum

from collector.domain.message_flags import FLAGS, REPORTABLE
from collector.domain.snmp_access import SecurityLevel
from receivers.snmp import ber, v3
from receivers.snmp.ber_writing import element, integer, octets
from receivers.snmp.frame import MAX_MESSAGE_OCTETS, VERSION_3
from receivers.snmp.pdu_types import GET, REPORT
from receivers.snmp.usm import LocalKeys
from receivers.snmp.usm_ciphers import Salts, Sealed

_USM_STATS = bytes((0x2B, 6, 1, 6, 3, 15, 1, 1))
_VERSION = integer(VERSION_3)


class UsmStatistic(IntEnum):
    """What a Report says (RFC 3414 section 5): the arc below usmStats."""

    UNSUPPORTED_SECURITY_LEVELS = 1
    NOT_IN_TIME_WINDOWS = 2
    UNKNOWN_USER_NAMES = 3
    UNKNOWN_ENGINE_IDS = 4
    WRONG_DIGESTS = 5
    DECRYPTION_ERRORS = 6


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the header says. `engine_id`, `boots` and `time` are those of the authoritative engine: the sender's of traps and
    Reports and Responses to us, the receiver's of requests and informs. `reportable`: the receiver may answer with a Report."""

    engine_id: bytes
    boots: int
    time: int
    user: bytes
    message_id: int
    level: SecurityLevel = SecurityLevel.NO_AUTH_NO_PRIV
    reportable: bool = False


def build(envelope: Envelope, scoped: bytes, keys: LocalKeys | None = None, *, salts: Salts | None = None) -> bytes:
    """The whole message around a scoped PDU, with the digest and the encryption that the level asks for.

    `keys` are the user's at `envelope.engine_id`; `salts` is shared by all messages of a process. Raise ValueError when what the
    level needs is missing.
    """
    digester = cipher = None
    if envelope.level > SecurityLevel.NO_AUTH_NO_PRIV and (keys is None or (digester := keys.digester) is None):
        raise ValueError(f"no keys for {envelope.level.word}")
    sealed = Sealed(b"", scoped)
    if envelope.level is SecurityLevel.AUTH_PRIV:
        if keys is None or salts is None or (cipher := keys.cipher) is None:
            raise ValueError(f"no keys or salts for {envelope.level.word}")
        salt, body = cipher.seal(scoped, boots=envelope.boots, time=envelope.time, number=salts.next())
        sealed = Sealed(salt, octets(body))
    blank = bytes(digester.octets) if digester is not None else b""
    message = _assembled(envelope, blank, sealed)
    if digester is None:
        return message
    # The digest is followed by the salt with its header of two octets, and by the scoped PDU.
    at = len(message) - len(sealed.body) - len(sealed.salt) - 2 - digester.octets
    return b"".join((message[:at], digester.digest(message, at), message[at + digester.octets :]))


def _assembled(envelope: Envelope, digest: bytes, sealed: Sealed) -> bytes:
    """`sealed.body` is a whole element here."""
    flags = FLAGS[envelope.level] | (REPORTABLE if envelope.reportable else 0)
    # msgMaxSize is what we take.
    size = integer(MAX_MESSAGE_OCTETS)
    about = element(ber.SEQUENCE, integer(envelope.message_id), size, octets(bytes((flags,))), integer(v3.USM))
    security = element(
        ber.SEQUENCE,
        octets(envelope.engine_id),
        integer(envelope.boots),
        integer(envelope.time),
        octets(envelope.user),
        octets(digest),
        octets(sealed.salt),
    )
    return element(ber.SEQUENCE, _VERSION, about, octets(security), sealed.body)


def scoped_pdu(context_engine_id: bytes, pdu: bytes, *, context_name: bytes = b"") -> bytes:
    """RFC 3412 section 6.8."""
    return element(ber.SEQUENCE, octets(context_engine_id), octets(context_name), pdu)


def report(statistic: UsmStatistic, counter: int, *, request_id: int = 0) -> bytes:
    """The Report-PDU that tells why a message was not taken (RFC 3414 section 3.2, RFC 3416 section 4.2): the PDU alone.
    `request_id` is that of the refused PDU, 0 when it could not be read (RFC 3412 section 7.1 step 3)."""
    name = element(ber.OBJECT_IDENTIFIER, _USM_STATS + bytes((statistic, 0)))
    varbind = element(ber.SEQUENCE, name, integer(counter & ber.MASK_32, ber.COUNTER32))
    return element(REPORT, integer(request_id), integer(0), integer(0), element(ber.SEQUENCE, varbind))


def discovery(message_id: int) -> bytes:
    """The request that makes an engine tell its ID (RFC 3414 section 4): answered by a Report of unknown engine IDs."""
    pdu = element(GET, integer(message_id), integer(0), integer(0), element(ber.SEQUENCE))
    return build(Envelope(b"", 0, 0, b"", message_id, reportable=True), scoped_pdu(b"", pdu))
