"""What systemd does for a service with sockets: binds them once, passes them at every start, hears how far the service is, and
tells it to stop. As a program it is the moment between fork and exec: arguments are where to tell, descriptors, a dash, words."""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from tests.acceptance.harness import ROOT, Running

_SO_RCVBUFFORCE = 33
_RECEIVE_BUFFER = 64 << 20
_BACKLOG = 1024
_FIRST = 3
_PATIENCE_SECONDS = 60
_NAMES = "snmp:smtp:api"


class ServiceParent:
    """The sockets of an installation, which stay open while its service is stopped and started again."""

    def __init__(self, running: Running, notices: Path) -> None:
        self._running = running
        with ExitStack() as undo:
            self._sockets = [
                undo.enter_context(_bound(socket.SOCK_DGRAM, running.snmp)),
                undo.enter_context(_bound(socket.SOCK_STREAM, running.smtp)),
                undo.enter_context(_bound(socket.SOCK_STREAM, running.http)),
            ]
            self._service = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            self._service.bind(str(notices))
            self._service.settimeout(_PATIENCE_SECONDS)
            self._ends = undo.pop_all()
        descriptors = [one.fileno() for one in self._sockets]
        words = (sys.executable, "-m", "tests.acceptance.service_parent", str(notices), *map(str, descriptors), "-")
        running.launch_through(words, descriptors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def start(self) -> None:
        """As `systemctl start`: until the service says that it is ready."""
        self._running.launch()
        heard = self._heard()
        assert heard[0] == "READY=1", (heard, self._running.log())

    def stop(self) -> None:
        """As `systemctl stop` with the sockets left alone: SIGTERM to the main process, exit code 0, no process left."""
        self._running.stop(seconds=20)
        assert self._heard() == ["STOPPING=1"]

    def _heard(self) -> list[str]:
        return self._service.recv(4096).decode().split("\n")


def _bound(kind: socket.SocketKind, address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    if kind == socket.SOCK_DGRAM:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        with suppress(PermissionError):
            made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
    else:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(address)
    if kind == socket.SOCK_STREAM:
        made.listen(_BACKLOG)
    return made


def main(arguments: Sequence[str]) -> None:
    """Put the descriptors where sd_listen_fds(3) looks for them, and become the service."""
    dash = arguments.index("-")
    notices, descriptors, command = arguments[0], [int(word) for word in arguments[1:dash]], arguments[dash + 1 :]
    apart = [os.dup2(number, 100 + place, inheritable=False) for place, number in enumerate(descriptors)]
    for place, number in enumerate(apart):
        os.dup2(number, _FIRST + place, inheritable=True)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(apart)), "LISTEN_FDNAMES": _NAMES}
    os.environ |= {"NOTIFY_SOCKET": notices, "PYTHONPATH": str(ROOT)}
    os.execvp(command[0], list(command))


if __name__ == "__main__":
    main(sys.argv[1:])
