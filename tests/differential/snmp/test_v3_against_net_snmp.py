"""What net-snmp's snmptrap -v3 puts on the wire, opened by us: every pair of algorithms that it offers."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from collector.domain.outcome import Outcome, Reason
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(shutil.which("snmptrap") is None, reason="net-snmp's snmptrap is not installed"),
]

ENGINE = bytes.fromhex("80001f8880c0ffee0102030405")
NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"
TRAP_OID = "1.3.6.1.4.1.3417.2.12.2.0.3"
PAIRS: list[tuple[AuthProtocol | None, PrivProtocol | None]] = [(None, None), *product(AuthProtocol, [None, *PrivProtocol])]
OFFERED = [(auth, priv) for auth, priv in PAIRS if priv is not PrivProtocol.DES3]


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(10)
        yield udp


def user_of(auth: AuthProtocol | None, priv: PrivProtocol | None) -> SnmpUser:
    return SnmpUser(
        b"console-1",
        auth,
        b"auth-pass-phrase" if auth else b"",
        priv,
        b"priv pass phrase" if priv else b"",
        min_level=SecurityLevel.NO_AUTH_NO_PRIV,
    )


def sent(udp: socket.socket, directory: Path, user: SnmpUser, *words: str) -> tuple[bytes, Secured]:
    """What snmptrap sends as that user; what it remembers goes into the directory."""
    level = "authPriv" if user.priv_protocol else "authNoPriv" if user.auth_protocol else "noAuthNoPriv"
    security = ["-e", f"0x{ENGINE.hex()}", "-u", user.name.decode(), "-l", level]
    if user.auth_protocol:
        security += ["-a", user.auth_protocol, "-A", user.auth.decode()]
    if user.priv_protocol:
        security += ["-x", user.priv_protocol, "-X", user.priv.decode()]
    target = f"127.0.0.1:{udp.getsockname()[1]}"
    command = ["snmptrap", "-v", "3", *security, "-m", "", target, "4711", TRAP_OID, *words]
    own = {"SNMP_PERSISTENT_DIR": str(directory), "SNMPCONFPATH": str(directory)}
    subprocess.run(command, check=True, timeout=20, env={**os.environ, **own})
    datagram = udp.recv(65_535)
    secured = decode(datagram)
    assert isinstance(secured, Secured), secured
    return datagram, secured


@pytest.mark.parametrize(("auth", "priv"), [pytest.param(*pair, id="-".join(str(word) for word in pair)) for pair in OFFERED])
def test_we_open_what_net_snmp_sealed(
    udp: socket.socket, tmp_path: Path, *, auth: AuthProtocol | None, priv: PrivProtocol | None
) -> None:
    user, ring = user_of(auth, priv), KeyRing()
    for text in ("disk 3 failed", "x" * 300):
        datagram, secured = sent(udp, tmp_path, user, NAME, "s", text)
        trap = ring.unlock(datagram, secured, user)

        assert isinstance(trap, Trap), trap
        assert (trap.trap_oid, trap.uptime, trap.varbinds) == (TRAP_OID, 4711, [(NAME, 0x04, text.encode())])
        assert (secured.engine_id, secured.user) == (ENGINE, b"console-1")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        pytest.param({"auth": b"another-pass-phrase"}, Reason.WRONG_DIGEST, id="another-auth-pass-phrase"),
        pytest.param({"auth_protocol": AuthProtocol.MD5}, Reason.WRONG_DIGEST, id="another-hash-with-as-long-a-digest"),
        pytest.param({"auth_protocol": AuthProtocol.SHA512}, Reason.WRONG_DIGEST, id="another-hash-with-a-longer-digest"),
        pytest.param({"priv": b"another-pass-phrase"}, Reason.DECRYPTION_ERROR, id="another-priv-pass-phrase"),
        pytest.param({"priv_protocol": PrivProtocol.AES256_C}, Reason.DECRYPTION_ERROR, id="another-cipher"),
        pytest.param({"priv_protocol": PrivProtocol.DES}, Reason.DECRYPTION_ERROR, id="des-instead-of-aes"),
    ],
)
def test_what_is_registered_otherwise_is_told_by_its_reason(
    udp: socket.socket, tmp_path: Path, *, other: dict[str, object], reason: Reason
) -> None:
    user = user_of(AuthProtocol.SHA1, PrivProtocol.AES256)
    datagram, secured = sent(udp, tmp_path, user, NAME, "s", "disk 3 failed")

    result = KeyRing().unlock(datagram, secured, replace(user, **other))  # type: ignore[arg-type]

    assert isinstance(result, NotDecoded)
    assert (result.outcome, result.reason) == (Outcome.UNAUTHENTICATED, reason)
