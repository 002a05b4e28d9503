"""v3 messages of pysnmp opened by us and ours by pysnmp, with every pair of algorithms; and its keys beside ours."""

from itertools import product

import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import Pdu, Secured, Trap
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.usm_keys import local_key, master_key, privacy_key
from receivers.snmp.v3_building import Envelope, build, scoped_pdu
from tests.pysnmp_v3 import PysnmpEngine, encoded, keys_of, level_of, pdu_of

ENGINE = bytes.fromhex("80001f8880c0ffee0102030405")
OTHER_ENGINE = bytes.fromhex("80001f888053594d414e544543")
PAIRS: list[tuple[AuthProtocol | None, PrivProtocol | None]] = [(None, None), *product(AuthProtocol, [None, *PrivProtocol])]
EVERY_PAIR = pytest.mark.parametrize(
    ("auth", "priv"), [pytest.param(auth, priv, id=f"{auth or 'none'}-{priv or 'none'}") for auth, priv in PAIRS]
)
SIZES = [*range(17), 126, 300]
"""Octets of the varbind: every remainder of a block, and long lengths."""


def user_of(auth: AuthProtocol | None, priv: PrivProtocol | None) -> SnmpUser:
    return SnmpUser(
        f"{auth}-{priv}".encode(),
        auth,
        b"auth-pass-phrase" if auth else b"",
        priv,
        b"priv pass phrase" if priv else b"",
        min_level=SecurityLevel.NO_AUTH_NO_PRIV,
    )


@pytest.fixture(scope="module")
def pysnmp(tmp_path_factory: pytest.TempPathFactory) -> PysnmpEngine:
    return PysnmpEngine(ENGINE, tmp_path_factory.mktemp("pysnmp"))


@EVERY_PAIR
def test_we_open_what_pysnmp_sealed(pysnmp: PysnmpEngine, auth: AuthProtocol | None, priv: PrivProtocol | None) -> None:
    user, ring = user_of(auth, priv), KeyRing()
    pysnmp.know(user)

    for size in SIZES:
        datagram = pysnmp.trap(user, pdu_of(bytes(size)))
        secured = decode(datagram)
        assert isinstance(secured, Secured)
        trap = ring.unlock(datagram, secured, user)

        assert isinstance(trap, Trap), trap
        assert (trap.pdu, trap.trap_oid) == (Pdu.TRAP_V2, "1.3.6.1.6.3.1.1.5.1")
        assert trap.varbinds == [("1.3.6.1.4.1.3417.2.12.1.1.1.1", 0x04, bytes(size))]
        assert (secured.engine_id, secured.user, secured.encrypted) == (ENGINE, user.name, priv is not None)


@EVERY_PAIR
def test_pysnmp_opens_what_we_sealed(pysnmp: PysnmpEngine, auth: AuthProtocol | None, priv: PrivProtocol | None) -> None:
    user, ring, salts = user_of(auth, priv), KeyRing(), Salts()
    pysnmp.know(user, at=OTHER_ENGINE)

    for message_id, size in enumerate(SIZES):
        pdu = encoded(pdu_of(bytes(size)))
        envelope = Envelope(OTHER_ENGINE, 7, 1_000_000 + message_id, user.name, message_id, level_of(user))
        datagram = build(envelope, scoped_pdu(OTHER_ENGINE, pdu), ring.keys(user, OTHER_ENGINE), salts=salts)

        assert pysnmp.opened(datagram) == (user.name, level_of(user), pdu)


@pytest.mark.parametrize("priv", [None, *PrivProtocol])
def test_pysnmp_takes_our_inform_to_its_engine(pysnmp: PysnmpEngine, priv: PrivProtocol | None) -> None:
    user = SnmpUser(
        f"inform-{priv}".encode(), AuthProtocol.SHA256, b"auth-pass-phrase", priv, b"priv pass phrase" if priv else b""
    )
    pysnmp.know(user)
    pdu = encoded(pdu_of(b"disk 3 failed", inform=True))
    envelope = Envelope(ENGINE, *pysnmp.clock, user.name, 4711, level_of(user), reportable=True)

    datagram = build(envelope, scoped_pdu(ENGINE, pdu), KeyRing().keys(user, ENGINE), salts=Salts())

    assert pysnmp.opened(datagram) == (user.name, level_of(user), pdu)


@pytest.mark.parametrize(("auth", "priv"), list(product(AuthProtocol, PrivProtocol)))
@pytest.mark.parametrize(
    "pass_phrase", [b"maplesyrup", b"8 octets", b"x" * 64, b"a pass phrase whose length is a prime number....!"]
)
def test_our_keys_are_those_of_pysnmp(auth: AuthProtocol, priv: PrivProtocol, pass_phrase: bytes) -> None:
    master = master_key(auth, pass_phrase)
    local = local_key(auth, master, ENGINE)
    material = privacy_key(auth, priv, local=local, engine_id=ENGINE)

    assert (master, local, material) == keys_of(auth, priv, pass_phrase, ENGINE)
