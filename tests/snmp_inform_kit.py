"""Informs of v3 to our engine, as a console seals them, and what a console reads in the answers."""

from dataclasses import replace
from ipaddress import ip_network
from typing import NamedTuple

from collector.domain.own_engine import OwnEngine
from collector.domain.snmp_access import SecurityLevel, SnmpAccess, SnmpUser
from collector.domain.trap import NotDecoded, Secured
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing, LocalKeys, Opened
from receivers.snmp.v3 import level_of
from receivers.snmp.v3_building import Envelope, build
from tests import snmp_wire as wire
from tests.snmp_receiver_kit import CLOCK
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
