"""The listening sockets: bound once by the supervisor (or by systemd before it) and passed down, so that what waits in the kernel
outlives a receiver, and nobody needs privileges at work time. What is done with them is the receivers' business."""

import json
import os
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta

from collector.binding import BACKLOG, bind_patiently, steer_receivers
from collector.config import ListenAddress, Role, Settings
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError
from collector.logs import Log
from collector.systemd import Given, address_of, passed_sockets
from receivers.snmp.udp import grow_buffer, size_buffer

SOCKETS_VARIABLE = "COLLECTOR_SOCKETS"
LISTENING_ROLES = (Role.SNMP, Role.SMTP, Role.API)
PATIENCE = timedelta(seconds=5)

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class BoundSocket:
    """`listener` is the address really bound, `host:port`: the listener's name in the journal, the same for all receivers that
    share it. `receiver` is the number of the process that reads it; at one of `tls`, TLS begins at once."""

    role: Role
    listener: str
    socket: socket.socket
    receiver: int = 0
    tls: bool = False


def bind_all(
    settings: Settings,
    clock: Clock,
    *,
    roles: Collection[Role] = LISTENING_ROLES,
    environment: Mapping[str, str] | None = None,
    patience: timedelta = PATIENCE,
) -> list[BoundSocket]:
    """Bind every configured listener of `roles`, with a socket for each receiver, or take it from systemd where `environment`
    names descriptors.

    An address in use is tried again for `patience`: the sockets of a killed predecessor live until its last child is gone.
    Raise ConfigurationError that names the key.
    """
    given = passed_sockets(environment or {}, pid=os.getpid())
    with ExitStack() as undo:
        for left in [one for sockets in given.values() for one in sockets]:
            undo.callback(left.close)
        bound: list[BoundSocket] = []
        for role, address, tls in _wanted(settings, roles):
            count, key = len(settings.receivers_of(role)), f"[{role.key}] {'listen_tls' if tls else 'listen'}"
            taken = _take(given, role, address, count)
            ready = taken or bind_patiently(_type(role), address, count, clock, key=key, patience=patience)
            for receiver, one in enumerate(ready):
                undo.callback(one.close)
                bound.append(BoundSocket(role, str(address_of(one)), one, receiver, tls))
            if role is Role.SNMP:
                _size(ready, settings.snmp.receive_buffer, ours=not taken)
        if given:
            strangers = ", ".join(str(address) for _, address in given)
            raise ConfigurationError(f"LISTEN_FDS: systemd passes {strangers}, but no listen key of these roles names it")
        undo.pop_all()
    return bound


def _wanted(settings: Settings, roles: Collection[Role]) -> Iterator[tuple[Role, ListenAddress, bool]]:
    for role, addresses, tls in (
        (Role.SNMP, settings.snmp.listen, False),
        (Role.SMTP, settings.smtp.listen, False),
        (Role.SMTP, settings.smtp.listen_tls, True),
        (Role.API, settings.api.listen, False),
    ):
        if role in roles:
            yield from ((role, address, tls) for address in addresses)


def _type(role: Role) -> socket.SocketKind:
    return socket.SOCK_DGRAM if role is Role.SNMP else socket.SOCK_STREAM


def _take(given: Given, role: Role, address: ListenAddress, count: int) -> list[socket.socket]:
    """What systemd passes for the address, none when it passes nothing. Raise ConfigurationError when that are not `count`."""
    sockets = given.pop((_type(role), address), [])
    if sockets and len(sockets) != count:
        passed = f"for {address}, systemd passes {len(sockets)}"
        if role is not Role.SNMP:
            raise ConfigurationError(f"LISTEN_FDS: one socket is wanted {passed}")
        remedy = f"make {count} socket units for it with ReusePort=yes, or set receivers = {len(sockets)}"
        raise ConfigurationError(f"[snmp] receivers: {count} sockets are wanted {passed}; {remedy}")
    if len(sockets) > 1:
        steer_receivers(sockets, address)
    for one in sockets if role is not Role.SNMP else ():
        one.listen(BACKLOG)
    return sockets


def _size(sockets: Sequence[socket.socket], octets: int, *, ours: bool) -> None:
    """Ask for `octets` of receive buffer each; what systemd gave already is never made smaller."""
    granted = min(size_buffer(udp, octets) if ours else grow_buffer(udp, octets) for udp in sockets)
    if granted < octets:
        log.warning("the kernel grants a smaller receive buffer; raise net.core.rmem_max", wanted=octets, granted=granted)


def pass_down(sockets: Sequence[BoundSocket]) -> tuple[dict[str, str], tuple[int, ...]]:
    """The environment and the descriptors that a child needs for `inherited`."""
    told = [
        {"role": bound.role.value, "listener": bound.listener, "fd": bound.socket.fileno(), "tls": bound.tls} for bound in sockets
    ]
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
    return BoundSocket(role, listener, passed, tls=bool(entry.get("tls")))


def close_all(sockets: Iterable[BoundSocket]) -> None:
    for bound in sockets:
        with suppress(OSError):
            bound.socket.close()
