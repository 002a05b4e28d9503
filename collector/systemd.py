"""Sockets that systemd bound for us, sd_listen_fds(3). Whose they are is found by their address, not by their order."""

import os
import socket
from collections.abc import Mapping
from typing import TypeAlias

from collector.config import ListenAddress
from collector.domain.errors import ConfigurationError

FIRST_DESCRIPTOR = 3
Given: TypeAlias = dict[tuple[int, ListenAddress], socket.socket]
"""By socket type (SOCK_STREAM, SOCK_DGRAM) and address."""


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
        given[passed.type, address] = passed
    return given


def address_of(bound: socket.socket) -> ListenAddress:
    """Where a socket is bound. Raise ValueError when that is not an Internet address."""
    name = bound.getsockname()
    if bound.family not in (socket.AF_INET, socket.AF_INET6):
        raise ValueError("not an Internet socket")
    return ListenAddress(str(name[0]), int(name[1]))
