"""What systemd and a service say to each other: sockets that it bound for us, sd_listen_fds(3), whose owner is found by their
address, not by their order; and our word on how far we are, sd_notify(3)."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeAlias

from collector.config import ListenAddress
from collector.domain.errors import ConfigurationError

FIRST_DESCRIPTOR = 3
VARIABLES = frozenset({"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})
"""What systemd says to the process that it started, and not to the children of that."""
Given: TypeAlias = dict[tuple[int, ListenAddress], list[socket.socket]]
"""By socket type (SOCK_STREAM, SOCK_DGRAM) and address, which several have when they share it (ReusePort=)."""


def passed_sockets(environment: Mapping[str, str], *, pid: int, first: int = FIRST_DESCRIPTOR) -> Given:
    """What LISTEN_FDS passes to the process `pid`, nothing when it is meant for another one.

    Raise ConfigurationError for a descriptor that is not an Internet socket.
    """
    count = environment.get("LISTEN_FDS", "")
    if environment.get("LISTEN_PID") != str(pid) or not count.isdigit():
        return {}
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    given: Given = {}
    for index in range(int(count)):
        name = names[index] if index < len(names) else "unknown"
        try:
            passed = socket.socket(fileno=first + index)
            address = address_of(passed)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"LISTEN_FDS: descriptor {first + index} ({name}) is not an Internet socket") from error
        os.set_inheritable(first + index, False)
        given.setdefault((passed.type, address), []).append(passed)
    return given


def address_of(bound: socket.socket) -> ListenAddress:
    """Where a socket is bound. Raise ValueError when that is not an Internet address, OSError when its interface is gone."""
    name = bound.getsockname()
    if bound.family not in (socket.AF_INET, socket.AF_INET6):
        raise ValueError("not an Internet socket")
    host, port = str(name[0]), int(name[1])
    interface = int(name[3]) if bound.family == socket.AF_INET6 else 0
    return ListenAddress(f"{host}%{socket.if_indextoname(interface)}" if interface else host, port)


class ServiceNotifier:
    """Tells systemd how far the service is; without systemd it tells nobody. Nothing waits for it or fails because of it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # a leading @ stands for the zero octet of the abstract name space, sd_notify(3)
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def tell(self, *assignments: str) -> None:
        """`READY=1`, `STATUS=...`: one datagram."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.setblocking(False)
            told.sendto("\n".join(assignments).encode(), self._address)
