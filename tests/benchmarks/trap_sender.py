"""Sends traps from 50 addresses at a rate, or as fast as the machine can: a process of its own that hands prepared datagrams to
the kernel in groups (sendmmsg(2)). Knows nothing of those who take them."""

import ctypes
import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple, Self

from tests.acceptance.harness import free_port
from tests.acceptance.senders import CRITICAL, Address, health
from tests.benchmarks.conditions import CLOCK, seconds_since

SOURCES = 50
TROUBLES = 200
"""So many different troubles, each of one case."""
GROUP = 20
"""Datagrams of one address in a row; divides TROUBLES."""
SINK_OCTETS = 256 << 20
_SO_RCVBUFFORCE = 33


class Sent(NamedTuple):
    """What was sent, in how many seconds, and the processor seconds that it cost the sender."""

    traps: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.traps / self.seconds


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]


class _Msghdr(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.POINTER(_Iovec)),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _Mmsghdr(ctypes.Structure):
    _fields_ = [("header", _Msghdr), ("sent_octets", ctypes.c_uint32)]


def datagrams() -> list[bytes]:
    """Health traps of a ProxySG in v2c, one for each trouble."""
    return [health(f"Metric {number}: CRITICAL", name=CRITICAL) for number in range(TROUBLES)]


class _Packets:
    """Datagrams laid out as sendmmsg wants them. They are sent on sockets that are connected."""

    def __init__(self, contents: Sequence[bytes]) -> None:
        self._send = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._send.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
        self._vectors = (_Iovec * len(contents))(*(_Iovec(octets, len(octets)) for octets in contents))
        self._headers = (_Mmsghdr * len(contents))()
        for header, vector in zip(self._headers, self._vectors, strict=True):
            header.header.iov, header.header.iov_length = ctypes.pointer(vector), 1
        self._start = ctypes.addressof(self._headers)

    def send(self, descriptor: int, first: int, count: int) -> None:
        """Raise OSError when the kernel takes none of them."""
        while count:
            sent = self._send(descriptor, self._start + first * ctypes.sizeof(_Mmsghdr), count, 0)
            if sent < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            first, count = first + sent, count - sent


def send(target: Address, traps: int, rate: int) -> Sent:
    """The datagrams of all troubles, over and over."""
    return send_all(datagrams(), target, traps, rate)


def send_all(contents: Sequence[bytes], target: Address, traps: int, rate: int) -> Sent:
    """Send from SOURCES addresses in turn; `rate` is traps a second over all of them, 0 as fast as it goes. When there are fewer
    `contents` than `traps`, a multiple of GROUP, they are sent again."""
    packets = _Packets(contents)
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(_connected(f"127.0.0.{number + 2}", target)) for number in range(SOURCES)]
        descriptors = [udp.fileno() for udp in sockets]
        pause, cpu, begun_ns = threading.Event(), time.process_time(), CLOCK.monotonic_ns()
        for first in range(0, traps, GROUP):
            packets.send(descriptors[first // GROUP % SOURCES], first % len(contents), min(GROUP, traps - first))
            ahead = (first + GROUP) / rate - seconds_since(begun_ns) if rate else 0.0
            if ahead > 0:
                pause.wait(ahead)
        return Sent(traps, seconds_since(begun_ns), time.process_time() - cpu)


def _connected(address: str, target: Address) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, 0))
    udp.connect(target)
    return udp


class TrapSender:
    """`send` in a process that waits ready. Use it as a context."""

    def __init__(self) -> None:
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))

    def __enter__(self) -> Self:
        self._pool.submit(datagrams).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def send(self, target: Address, traps: int, rate: int) -> Sent:
        return self._pool.submit(send, target, traps, rate).result()

    def ceiling(self, traps: int) -> Sent:
        """At line speed into a socket that nobody reads, with room for them: what the sender can do alone."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            option = _SO_RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF
            sink.setsockopt(socket.SOL_SOCKET, option, SINK_OCTETS)
            target = ("127.0.0.1", free_port())
            sink.bind(target)
            return self.send(target, traps, 0)
