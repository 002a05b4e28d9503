"""The sending side of many consoles: a socket per source address, traps sent once, informs until they are answered."""

import selectors
import socket
from collections import deque
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from collector.domain.clock import NS_PER_SECOND
from collector.domain.errors import Rejected
from collector.traffic.counts import Counts
from collector.traffic.encode import answered

if TYPE_CHECKING:
    from collector.config import ListenAddress

FIRST_SOURCE = int(IPv4Address("127.0.0.2"))
PATIENCE_NS = NS_PER_SECOND
"""Between two tries of an inform."""
MOST_TRIES = 10
MOST_UNANSWERED = 2_000
"""Informs on their way at the same time; more wait until some are answered."""
_LARGEST_ANSWER = 65_535


@dataclass(slots=True)
class _Source:
    """`trap_out`: what was sent last was a trap. That a port is closed is told after a sending; a trap is lost then."""

    socket: socket.socket
    trap_out: bool = False


@dataclass(slots=True)
class _Inform:
    octets: bytes
    source: _Source
    request_id: int
    tries: int
    again_ns: int


class Sources:
    """Sends to one target; not for several threads. Close it."""

    def __init__(self, target: "ListenAddress", how_many: int) -> None:
        """Raise Rejected when the machine has no such addresses or no way to the target."""
        self._target = target
        self.counts = Counts()
        self._waiting: dict[int, _Inform] = {}
        self._by_time: deque[_Inform] = deque()
        self._selector = selectors.DefaultSelector()
        self._sources: list[_Source] = []
        local = target.is_loopback and target.family == socket.AF_INET
        for number in range(how_many if local else 1):
            self._open(str(IPv4Address(FIRST_SOURCE + number)) if local else None)

    def _open(self, source: str | None) -> None:
        udp = socket.socket(self._target.family, socket.SOCK_DGRAM)
        opened = _Source(udp)
        self._sources.append(opened)
        try:
            if source is not None:
                udp.bind((source, 0))
            udp.connect((self._target.host, self._target.port))
        except OSError as error:
            self.close()
            raise Rejected(f"cannot send to {self._target} from {source or 'this machine'}: {error.strerror}") from error
        self._selector.register(udp, selectors.EVENT_READ, opened)

    def send_trap(self, octets: bytes, place: int) -> None:
        """From the source of that place, counted round."""
        self.counts.traps += 1
        source = self._sources[place % len(self._sources)]
        why = self._transmit(source, octets)
        if why:
            self.counts.refuse(why)
        source.trap_out = not why

    def send_inform(self, octets: bytes, place: int, *, request_id: int, now_ns: int) -> None:
        """As a trap, and again until it is answered. `request_id` must be the one in `octets`, and not on its way already."""
        self.counts.informs += 1
        inform = _Inform(octets, self._sources[place % len(self._sources)], request_id, 1, now_ns + PATIENCE_NS)
        self._waiting[request_id] = inform
        self._by_time.append(inform)
        self._transmit(inform.source, octets)

    @property
    def full(self) -> bool:
        return len(self._waiting) >= MOST_UNANSWERED

    @property
    def idle(self) -> bool:
        """Whether every inform was answered or given up."""
        return not self._waiting

    def listen(self, seconds: float) -> None:
        """Take the answers that are there, waiting at most so long for the first."""
        for key, _ in self._selector.select(seconds):
            self._take(key.data)

    def send_again(self, now_ns: int) -> None:
        """The informs that waited long enough; those that were tried often enough are given up."""
        while self._by_time and self._by_time[0].again_ns <= now_ns:
            inform = self._by_time.popleft()
            if self._waiting.get(inform.request_id) is not inform:
                continue
            if inform.tries == MOST_TRIES:
                del self._waiting[inform.request_id]
                self.counts.refuse(f"an inform got no answer from {self._target} to {MOST_TRIES} tries")
                continue
            inform.tries += 1
            inform.again_ns = now_ns + PATIENCE_NS
            self._by_time.append(inform)
            self.counts.resent += 1
            self._transmit(inform.source, inform.octets)

    def close(self) -> None:
        self._selector.close()
        for source in self._sources:
            source.socket.close()

    def _transmit(self, source: _Source, octets: bytes) -> str:
        """Why it did not go out, empty when it did. A refusal that shows up here is that of what was sent before."""
        try:
            try:
                source.socket.send(octets)
            except ConnectionRefusedError:
                self._refused(source)
                source.socket.send(octets)
        except OSError as error:
            return f"cannot send to {self._target}: {error.strerror}"
        source.trap_out = False
        return ""

    def _refused(self, source: _Source) -> None:
        if source.trap_out:
            self.counts.refuse(f"nobody listens on {self._target} (UDP)")
        source.trap_out = False

    def _take(self, source: _Source) -> None:
        while True:
            try:
                answer = answered(source.socket.recv(_LARGEST_ANSWER, socket.MSG_DONTWAIT))
            except ConnectionRefusedError:
                self._refused(source)
                continue
            except OSError:
                return
            inform = self._waiting.get(answer.request_id) if answer else None
            if inform is not None and answer is not None and inform.source is source:
                del self._waiting[answer.request_id]
                if answer.refusal:
                    self.counts.refuse(f"an inform was answered with {answer.refusal}")
                else:
                    self.counts.answered += 1
