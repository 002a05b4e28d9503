"""A sample of the generated notifications in the log of net-snmp's snmptrapd: names, types and values are the ones that our
decoder tells. Only what is written regularly: net-snmp drops lengths of five octets and integers of more than four."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from collector.domain.trap import Pdu, Trap, Varbind
from receivers.snmp.message import decode
from tests import snmp_generated as generated
from tests.acceptance.harness import free_port, until
from tests.acceptance.senders import send
from tests.snmp_wire import SYS_UPTIME, TRAP_OID

PROGRAM = shutil.which("snmptrapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(PROGRAM is None, reason="net-snmp's snmptrapd is not installed"),
]

PDUS = (*(Pdu.TRAP_V1, Pdu.TRAP_V2) * 11, *(Pdu.INFORM,) * 2)
"""Sent at once. snmptrapd thinks for 0.2 s about every inform."""
SAMPLE, AT_ONCE = 240, len(PDUS)
_BEGINS, _NEXT, _ENDS = "@begins@", "@next@", "@ends@"
_FORMAT = rf"{_BEGINS}%w|%q|%A|%N|%T|%V{_NEXT}%v{_ENDS}\n"
_WORDS = {
    generated.INTEGER: "INTEGER",
    generated.OID: "OID",
    generated.IP_ADDRESS: "IpAddress",
    generated.COUNTER32: "Counter32",
    generated.GAUGE32: "Gauge32",
    generated.COUNTER64: "Counter64",
}


@dataclass(frozen=True, slots=True)
class Snmptrapd:
    """One that writes every notification into a file, in numbers and hexadecimal octets."""

    address: tuple[str, int]
    log: Path

    def told(self) -> list[str]:
        return re.findall(f"{_BEGINS}(.*?){_ENDS}", self.log.read_text(encoding="utf-8", errors="replace"), flags=re.DOTALL)


@pytest.fixture
def snmptrapd(tmp_path: Path) -> Iterator[Snmptrapd]:
    assert PROGRAM is not None
    configuration, address = tmp_path / "snmptrapd.conf", ("127.0.0.1", free_port())
    configuration.write_text("disableAuthorization yes\n", encoding="ascii")
    server = Snmptrapd(address, tmp_path / "traps.log")
    server.log.touch()
    shown = ["-On", "-Ox", "-Ot", "-F", _FORMAT, "-Lf", str(server.log)]
    environment = {"SNMP_PERSISTENT_DIR": str(tmp_path), "SNMPCONFPATH": str(tmp_path), "LC_ALL": "C"}
    line = [PROGRAM, "-f", "-C", "-c", str(configuration), "-X", "-n", "-m", "", *shown, f"{address[0]}:{address[1]}"]
    with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: f":{address[1]:04X} " in Path("/proc/net/udp").read_text(encoding="ascii"), "snmptrapd listens")
            yield server
        finally:
            process.terminate()


def line_of(trap: Trap) -> str:
    """The notification as snmptrapd tells it, blanks and line ends of its hexadecimal octets left out."""
    old = trap.pdu is Pdu.TRAP_V1
    head: list[Varbind] = [(SYS_UPTIME, generated.TIME_TICKS, trap.uptime), (TRAP_OID, generated.OID, trap.trap_oid)]
    specific = f".{trap.specific}" if trap.generic == 6 else trap.specific
    about = [trap.generic, specific, trap.agent_address or "0.0.0.0", f".{trap.enterprise}", trap.uptime if old else 0]
    varbinds = [value_of(varbind) for varbind in (trap.varbinds if old else [*head, *trap.varbinds])]
    return bare("|".join(map(str, about)) + "|" + _NEXT.join(varbinds))


def value_of(varbind: Varbind) -> str:
    name, tag, value = varbind
    if tag == generated.TIME_TICKS:
        shown = str(value)
    elif tag in (generated.OCTETS, generated.OPAQUE):
        assert isinstance(value, bytes)
        word = "Hex-STRING" if tag == generated.OCTETS else "OPAQUE"
        shown = f"{word}: {value.hex().upper()}" if value or tag == generated.OPAQUE else '""'
    elif tag == generated.NULL:
        shown = "NULL"
    else:
        shown = f"{_WORDS[tag]}: {'.' if tag == generated.OID else ''}{value!s}"
    return f".{name} = {shown}"


def bare(line: str) -> str:
    return re.sub(r"\s", "", line)


def test_a_sample_of_all_kinds_says_the_same_to_snmptrapd(snmptrapd: Snmptrapd) -> None:
    random = Random(6)
    writer = generated.Writer(random, loose=False)
    for begin in range(0, SAMPLE, AT_ONCE):
        datagrams = [writer.message(generated.some_trap(random, pdu, most_varbinds=10)) for pdu in PDUS]

        send(snmptrapd.address, *datagrams)
        until(lambda begin=begin: len(snmptrapd.told()) >= begin + AT_ONCE, f"{AT_ONCE} notifications after {begin} are told")  # type: ignore[misc]

        for datagram, told in zip(datagrams, snmptrapd.told()[begin:], strict=True):
            trap = decode(datagram)
            assert isinstance(trap, Trap)
            assert bare(told) == line_of(trap), datagram.hex()
