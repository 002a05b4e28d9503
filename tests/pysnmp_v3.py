"""pysnmp's own message processing and security of v3, without sockets: makes messages for us to open, and opens ours."""

import tempfile
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

from pyasn1.codec.ber import decoder, encoder

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # pysnmp 7.1 with pysmi 2
    from pysnmp.entity import config
    from pysnmp.entity.engine import SnmpEngine
    from pysnmp.proto import rfc1902
    from pysnmp.proto.api import v2c
    from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

AUTH_IDS = {
    None: config.USM_AUTH_NONE,
    AuthProtocol.MD5: config.USM_AUTH_HMAC96_MD5,
    AuthProtocol.SHA1: config.USM_AUTH_HMAC96_SHA,
    AuthProtocol.SHA224: config.USM_AUTH_HMAC128_SHA224,
    AuthProtocol.SHA256: config.USM_AUTH_HMAC192_SHA256,
    AuthProtocol.SHA384: config.USM_AUTH_HMAC256_SHA384,
    AuthProtocol.SHA512: config.USM_AUTH_HMAC384_SHA512,
}
PRIV_IDS = {
    None: config.USM_PRIV_NONE,
    PrivProtocol.DES: config.USM_PRIV_CBC56_DES,
    PrivProtocol.DES3: config.USM_PRIV_CBC168_3DES,
    PrivProtocol.AES128: config.USM_PRIV_CFB128_AES,
    PrivProtocol.AES192: config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    PrivProtocol.AES256: config.USM_PRIV_CFB256_AES_BLUMENTHAL,
    PrivProtocol.AES192_C: config.USM_PRIV_CFB192_AES,
    PrivProtocol.AES256_C: config.USM_PRIV_CFB256_AES,
}
_UDP = (1, 3, 6, 1, 6, 1, 1)
_PEER = ("127.0.0.1", 162)
_V2_PDU = 1


def level_of(user: SnmpUser) -> SecurityLevel:
    """The best that the user can do."""
    if user.priv_protocol is not None:
        return SecurityLevel.AUTH_PRIV
    return SecurityLevel.NO_AUTH_NO_PRIV if user.auth_protocol is None else SecurityLevel.AUTH_NO_PRIV


def pdu_of(octets: bytes, *, inform: bool = False) -> Any:
    """A notification with those octets as its one varbind."""
    pdu = v2c.InformRequestPDU() if inform else v2c.TrapPDU()
    v2c.apiTrapPDU.set_defaults(pdu)
    own = (rfc1902.ObjectIdentifier("1.3.6.1.4.1.3417.2.12.1.1.1.1"), rfc1902.OctetString(octets))
    v2c.apiPDU.set_varbinds(pdu, [*v2c.apiPDU.get_varbinds(pdu), own])
    return pdu


def trap_pdu_of(octets: bytes) -> Any:
    """A trap's PDU as pysnmp reads it."""
    pdu, rest = decoder.decode(octets, asn1Spec=v2c.TrapPDU())
    assert not rest
    return pdu


def encoded(pdu: Any) -> bytes:
    return bytes(encoder.encode(pdu))


def keys_of(auth: AuthProtocol, priv: PrivProtocol, pass_phrase: bytes, engine_id: bytes) -> tuple[bytes, bytes, bytes]:
    """(hash of the pass phrase, key at the engine, key material of the cipher)"""
    at = rfc1902.OctetString(engine_id)
    authentication = SnmpUSMSecurityModel.AUTH_SERVICES[AUTH_IDS[auth]]
    privacy = SnmpUSMSecurityModel.PRIV_SERVICES[PRIV_IDS[priv]]
    master = authentication.hash_passphrase(rfc1902.OctetString(pass_phrase))
    local = authentication.localize_key(master, at)
    return bytes(master), bytes(local), bytes(privacy.localize_key(AUTH_IDS[auth], master, at))


class PysnmpEngine:
    """An engine of pysnmp with a table of users. It counts its boots in a file below `directory`."""

    def __init__(self, engine_id: bytes, directory: Path) -> None:
        self.engine_id = engine_id
        with mock.patch.object(tempfile, "tempdir", str(directory)), warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # the file of the boots is left open
            self._engine = SnmpEngine(snmpEngineID=rfc1902.OctetString(engine_id))
        self._processing = self._engine.message_processing_subsystems[3]

    def know(self, user: SnmpUser, *, at: bytes | None = None) -> None:
        """A user of its own engine, or of another one."""
        config.add_v3_user(
            self._engine,
            user.name.decode(),
            AUTH_IDS[user.auth_protocol],
            user.auth.decode() or None,
            PRIV_IDS[user.priv_protocol],
            user.priv.decode() or None,
            securityEngineId=None if at is None else rfc1902.OctetString(at),
        )

    def trap(self, user: SnmpUser, pdu: Any) -> bytes:
        """The message that it would send."""
        made = self._processing.prepare_outgoing_message(
            *(self._engine, _UDP, _PEER, 3, 3, rfc1902.OctetString(user.name), int(level_of(user))),
            *(rfc1902.OctetString(self.engine_id), b"", _V2_PDU, pdu, False, 1),
        )
        return bytes(made[2])

    def opened(self, datagram: bytes) -> tuple[bytes, int, bytes]:
        """(user, level, PDU) of a message to it. Raise pysnmp's StatusInformation when it believes nothing of it."""
        told = self._processing.prepare_data_elements(self._engine, _UDP, _PEER, datagram)
        return bytes(told[2]), int(told[3]), encoded(told[7])

    @property
    def clock(self) -> tuple[int, int]:
        """(snmpEngineBoots, snmpEngineTime)"""
        boots, time = self._engine.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineBoots", "snmpEngineTime")
        return int(boots.syntax), int(time.syntax.clone())
