"""The receiving thread: takes datagrams from the sockets as fast as they come and puts them into the buffer, nothing else.
What it cannot put there is lost, and counted."""

import os
import select
from collections.abc import Callable, Sequence

from collector.domain.clock import NS_PER_SECOND, Clock
from receivers.snmp.arrivals import Arrivals, Chunk
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.peers import Address
from receivers.snmp.udp import Listener

LARGEST_DATAGRAM = 65_535
TURN = 100
"""Datagrams taken from one socket before the others have their turn; they share one time stamp (some 0.3 ms)."""
LAST_DRAIN_NS = 2 * NS_PER_SECOND
_PAUSE_AFTER_ERROR_SECONDS = 0.01


class Reader:
    """Reads until `stop`, then takes what the sockets still hold, for two seconds at most, and closes the buffer.

    `lost` is told of every chunk that found the buffer full; it is called in the reading thread.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        arrivals: Arrivals,
        *,
        clock: Clock,
        counters: SnmpCounters,
        lost: Callable[[Chunk], None],
    ) -> None:
        self._listeners = {listener.socket.fileno(): listener for listener in listeners}
        self._arrivals = arrivals
        self._clock = clock
        self._counters = counters
        self._lost = lost
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def stop(self) -> None:
        """May be called from any thread, more than once."""
        os.eventfd_write(self._stop, 1)

    def run(self) -> None:
        try:
            self._read_until_stopped()
            self._drain()
        finally:
            self._arrivals.close()

    def close(self) -> None:
        """After `run` has returned."""
        os.close(self._stop)

    def _read_until_stopped(self) -> None:
        poll = select.poll()
        poll.register(self._stop, select.POLLIN)
        for descriptor in self._listeners:
            poll.register(descriptor, select.POLLIN)
        while True:
            ready = poll.poll()
            for descriptor, happened in ready:
                if descriptor == self._stop:
                    return
                if happened & select.POLLNVAL:
                    raise OSError(f"the socket of {self._listeners[descriptor].name} was closed")
                self._turn(self._listeners[descriptor])

    def _drain(self) -> None:
        until = self._clock.monotonic_ns() + LAST_DRAIN_NS
        busy = True
        while busy and self._clock.monotonic_ns() < until:
            # every socket has its turn, so no `any` that stops at the first
            busy = sum(self._turn(listener) for listener in self._listeners.values()) > 0

    def _turn(self, listener: Listener) -> int:
        """Take up to TURN datagrams that are there already; return how many."""
        received_at_ns, monotonic_ns = self._clock.now_ns(), self._clock.monotonic_ns()
        taken = self._receive(listener)
        if taken:
            octets = sum([len(datagram) for datagram, _ in taken])
            counters = self._counters.listeners[listener.name]
            counters.datagrams += len(taken)
            counters.octets += octets
            chunk = Chunk(listener, received_at_ns, monotonic_ns, taken, octets)
            if not self._arrivals.put(chunk):
                self._lost(chunk)
        return len(taken)

    def _receive(self, listener: Listener) -> list[tuple[bytes, Address]]:
        taken: list[tuple[bytes, Address]] = []
        receive, keep = listener.socket.recvfrom, taken.append
        try:
            for _ in range(TURN):
                keep(receive(LARGEST_DATAGRAM))
        except BlockingIOError:
            pass
        except OSError:
            # An error of one moment (no memory, a late ICMP): what was taken counts, and the next poll tells whether it lasts.
            self._counters.listeners[listener.name].receive_errors += 1
            select.select((self._stop,), (), (), _PAUSE_AFTER_ERROR_SECONDS)
        return taken
