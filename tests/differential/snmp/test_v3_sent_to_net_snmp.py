"""What `collector send-trap --version v3` sends, taken by net-snmp's snmptrapd: traps, and informs that it answers, with every
pair of algorithms that it knows."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol
from collector.traffic.v3 import OWN_ENGINE
from tests.snmp_receiver_kit import until
from tests.traffic_kit import closed_port, collector

PROGRAM = shutil.which("snmptrapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(PROGRAM is None, reason="net-snmp's snmptrapd is not installed"),
]

PAIRS: list[tuple[AuthProtocol | None, PrivProtocol | None]] = [(None, None), *product(AuthProtocol, [None, *PrivProtocol])]
KNOWN = [(auth, priv) for auth, priv in PAIRS if priv is not PrivProtocol.DES3]
HEALTH, MESSAGE = "1.3.6.1.4.1.3417.2.12.2.0.3", "1.3.6.1.4.1.3417.2.12.1.1.1.0"
AUTH, PRIV = "auth pass phrase", "priv pass phrase"


@dataclass
class Snmptrapd:
    address: str
    log: Path

    def lines(self, user: str) -> list[str]:
        return [line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if f"<{user}>" in line]


def user_of(auth: AuthProtocol | None, priv: PrivProtocol | None) -> str:
    return f"{auth}-{priv}".lower()


def configuration() -> Iterator[str]:
    """Each user as one of its own engine, for informs, and of ours, for traps."""
    yield "disableAuthorization yes"
    for auth, priv in KNOWN:
        protocols = (f' {auth} "{AUTH}"' if auth else "") + (f' {priv} "{PRIV}"' if priv else "")
        for engine in ("", f"-e 0x{OWN_ENGINE.hex()} "):
            yield f"createUser {engine}{user_of(auth, priv)}{protocols}"


@pytest.fixture(scope="module")
def snmptrapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmptrapd]:
    assert PROGRAM is not None
    directory = tmp_path_factory.mktemp("snmptrapd")
    running = Snmptrapd(closed_port(socket.SOCK_DGRAM), directory / "log")
    running.log.touch()
    file = directory / "snmptrapd.conf"
    file.write_text("\n".join(configuration()) + "\n", encoding="ascii")
    file.chmod(0o600)
    options = ["-f", "-C", "-c", str(file), "-On", "-n", "-m", "", "-A", "-Lf", str(running.log)]
    own = {"SNMP_PERSISTENT_DIR": str(directory), "SNMPCONFPATH": str(directory), "LC_ALL": "C"}
    process = subprocess.Popen([PROGRAM, *options, "-F", "<%u> %W %v\n", f"udp:{running.address}"], env={**os.environ, **own})
    try:
        port = int(running.address.rpartition(":")[2])
        until(lambda: f":{port:04X} " in Path("/proc/net/udp").read_text(encoding="ascii") or process.poll() is not None)
        assert process.poll() is None
        yield running
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.parametrize("inform", [[], ["--inform"]], ids=["trap", "inform"])
@pytest.mark.parametrize(("auth", "priv"), [pytest.param(*pair, id="-".join(str(word) for word in pair)) for pair in KNOWN])
def test_net_snmp_takes_what_we_send(
    snmptrapd: Snmptrapd,
    monkeypatch: pytest.MonkeyPatch,
    *,
    auth: AuthProtocol | None,
    priv: PrivProtocol | None,
    inform: list[str],
) -> None:
    monkeypatch.setenv("AUTH", AUTH)
    monkeypatch.setenv("PRIV", PRIV)
    user = user_of(auth, priv)
    before = len(snmptrapd.lines(user))
    words = ["--user", user, *(["--auth", "env:AUTH", "--auth-protocol", auth] if auth else [])]
    words += ["--priv", "env:PRIV", "--priv-protocol", priv] if priv else []
    varbind = ["--oid", HEALTH, "--varbind", f"{MESSAGE}=s:disk 3 failed"]

    assert collector("send-trap", "--version", "v3", "--to", snmptrapd.address, *words, *varbind, *inform) == 0

    until(lambda: len(snmptrapd.lines(user)) > before)
    assert "disk 3 failed" in snmptrapd.lines(user)[-1]
