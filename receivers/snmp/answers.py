"""Sends what answers informs that are durably stored, and tells those who look for our engine where it is and what time it has.
Whether there is an answer to a datagram is decided in `informs`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from collector.domain.snmp_access import Network
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.limiter import PeerLimiter, Standing
from receivers.snmp.peers import Address
from receivers.snmp.udp import Listener

ANSWERS_PER_SECOND = 2_000
REPORTS_PER_SECOND = 10
"""To one address: more than a console needs, which asks once when it starts, or when we did."""
REPORTS_AT_ONCE = 50
ALL_REPORTS_PER_SECOND = 1_000
"""To all addresses of one known network together, and to all strangers together: 256 kB a second at most, if they were all
forged. Strangers use up nothing of what consoles find the engine with."""
MAX_PEERS = 8_192
LONGEST_REPORT = 256
MOST_OF_THE_QUESTION = 3
"""A Report has at most so many octets for each one of its question."""


class AnswerKind(Enum):
    """The Response to an inform (RFC 3416 section 4.2.7), and the two Reports of RFC 3414 section 4."""

    RESPONSE = "response"
    ENGINE_DISCOVERY = "engine_discovery"
    TIME_SYNCHRONISATION = "time_synchronisation"


@dataclass(frozen=True, slots=True)
class Answer:
    """`octets` makes it for a moment of the monotonic clock; None: the question turns out to be malformed. `asked`: how many
    octets the question has. `network`: the known one that it came from, None when from none."""

    kind: AnswerKind
    octets: Callable[[int], bytes | None]
    asked: int = 0
    network: Network | None = None


class Answers:
    """Sends from the socket that the question came to. Never waits, never raises.

    Answers per peer address are limited: an address may be forged, and what is answered to it hits somebody else. Who gets none
    repeats the question.
    """

    def __init__(self, counters: SnmpCounters, *, per_second: int = ANSWERS_PER_SECOND) -> None:
        self._counters = counters
        self._responses = PeerLimiter(per_second, per_second, max_peers=MAX_PEERS)
        self._reports = PeerLimiter(REPORTS_PER_SECOND, REPORTS_AT_ONCE, max_peers=MAX_PEERS)
        self._all_reports = PeerLimiter(ALL_REPORTS_PER_SECOND, ALL_REPORTS_PER_SECOND, max_peers=MAX_PEERS)

    def send(self, answer: Answer, listener: Listener, *, to: Address, now_ns: int) -> None:
        """Send one at `now_ns` of the monotonic clock."""
        if answer.kind is AnswerKind.RESPONSE:
            self._respond(answer, listener, to, now_ns)
        else:
            self._report(answer, listener, to, now_ns)

    def _respond(self, answer: Answer, listener: Listener, to: Address, now_ns: int) -> None:
        counters = self._counters
        if not _within(self._responses, to[0], now_ns):
            counters.answers_limited += 1
        elif not (octets := _made(answer, now_ns)):
            counters.answers_malformed += 1
        elif _sent(octets, listener, to):
            counters.informs_answered += 1
        else:
            counters.answers_failed += 1

    def _report(self, answer: Answer, listener: Listener, to: Address, now_ns: int) -> None:
        counters = self._counters
        together = str(answer.network or "")
        if not _within(self._reports, to[0], now_ns) or not _within(self._all_reports, together, now_ns):
            counters.reports_limited += 1
            return
        octets = _made(answer, now_ns)
        if not 0 < len(octets) <= min(LONGEST_REPORT, MOST_OF_THE_QUESTION * answer.asked):
            counters.reports_too_large += 1
        elif not _sent(octets, listener, to):
            counters.reports_failed += 1
        elif answer.kind is AnswerKind.ENGINE_DISCOVERY:
            counters.discoveries_answered += 1
        else:
            counters.time_reports_sent += 1


def _within(limiter: PeerLimiter, peer: str, now_ns: int) -> bool:
    return limiter.judge(peer, now_ns) in (Standing.WITHIN, Standing.HELD)


def _made(answer: Answer, now_ns: int) -> bytes:
    """None at all when it cannot be made."""
    try:
        return answer.octets(now_ns) or b""
    except Exception:  # noqa: BLE001 - the edge: a fault of ours must not stop the line that hostile octets come in on
        return b""


def _sent(octets: bytes, listener: Listener, to: Address) -> bool:
    try:
        listener.socket.sendto(octets, to)
    except OSError:
        return False
    return True
