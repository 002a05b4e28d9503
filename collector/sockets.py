"""The listening sockets: bound once by the supervisor (or by systemd before it) and passed down, so that what waits in the kernel
outlives a receiver, and nobody needs privileges at work time. What is done with them is the receivers' business."""

import errno
import json
import os
import socket
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta

from collector.config import ListenAddress, Role, Settings
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError
from collector.logs import Log
from collector.systemd import Given, address_of, passed_sockets

SOCKETS_VARIABLE = "COLLECTOR_SOCKETS"
LISTENING_ROLES = (Role.SNMP, Role.SMTP, Role.API)
PATIENCE = timedelta(seconds=5)
_PAUSE_SECONDS = 0.1
_BACKLOG = 1024
_SO_RCVBUFFORCE = 33
"""Linux, asm-generic/socket.h: may exceed net.core.rmem_max, needs CAP_NET_ADMIN. Python has no name for it."""
_REASONS = {
    errno.EADDRINUSE: "another program listens there",
    errno.EACCES: "this user may not listen there (ports below 1024 need CAP_NET_BIND_SERVICE, or let systemd bind them)",
    errno.EADDRNOTAVAIL: "this machine has no such address",
    errno.EAFNOSUPPORT: "this machine does not speak that address family",
}

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class BoundSocket:
    """`listener` is the address really bound, `host:port`: the listener's name in the journal."""

    role: Role
    listener: str
    socket: socket.socket


def bind_all(
    settings: Settings,
    clock: Clock,
    *,
    roles: Collection[Role] = LISTENING_ROLES,
    environment: Mapping[str, str] | None = None,
    patience: timedelta = PATIENCE,
) -> list[BoundSocket]:
    """Bind every configured listener of `roles`, or take it from systemd where `environment` names descriptors.

    An address in use is tried again for `patience`: the sockets of a killed predecessor live until its last child is gone.
    Raise ConfigurationError that names the key.
    """
    given = passed_sockets(environment or {}, pid=os.getpid())
    with ExitStack() as undo:
        for left in given.values():
            undo.callback(left.close)
        bound = []
        for role, key, address in _wanted(settings, roles):
            taken = _take(given, role, address)
            ready = taken or _bind_patiently(role, address, clock, key=key, patience=patience)
            undo.callback(ready.close)
            if role is Role.SNMP:
                _widen(ready, settings.snmp.receive_buffer, at_least=_granted(ready) if taken else 0)
            bound.append(BoundSocket(role, str(address_of(ready)), ready))
        if given:
            strangers = ", ".join(str(address) for _, address in given)
            raise ConfigurationError(f"LISTEN_FDS: systemd passes {strangers}, but no listen key of these roles names it")
        undo.pop_all()
    return bound


def _wanted(settings: Settings, roles: Collection[Role]) -> Iterator[tuple[Role, str, ListenAddress]]:
    for role, addresses in (
        (Role.SNMP, settings.snmp.listen),
        (Role.SMTP, settings.smtp.listen),
        (Role.API, settings.api.listen),
    ):
        if role in roles:
            yield from ((role, f"[{role.key}] listen", address) for address in addresses)


def _type(role: Role) -> socket.SocketKind:
    return socket.SOCK_DGRAM if role is Role.SNMP else socket.SOCK_STREAM


def _take(given: Given, role: Role, address: ListenAddress) -> socket.socket | None:
    ready = given.pop((_type(role), address), None)
    if ready is not None and role is not Role.SNMP:
        ready.listen(_BACKLOG)
    return ready


def _bind_patiently(role: Role, address: ListenAddress, clock: Clock, *, key: str, patience: timedelta) -> socket.socket:
    deadline_ns = clock.monotonic_ns() + patience // timedelta(microseconds=1) * 1000
    pause = threading.Event()
    while True:
        try:
            return _bind(role, address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or clock.monotonic_ns() >= deadline_ns:
                why = _REASONS.get(error.errno or 0, error.strerror)
                raise ConfigurationError(f"{key}: cannot listen on {address}: {why}") from error
        pause.wait(_PAUSE_SECONDS)


def _bind(role: Role, address: ListenAddress) -> socket.socket:
    with ExitStack() as undo:
        fresh = socket.socket(address.family, _type(role))
        undo.callback(fresh.close)
        if address.family == socket.AF_INET6:
            # 0.0.0.0 and [::] are two listeners, each with its own name
            fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if role is not Role.SNMP:
            # not for UDP: there it would let two collectors share the port
            fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        fresh.bind((address.host, address.port))
        if role is not Role.SNMP:
            fresh.listen(_BACKLOG)
        undo.pop_all()
    return fresh


def _widen(udp: socket.socket, octets: int, *, at_least: int) -> None:
    """Ask for `octets` of receive buffer; what systemd gave already (`at_least`) is never made smaller."""
    if at_least < octets:
        try:
            udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, octets)
        except PermissionError:
            if at_least < _unprivileged(octets):
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)
    granted = _granted(udp)
    if granted < octets:
        log.warning("the kernel grants a smaller receive buffer; raise net.core.rmem_max", wanted=octets, granted=granted)


def _granted(udp: socket.socket) -> int:
    # the kernel doubles the number for its own bookkeeping, socket(7)
    return udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def _unprivileged(octets: int) -> int:
    """What SO_RCVBUF would give: it cuts to net.core.rmem_max, and would take away what somebody with privileges gave."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)
        return _granted(probe)


def pass_down(sockets: Sequence[BoundSocket]) -> tuple[dict[str, str], tuple[int, ...]]:
    """The environment and the descriptors that a child needs for `inherited`."""
    told = [{"role": bound.role.value, "listener": bound.listener, "fd": bound.socket.fileno()} for bound in sockets]
    return {SOCKETS_VARIABLE: json.dumps(told)}, tuple(bound.socket.fileno() for bound in sockets)


def inherited(role: Role, environment: Mapping[str, str]) -> list[BoundSocket] | None:
    """The sockets that the supervisor passed to this role; None when there was no supervisor and the role binds for itself.

    Raise ConfigurationError when a descriptor is not the socket it is said to be.
    """
    told = environment.get(SOCKETS_VARIABLE)
    if told is None:
        return None
    return [_adopt(entry) for entry in json.loads(told) if entry["role"] == role.value]


def _adopt(entry: Mapping[str, str | int]) -> BoundSocket:
    role, listener, descriptor = Role(str(entry["role"])), str(entry["listener"]), int(entry["fd"])
    try:
        passed = socket.socket(fileno=descriptor)
        found = str(address_of(passed))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{SOCKETS_VARIABLE}: descriptor {descriptor} is not a socket") from error
    if (passed.type, found) != (_type(role), listener):
        passed.detach()
        raise ConfigurationError(f"{SOCKETS_VARIABLE}: descriptor {descriptor} is bound to {found}, not {listener}")
    os.set_inheritable(descriptor, False)
    return BoundSocket(role, listener, passed)


def close_all(sockets: Iterable[BoundSocket]) -> None:
    for bound in sockets:
        with suppress(OSError):
            bound.socket.close()
