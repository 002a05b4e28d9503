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

SAMPLE, AT_ONCE = 600, 24
_BEGINS, _NEXT, _ENDS = "@begins@", "@next@", "@ends@"
_FORMAT = rf"{_BEGINS}%w|%q|%a|%N|%T|%V{_NEXT}%v{_ENDS}\n"
"""Small letters for addresses: with large ones it asks a name server."""
_WORDS = {
    generated.INTEGER: "INTEGER",
    generated.OID: "OID",
    generated.IP_ADDRESS: "IpAddress",
    generated.COUNTER32: "Counter32",
    generated.GAUGE32: "Gauge32",
    generated.COUNTER64: "Counter64",
}


@dataclass(slots=True)
class Snmptrapd:
    """One that writes every notification into a file, in numbers and hexadecimal octets. It keeps some of what it says to itself
    until it ends."""

    address: tuple[str, int]
    log: Path
    process: subprocess.Popen[bytes]

    def is_idle(self) -> bool:
        """It listens, and has taken everything."""
        rows = (line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:])
        return any(row[1].endswith(f":{self.address[1]:04X}") and row[4] == "00000000:00000000" for row in rows)

    def told(self) -> list[str]:
        """All of it, at its end."""
        self.process.terminate()
        self.process.wait()
        return re.findall(f"{_BEGINS}(.*?){_ENDS}", self.log.read_text(encoding="utf-8", errors="replace"), flags=re.DOTALL)


@pytest.fixture
def snmptrapd(tmp_path: Path) -> Iterator[Snmptrapd]:
    assert PROGRAM is not None
    configuration, log, address = tmp_path / "snmptrapd.conf", tmp_path / "traps.log", ("127.0.0.1", free_port())
    configuration.write_text("disableAuthorization yes\n", encoding="ascii")
    shown = ["-On", "-Ox", "-Ot", "-F", _FORMAT, "-Lf", str(log)]
    environment = {"SNMP_PERSISTENT_DIR": str(tmp_path), "SNMPCONFPATH": str(tmp_path), "LC_ALL": "C"}
    line = [PROGRAM, "-f", "-C", "-c", str(configuration), "-X", "-n", "-m", "", *shown, f"{address[0]}:{address[1]}"]
    with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            server = Snmptrapd(address, log, process)
            until(server.is_idle, "snmptrapd listens")
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
    pdus = [(Pdu.TRAP_V1, Pdu.TRAP_V2, Pdu.INFORM)[place % 3] for place in range(SAMPLE)]
    datagrams = [writer.message(generated.some_trap(random, pdu, most_varbinds=10)) for pdu in pdus]
    for begin in range(0, SAMPLE, AT_ONCE):
        send(snmptrapd.address, *datagrams[begin : begin + AT_ONCE])
        until(snmptrapd.is_idle, "snmptrapd has taken them")

    for datagram, told in zip(datagrams, snmptrapd.told(), strict=True):
        trap = decode(datagram)
        assert isinstance(trap, Trap)
        assert bare(told) == line_of(trap), datagram.hex()
