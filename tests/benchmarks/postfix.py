"""Postfix as a peer: a private instance on a loopback port that accepts the mails of our one mailbox and keeps them, synced, in
its hold queue. Its configuration, queue and data lie in a folder of the benchmark; the system's own are not touched. Needs root:
Postfix's master does."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.acceptance.harness import MAILBOX, free_port, until
from tests.benchmarks.figures import CountsDiffer
from tests.benchmarks.usage import cpu_seconds, family, name_of

POSTCONF = shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_LONGEST_SECONDS = 3600
"""Its master ends by itself after so long, should the benchmark be killed."""
_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "saved", "trace")
_OWNED_BY_POSTFIX = ("data", "queue/private", "queue/public", *(f"queue/{name}" for name in _QUEUES))
_MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/log/mail.log
maillog_file_prefixes = {directory}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = collector.example
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
relay_domains = {domain}
relay_recipient_maps = inline:{{{mailbox}=x}}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_end_of_data_restrictions = check_client_access static:HOLD
smtpd_peername_lookup = no
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def _setting(name: str) -> str:
    assert POSTCONF is not None
    done = subprocess.run([POSTCONF, "-d", "-h", name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def version() -> str:
    return _setting("mail_version")


class Postfix:
    """Runs while it is entered."""

    def __init__(self, directory: Path) -> None:
        self.address = ("127.0.0.1", free_port())
        self._directory = directory
        self._hold = directory / "queue/hold"

    def __enter__(self) -> Self:
        self._lay_out()
        master, configuration = Path(_setting("daemon_directory")) / "master", self._directory / "conf"
        self._process = subprocess.Popen(
            [master, "-c", configuration, "-d", "-e", str(_LONGEST_SECONDS)],
            env={"MAIL_CONFIG": str(configuration), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            start_new_session=True,  # its master ends its children through their process group
            stdin=subprocess.DEVNULL,
        )
        try:
            until(self._greets, "Postfix greets")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def held(self) -> int:
        """Mails in the hold queue."""
        return sum(1 for _ in os.scandir(self._hold))

    def empty(self) -> None:
        """Throw away what is held, so that each run begins alike."""
        for entry in os.scandir(self._hold):
            Path(entry.path).unlink()

    def cpu(self) -> Mapping[str, float]:
        """The writer of its log apart: the collector writes no line per mail."""
        if self._process.poll() is not None:
            raise CountsDiffer(f"Postfix ended: {self._log()[-500:]}")
        log = sum(cpu_seconds(pid) for pid in family(self._process.pid) if name_of(pid) == "postlogd")
        return {"mail": cpu_seconds(self._process.pid) - log, "log": log}

    def _log(self) -> str:
        path = self._directory / "log/mail.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else "it wrote no log"

    def _greets(self) -> bool:
        assert self._process.poll() is None, f"Postfix does not start: {self._log()[-500:]}"
        try:
            with socket.create_connection(self.address, timeout=5.0) as client:
                return client.recv(512).startswith(b"220")
        except OSError:
            return False

    def _lay_out(self) -> None:
        """The folders that Postfix would make at its installation (postfix-files), owned by its own user."""
        owner = pwd.getpwnam(_setting("mail_owner"))
        for name in ("conf", "log", "queue/pid"):
            (self._directory / name).mkdir(parents=True)
        for name in _OWNED_BY_POSTFIX:
            (self._directory / name).mkdir()
            os.chown(self._directory / name, owner.pw_uid, -1)
        fields = {"directory": self._directory, "port": self.address[1], "mailbox": MAILBOX, "domain": MAILBOX.partition("@")[2]}
        for name, text in (("main.cf", _MAIN), ("master.cf", _MASTER)):
            (self._directory / "conf" / name).write_text(text.format(**fields).lstrip(), encoding="ascii")
