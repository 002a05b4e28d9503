"""v3 for `send-trap`: seals what is sent as one user, learns the engine of whoever takes informs, and reads its answers (RFC 3414
sections 3 and 4). No sockets here."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pyasn1.codec.ber import decoder
from pyasn1.error import PyAsn1Error
from pysnmp.proto.api import v2c

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.snmp_access import SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Pdu, Secured, Trap
from collector.traffic.encode import Answer, answer_of, encode_pdu
from receivers.snmp import v3
from receivers.snmp.message import decode
from receivers.snmp.pdu_types import REPORT, RESPONSE
from receivers.snmp.usm import KeyRing, Opened
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3_building import Envelope, UsmStatistic, build, discovery, scoped_pdu

OWN_ENGINE = bytes.fromhex("80007ed904") + b"send-trap"
"""RFC 3411 section 5: the enterprise number of those who have none (RFC 5612), then format 4: text."""
_BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
"""When our engine began, for the first and only time: its clock goes on from one command to the next though nothing is kept."""
_WORDS = {
    UsmStatistic.UNSUPPORTED_SECURITY_LEVELS: "it does not take messages of this level from the user",
    UsmStatistic.NOT_IN_TIME_WINDOWS: "the message is out of its time window",
    UsmStatistic.UNKNOWN_USER_NAMES: "it does not know the user",
    UsmStatistic.UNKNOWN_ENGINE_IDS: "it does not know the engine",
    UsmStatistic.WRONG_DIGESTS: "wrong digest: another authentication protocol or pass phrase",
    UsmStatistic.DECRYPTION_ERRORS: "decryption error: another privacy protocol or pass phrase",
}


@dataclass(slots=True)
class _Engine:
    """An authoritative engine, with the time that it said and when that was."""

    id: bytes
    boots: int
    time: int
    at_ns: int


class SealedForm:
    """Messages of one user. Traps come from an engine of our own; informs go to one that `learn` was told of first."""

    def __init__(self, user: SnmpUser, clock: Clock, *, engine_id: bytes = OWN_ENGINE) -> None:
        """At the highest level that the user has protocols for."""
        self._level = _level_of(user)
        self._user = replace(user, min_level=SecurityLevel.NO_AUTH_NO_PRIV)
        self._clock = clock
        self._ring = KeyRing()
        self._salts = Salts()
        self._own = _Engine(engine_id, 1, int((clock.now() - _BEGAN).total_seconds()), clock.monotonic_ns())
        self._peer: _Engine | None = None

    def datagram(self, trap: Trap) -> bytes:
        """The request-id serves as msgID too. Raise Rejected when a value does not fit its type."""
        engine = self._peer if trap.pdu is Pdu.INFORM and self._peer is not None else self._own
        time = engine.time + (self._clock.monotonic_ns() - engine.at_ns) // NS_PER_SECOND
        envelope = Envelope(
            *(engine.id, engine.boots, time, self._user.name, trap.request_id, self._level), reportable=trap.pdu is Pdu.INFORM
        )
        keys = None if self._level is SecurityLevel.NO_AUTH_NO_PRIV else self._ring.keys(self._user, engine.id)
        return build(envelope, scoped_pdu(self._own.id, encode_pdu(trap)), keys, salts=self._salts)

    def discovery(self, message_id: int) -> bytes:
        """What makes the other side tell its engine."""
        return discovery(message_id)

    def learn(self, datagram: bytes, message_id: int) -> bool:
        """Whether the datagram is the answer to `discovery`; its engine is then known."""
        secured = decode(datagram)
        if not isinstance(secured, Secured) or secured.message_id != message_id or not secured.engine_id:
            return False
        self._learn(secured)
        return True

    def answered(self, datagram: bytes) -> Answer | None:
        """What a datagram says to an inform."""
        secured = decode(datagram)
        if not isinstance(secured, Secured):
            return None
        opened = self._ring.open(datagram, secured, self._user)
        if isinstance(opened, NotDecoded):
            return None
        level = v3.level_of(secured.flags, encrypted=secured.encrypted)
        if opened.data[opened.pdu] == RESPONSE and level >= self._level:
            return _response(opened, secured.message_id)
        if opened.data[opened.pdu] != REPORT:
            return None
        statistic = _statistic(opened)
        if statistic is UsmStatistic.NOT_IN_TIME_WINDOWS and level > SecurityLevel.NO_AUTH_NO_PRIV:
            self._learn(secured)
            return Answer(secured.message_id, again=True)
        return Answer(secured.message_id, f"a Report: {_WORDS[statistic] if statistic else 'something else'}")

    def _learn(self, secured: Secured) -> None:
        self._peer = _Engine(secured.engine_id, secured.boots, secured.time, self._clock.monotonic_ns())


def _level_of(user: SnmpUser) -> SecurityLevel:
    if user.auth_protocol is None:
        return SecurityLevel.NO_AUTH_NO_PRIV
    return SecurityLevel.AUTH_NO_PRIV if user.priv_protocol is None else SecurityLevel.AUTH_PRIV


def _response(opened: Opened, message_id: int) -> Answer | None:
    try:
        pdu, _ = decoder.decode(opened.data[opened.pdu : opened.end], asn1Spec=v2c.ResponsePDU())
        return answer_of(message_id, pdu)
    except (PyAsn1Error, ValueError):
        return None


def _statistic(opened: Opened) -> UsmStatistic | None:
    """What a Report reports, when it is one of the security model."""
    try:
        pdu, _ = decoder.decode(opened.data[opened.pdu : opened.end], asn1Spec=v2c.ReportPDU())
        names = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(pdu)]
        return UsmStatistic(next(name[9] for name in names if name[:9] == (1, 3, 6, 1, 6, 3, 15, 1, 1) and len(name) > 9))
    except (PyAsn1Error, ValueError, StopIteration):
        return None
