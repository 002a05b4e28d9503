"""Users and sealed messages for tests of v3. Sealing is ours (`receivers.snmp.v3_building`), which the differential tests hold
against pysnmp and net-snmp; `signed` is for messages that it would not make."""

import hmac
from dataclasses import replace

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing, LocalKeys
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.usm_keys import local_key, master_key
from receivers.snmp.v3_building import Envelope, build
from tests import snmp_wire as wire

USER = SnmpUser(b"console-1", AuthProtocol.SHA1, b"auth pass phrase", PrivProtocol.AES128, b"priv pass phrase")
NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
SCOPED = wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(NAME, wire.string("disk 3 failed"))))
SALTS = Salts()

_HMAC = {AuthProtocol.MD5: ("md5", 12), AuthProtocol.SHA1: ("sha1", 12), AuthProtocol.SHA256: ("sha256", 24)}


def at_least(level: SecurityLevel, user: SnmpUser = USER) -> SnmpUser:
    return replace(user, min_level=level)


def sealed(
    scoped: bytes = SCOPED,
    *,
    user: SnmpUser = USER,
    level: SecurityLevel = SecurityLevel.AUTH_PRIV,
    engine_id: bytes = wire.ENGINE,
    boots: int = 3,
    time: int = 4711,
    message_id: int = 99,
) -> bytes:
    """A message as that user's console sends it."""
    envelope = Envelope(engine_id, boots, time, user.name, message_id, level)
    keys = None if level is SecurityLevel.NO_AUTH_NO_PRIV else LocalKeys(user, engine_id)
    return build(envelope, scoped, keys, salts=SALTS)


def signed(datagram: bytes, user: SnmpUser = USER) -> bytes:
    """The message with the user's digest in the place of the octets that are there."""
    secured = decode(datagram)
    assert isinstance(secured, Secured), secured
    assert user.auth_protocol is not None
    begin, end = secured.digest
    name, octets = _HMAC[user.auth_protocol]
    assert end - begin == octets
    key = local_key(user.auth_protocol, master_key(user.auth_protocol, user.auth), secured.engine_id)
    blank = datagram[:begin] + bytes(octets) + datagram[end:]
    return datagram[:begin] + hmac.digest(key, blank, name)[:octets] + datagram[end:]


def unlocked(datagram: bytes, user: SnmpUser = USER, ring: KeyRing | None = None) -> Trap | NotDecoded:
    """What becomes of a datagram whose header is one of a v3 message."""
    secured = decode(datagram)
    assert isinstance(secured, Secured), secured
    return (ring or KeyRing()).unlock(datagram, secured, user)
