"""net-snmp's snmptrapd as a peer: a private one on a loopback port that writes a line per trap into a file. It stores nothing
durably and has no rules. It gets the largest receive buffer that it can take (`net.core.rmem_max`); the system's own
configuration is not read."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.acceptance.harness import free_port, until
from tests.acceptance.senders import health, send
from tests.benchmarks.traps import Tally
from tests.benchmarks.usage import cpu_seconds

PROGRAM = shutil.which("snmptrapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
_FORMAT = r"%y-%m-%l %h:%j:%k %B %v\n"
_MARK = b".1.3.6.1.6.3.1.1.4.1.0 = OID:"
"""Stands once in the line of every trap."""
_DROPS = -1
"""The last column of /proc/net/udp."""


def version() -> str:
    assert PROGRAM is not None
    done = subprocess.run([PROGRAM, "-v"], capture_output=True, text=True, check=False)
    return next((line.split()[-1] for line in (done.stdout + done.stderr).splitlines() if "Version" in line), "")


class Snmptrapd:
    """Runs while it is entered. Lines are counted in what it has written so far."""

    def __init__(self, directory: Path, users: Sequence[str] = ()) -> None:
        """`users`: what follows `createUser` (snmptrapd.conf(5)), one for each engine of v3."""
        self._users = users
        self.address = ("127.0.0.1", free_port())
        self._directory = directory
        self._log = directory / "traps.log"
        self._read = 0
        self._lines = 0

    def __enter__(self) -> Self:
        assert PROGRAM is not None
        self._directory.mkdir()
        configuration = self._directory / "snmptrapd.conf"
        room = Path("/proc/sys/net/core/rmem_max").read_text(encoding="ascii").strip()
        lines = [f"createUser {user}" for user in self._users] + ["disableAuthorization yes", f"[snmp] serverRecvBuf {room}"]
        configuration.write_text("\n".join(lines) + "\n", encoding="ascii")
        self._log.touch()
        line = [PROGRAM, "-f", "-C", "-c", str(configuration), "-X", "-On", "-n", "-m", "", "-A", "-Lf", str(self._log)]
        environment = {"SNMP_PERSISTENT_DIR": str(self._directory), "SNMPCONFPATH": str(self._directory), "LC_ALL": "C"}
        self._process = subprocess.Popen([*line, "-F", _FORMAT, "%s:%d" % self.address], env=environment)  # noqa: UP031
        try:
            until(lambda: self._socket() is not None, "snmptrapd listens")
            send(self.address, health("It listens"))
            until(lambda: self.tally().taken == 1, "snmptrapd writes a line")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def tally(self) -> Tally:
        row = self._socket()
        assert row is not None, f"snmptrapd ended with {self._process.poll()}"
        with self._log.open("rb") as log:
            log.seek(self._read)
            written = log.read()
        whole = written.rfind(b"\n") + 1
        self._read += whole
        self._lines += written.count(_MARK, 0, whole)
        return Tally(self._lines, int(row[_DROPS]))

    def cpu(self) -> Mapping[str, float]:
        return {"snmptrapd": cpu_seconds(self._process.pid)}

    def _socket(self) -> list[str] | None:
        """Its row of /proc/net/udp."""
        mark = f":{self.address[1]:04X}"
        rows = (line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:])
        return next((row for row in rows if row[1] == f"0100007F{mark}"), None)
