"""Wake-ups between roles: a datagram says "there may be work", nothing more. The truth is the journal and the store; a lost
wake-up costs the length of one poll."""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LONGEST_ADDRESS = 107
"""Octets of a Unix socket's path (sun_path has 108 with the zero at its end)."""


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """The path as a socket address; a path that is too long is reached through a descriptor of its directory."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


class Waker:
    """The sending side. Cheap enough to use after every commit; any number of them, in any thread or process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def wake(self) -> None:
        """Never blocks and never raises: nobody may be listening, or has been woken often enough already."""
        with suppress(OSError), _address(self._path) as address:
            self._socket.sendto(b"!", address)

    def close(self) -> None:
        self._socket.close()


class WakeListener:
    """The receiving side. One per path: a new one takes the path over from one that died. Raises OSError when that fails."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        path.unlink(missing_ok=True)
        with _address(path) as address:
            self._socket.bind(address)
        path.chmod(0o600)
        self._inode = path.stat().st_ino

    def fileno(self) -> int:
        """For an event loop; call `drain` when it is readable."""
        return self._socket.fileno()

    def wait(self, timeout_seconds: float, *, interrupt: int | None = None) -> bool:
        """Wait for a wake-up, at most so long, and take all that came. `interrupt` is another descriptor that ends the wait when
        it is readable (a `StopFlag`). Return whether there was a wake-up."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if interrupt is not None:
            poll.register(interrupt, select.POLLIN)
        poll.poll(max(0.0, timeout_seconds) * 1000)
        return self.drain()

    def drain(self) -> bool:
        """Take all wake-ups that have come; return whether there was any."""
        woken = False
        with suppress(BlockingIOError):
            while self._socket.recv(16):
                woken = True
        return woken

    def close(self) -> None:
        """Remove the socket file too, unless a successor has put its own there."""
        self._socket.close()
        with suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()
