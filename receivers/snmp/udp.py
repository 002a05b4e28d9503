"""What Linux tells and grants about a bound UDP socket: receive buffer, dropped datagrams, identity. Nothing is received here."""

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

_SO_RCVBUFFORCE = 33
"""asm-generic/socket.h: like SO_RCVBUF, but may exceed net.core.rmem_max; needs CAP_NET_ADMIN."""
_SO_MEMINFO = 55
"""asm-generic/socket.h: an array of 32 bit numbers about the socket's memory (linux/sock_diag.h)."""
_MEMINFO_DROPS = struct.Struct("=32xI")
"""SK_MEMINFO_DROPS, the ninth of them."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound UDP socket and its name in the journal, `host:port`. The socket is somebody else's: it is made non-blocking, never
    closed."""

    name: str
    socket: socket.socket


def grow_buffer(udp: socket.socket, wanted: int) -> int:
    """Make the receive buffer `wanted` octets large, or as large as the kernel allows, never smaller; return what it has now, in
    octets."""
    return size_buffer(udp, wanted) if granted_buffer(udp) < wanted else granted_buffer(udp)


def size_buffer(udp: socket.socket, wanted: int) -> int:
    """Like `grow_buffer`, but a larger one is made smaller: for a socket to which nobody else gave a size."""
    try:
        udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    except PermissionError:
        _size_unprivileged(udp, wanted)
    return granted_buffer(udp)


def would_grant(wanted: int) -> int:
    """What `size_buffer` gives this process, in octets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        return size_buffer(probe, wanted)


def _size_unprivileged(udp: socket.socket, wanted: int) -> None:
    """SO_RCVBUF cuts to net.core.rmem_max: it would shrink a socket that somebody with privileges made larger, so a socket of no
    use is asked first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        if wanted < granted_buffer(udp) or granted_buffer(probe) > granted_buffer(udp):
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)


def granted_buffer(udp: socket.socket) -> int:
    """The receive buffer's size in octets as asked for; the kernel keeps the double of it (socket(7))."""
    return udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2


def kernel_drops(udp: socket.socket) -> int:
    """How many datagrams the kernel has dropped on this socket since it was made, modulo 2^32."""
    info = udp.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
    drops: int = _MEMINFO_DROPS.unpack_from(info)[0]
    return drops


def identity(udp: socket.socket) -> str:
    """The same for every process that holds this socket, another one for every other socket, also after a reboot."""
    return f"{_BOOT_ID.read_text(encoding='ascii').strip()}:{os.fstat(udp.fileno()).st_ino}"
