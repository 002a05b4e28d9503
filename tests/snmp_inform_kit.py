"""Informs of v3 to our engine, as a console seals them, and what a console reads in the answers."""

from dataclasses import replace
from ipaddress import ip_network
from typing import NamedTuple

from collector.domain.clock import NS_PER_SECOND
from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import SecurityLevel, SnmpAccess, SnmpUser
from collector.domain.trap import NotDecoded, Secured
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing, LocalKeys, Opened
from receivers.snmp.v3 import level_of
from receivers.snmp.v3_building import Envelope, build
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import CLOCK, Console
from tests.snmp_v3_kit import SALTS, USER

CONSOLE_ENGINE = bytes.fromhex("80001f888059dc486145a26322")
UNKNOWN_ENGINES = "1.3.6.1.6.3.15.1.1.4.0"
NOT_IN_TIME = "1.3.6.1.6.3.15.1.1.2.0"
REPORT = 0xA8


def access_of(user: SnmpUser = USER, *networks: str, listener: str = "") -> SnmpAccess:
    return SnmpAccess("v3", tuple(map(ip_network, networks or ("127.0.0.0/8",))), listener, user=user)


def pdu(tag: int = wire.INFORM, *varbinds: bytes, request_id: int = 77) -> bytes:
    return wire.v2_pdu(wire.uptime(), wire.trap_oid(), *varbinds, tag=tag, request_id=request_id)


def message_to(
    engine: OwnEngine,
    body: bytes,
    *,
    user: SnmpUser = USER,
    level: SecurityLevel = SecurityLevel.AUTH_PRIV,
    boots: int | None = None,
    time: int | None = None,
    message_id: int = 5,
    reportable: bool = True,
) -> bytes:
    """A message with that PDU; boots and time are right when they are not given."""
    boots = engine.boots if boots is None else boots
    time = engine.time(CLOCK.monotonic_ns()) if time is None else time
    envelope = Envelope(engine.id, boots, time, user.name, message_id, level, reportable)
    keys = None if level is SecurityLevel.NO_AUTH_NO_PRIV else LocalKeys(user, engine.id)
    return build(envelope, wire.scoped(body, context_engine_id=CONSOLE_ENGINE), keys, salts=SALTS)


def in_the_open(engine_id: bytes, body: bytes, *, message_id: int = 5, reportable: bool = True, user: bytes = b"") -> bytes:
    """Neither signed nor encrypted, such as a discovery (RFC 3414 section 4)."""
    envelope = Envelope(engine_id, 0, 0, user, message_id, reportable=reportable)
    return build(envelope, wire.scoped(body, context_engine_id=engine_id))


def discovery(*, message_id: int = 5) -> bytes:
    return in_the_open(b"", wire.v2_pdu(tag=wire.GET, request_id=message_id), message_id=message_id)


class Told(NamedTuple):
    """An answer as the console reads it."""

    secured: Secured
    level: SecurityLevel
    scoped: bytes
    pdu: bytes


def told(answer: bytes, user: SnmpUser = USER) -> Told:
    """What an answer says, once its digest was found right."""
    secured = decode(answer)
    assert isinstance(secured, Secured), secured
    opened = KeyRing().open(answer, secured, replace(user, min_level=SecurityLevel.NO_AUTH_NO_PRIV))
    assert isinstance(opened, Opened), opened
    level = level_of(secured.flags, encrypted=secured.encrypted)
    return Told(secured, level, opened.data[opened.begin : opened.end], opened.data[opened.pdu : opened.end])


def report_pdu(name: str, value: int, *, request_id: int = 0) -> bytes:
    """The Report that says so, octet by octet."""
    return wire.v2_pdu(wire.varbind(name, wire.integer(value, tag=0x41)), tag=REPORT, request_id=request_id)


def is_refused(answer: bytes, user: SnmpUser) -> bool:
    """Whether this user's keys do not open it."""
    secured = decode(answer)
    assert isinstance(secured, Secured), secured
    return isinstance(KeyRing().open(answer, secured, user), NotDecoded)


class Informer:
    """A console that learns our engine and its time from Reports alone, and repeats what gets no Response, as senders do."""

    def __init__(self, console: Console, user: SnmpUser = USER) -> None:
        self.engine = OwnEngine(b"", 0, 0)
        self.reports: list[Told] = []
        self._console = console
        self._user = user
        self._message_id = 0

    @property
    def sent(self) -> int:
        """How many datagrams so far."""
        return self._message_id

    def inform(self, body: bytes) -> Told:
        """Send this PDU until it is answered."""
        for _ in range(200):
            self._message_id += 1
            self._console.send(self._datagram(body))
            answer = self._answer()
            if answer is None:
                continue
            if answer.pdu[0] == wire.RESPONSE:
                return answer
            self.reports.append(answer)
            secured = answer.secured
            self.engine = OwnEngine(secured.engine_id, secured.boots, CLOCK.monotonic_ns() - secured.time * NS_PER_SECOND)
        raise AssertionError("no Response")

    def _datagram(self, body: bytes) -> bytes:
        if not self.engine.id:
            return discovery(message_id=self._message_id)
        return message_to(self.engine, body, user=self._user, message_id=self._message_id)

    def _answer(self) -> Told | None:
        """That to the last message; None when there is none in time."""
        while self._console.has_answer(within_seconds=0.2):
            answer = told(self._console.answer(), self._user)
            if answer.secured.message_id == self._message_id:
                return answer
        return None
