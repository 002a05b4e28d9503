"""How one address is bound: patiently, and by several sockets at once where several receivers share it. Which addresses are
wanted, and who gets the sockets, is decided elsewhere."""

import errno
import socket
import threading
from contextlib import ExitStack
from datetime import timedelta

from collector.config import ListenAddress
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError
from collector.steering import steer
from collector.systemd import address_of

BACKLOG = 1024
_PAUSE_SECONDS = 0.1
_REASONS = {
    errno.EADDRINUSE: "another program listens there",
    errno.EACCES: "this user may not listen there (ports below 1024 need CAP_NET_BIND_SERVICE, or let systemd bind them)",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EAFNOSUPPORT: "this machine does not speak that address family",
    errno.ENODEV: "this machine has no such interface",
}


def bind_patiently(
    kind: socket.SocketKind, address: ListenAddress, count: int, clock: Clock, *, key: str, patience: timedelta
) -> list[socket.socket]:
    """`count` sockets on one address; an address in use is tried again for `patience`. Raise ConfigurationError that names
    `key`."""
    deadline_ns = clock.monotonic_ns() + patience // timedelta(microseconds=1) * 1000
    pause = threading.Event()
    while True:
        try:
            return _bind_all_of(kind, address, count)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or clock.monotonic_ns() >= deadline_ns:
                why = _REASONS.get(error.errno or 0, error.strerror)
                raise ConfigurationError(f"{key}: cannot listen on {address}: {why}") from error
        pause.wait(_PAUSE_SECONDS)


def steer_receivers(sockets: list[socket.socket], address: ListenAddress) -> None:
    """See `steer`. Raise ConfigurationError when the kernel cannot."""
    try:
        steer(sockets)
    except OSError as error:
        why = f"the kernel does not spread what comes to {address} by sender: {error.strerror}"
        raise ConfigurationError(f"[snmp] receivers: {why}; set it to 1") from error


def _bind_all_of(kind: socket.SocketKind, address: ListenAddress, count: int) -> list[socket.socket]:
    """The first one alone shows that nobody else has the address: with SO_REUSEPORT from the beginning, a second collector of the
    same user would take its share of the datagrams unnoticed. What comes before the last one is bound goes to the first."""
    with ExitStack() as undo:
        first = undo.enter_context(_bind(kind, address))
        sockets = [first]
        if count > 1:
            first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            bound = address_of(first)
            sockets += [undo.enter_context(_bind(kind, bound, shared=True)) for _ in range(count - 1)]
            steer_receivers(sockets, bound)
        undo.pop_all()
    return sockets


def _bind(kind: socket.SocketKind, address: ListenAddress, *, shared: bool = False) -> socket.socket:
    with ExitStack() as undo:
        fresh = undo.enter_context(socket.socket(address.family, kind))
        if address.family == socket.AF_INET6:
            # 0.0.0.0 and [::] are two listeners, each with its own name
            fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            # not for UDP: there it would let two collectors share the port
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        fresh.bind(_socket_address(address))
        if kind == socket.SOCK_STREAM:
            fresh.listen(BACKLOG)
        undo.pop_all()
    return fresh


def _socket_address(address: ListenAddress) -> tuple[str, int] | tuple[str, int, int, int]:
    """As the socket module wants it, with the number of the interface. Raise OSError when the machine does not have that."""
    host, _, interface = address.host.partition("%")
    if not interface:
        return host, address.port
    try:
        return host, address.port, 0, socket.if_nametoindex(interface)
    except OSError as error:
        raise OSError(errno.ENODEV, f"no interface {interface}") from error
