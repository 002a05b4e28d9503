"""The bounded buffer between the thread that receives datagrams and the one that commits them."""

import threading
from collections import deque
from dataclasses import dataclass

from receivers.snmp.peers import Address
from receivers.snmp.udp import Listener

MAX_DATAGRAMS = 400_000
MAX_OCTETS = 64 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """Datagrams taken from one socket in one go, with the one time at which that began. `octets` counts payloads."""

    listener: Listener
    received_at_ns: int
    monotonic_ns: int
    datagrams: list[tuple[bytes, Address]]
    octets: int


class Arrivals:
    """First in, first out, by chunks; full when either bound is reached. One thread puts, one takes."""

    def __init__(self, *, max_datagrams: int = MAX_DATAGRAMS, max_octets: int = MAX_OCTETS) -> None:
        self._max_datagrams = max_datagrams
        self._max_octets = max_octets
        self._changed = threading.Condition()
        self._chunks: deque[Chunk] = deque()
        self._closed = False
        self.datagrams = 0
        self.octets = 0

    def put(self, chunk: Chunk) -> bool:
        """Add a chunk; return False, and leave it out, when there is no room for the whole of it."""
        with self._changed:
            datagrams, octets = self.datagrams + len(chunk.datagrams), self.octets + chunk.octets
            if datagrams > self._max_datagrams or octets > self._max_octets:
                return False
            self.datagrams, self.octets = datagrams, octets
            self._chunks.append(chunk)
            self._changed.notify()
            return True

    def take(self, *, max_datagrams: int, max_octets: int, timeout_seconds: float) -> list[Chunk]:
        """All chunks that are there: the first in any case, others within both bounds. Waits at most so long for the first."""
        taken: list[Chunk] = []
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._closed, timeout_seconds)
            while self._chunks:
                chunk = self._chunks[0]
                max_datagrams -= len(chunk.datagrams)
                max_octets -= chunk.octets
                if taken and (max_datagrams < 0 or max_octets < 0):
                    break
                taken.append(self._chunks.popleft())
                self.datagrams -= len(chunk.datagrams)
                self.octets -= chunk.octets
        return taken

    def close(self) -> None:
        """Nothing more will be put; whoever waits in `take` goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def drained(self) -> bool:
        """Whether everything was taken and nothing more will come."""
        with self._changed:
            return self._closed and not self._chunks
