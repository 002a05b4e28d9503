"""net-snmp's snmpinform as a console: every pair of algorithms that it has finds our engine and takes our Response."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.item import InformVerdict, ItemKind
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from tests import snmp_inform_kit as kit
from tests.pysnmp_v3 import level_of
from tests.snmp_receiver_kit import Bench, a_view

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(shutil.which("snmpinform") is None, reason="net-snmp's snmpinform is not installed"),
]
IN_TIME, NOT_IN_TIME = (verdict.value.encode() for verdict in (InformVerdict.IN_TIME, InformVerdict.NOT_IN_TIME))
PRIVACY = [privacy for privacy in PrivProtocol if privacy is not PrivProtocol.DES3]
"""net-snmp has no 3DES."""
USERS = [
    SnmpUser(b"plain", min_level=SecurityLevel.NO_AUTH_NO_PRIV),
    *(SnmpUser(b"signing", auth, b"auth pass phrase", min_level=SecurityLevel.AUTH_NO_PRIV) for auth in AuthProtocol),
    *(
        SnmpUser(b"sealing", auth, b"auth pass phrase", privacy, b"priv pass phrase")
        for auth in AuthProtocol
        for privacy in PRIVACY
    ),
]
SEALING = USERS[-1]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        yield Bench(tmp_path, udp)


def snmpinform(bench: Bench, user: SnmpUser, *words: str, tries: int = 5) -> subprocess.CompletedProcess[str]:
    line = ["snmpinform", "-v3", "-m", "", "-u", user.name.decode(), "-l", level_of(user).word, "-t", "1", "-r", str(tries)]
    if user.auth_protocol is not None:
        line += ["-a", user.auth_protocol.value, "-A", user.auth.decode()]
    if user.priv_protocol is not None:
        line += ["-x", user.priv_protocol.value, "-X", user.priv.decode()]
    line += [*words, bench.listener, "", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.4.1.3417.2.12.1.1.1.1", "s", "disk 3 failed"]
    own = {"SNMP_PERSISTENT_DIR": str(bench.run_directory), "SNMPCONFPATH": str(bench.run_directory)}
    return subprocess.run(line, env={**os.environ, **own}, capture_output=True, text=True, timeout=30, check=False)


def verdicts(bench: Bench) -> list[bytes]:
    return [record.envelope for record in bench.main.records if record.kind is ItemKind.DATAGRAM]


@pytest.mark.parametrize("user", USERS, ids=lambda user: f"{user.auth_protocol}-{user.priv_protocol}")
def test_an_inform_of_net_snmp_is_answered(bench: Bench, user: SnmpUser) -> None:
    bench.view = a_view(kit.access_of(user))
    with bench.running() as receiver:
        done = snmpinform(bench, user)
    assert done.returncode == 0, done.stderr
    assert verdicts(bench) == [b"", IN_TIME]
    assert receiver.counters.discoveries_answered == receiver.counters.informs_answered == 1


def test_net_snmp_takes_over_our_boots_and_time_when_its_own_are_of_an_earlier_start(bench: Bench) -> None:
    bench.view = a_view(kit.access_of(SEALING))
    with bench.running() as receiver:
        done = snmpinform(bench, SEALING, "-e", f"0x{bench.engine.id.hex()}", "-Z", f"{bench.engine.boots - 1},70000")
    assert done.returncode == 0, done.stderr
    assert verdicts(bench) == [NOT_IN_TIME, IN_TIME]
    assert receiver.counters.time_reports_sent == 1


def test_with_a_wrong_pass_phrase_net_snmp_gets_no_response(bench: Bench) -> None:
    wrong = SnmpUser(b"sealing", AuthProtocol.SHA512, b"a wrong pass phrase", PrivProtocol.AES256_C, b"priv pass phrase")
    bench.view = a_view(kit.access_of(SEALING))
    with bench.running() as receiver:
        assert snmpinform(bench, wrong, tries=0).returncode != 0
    assert set(verdicts(bench)) == {b""}
    assert receiver.counters.informs_answered == 0
