"""Answers informs that are durably stored. Whether one is stored is decided elsewhere."""

from receivers.snmp.arrivals import Address
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.limiter import PeerLimiter, Standing
from receivers.snmp.message import response_to
from receivers.snmp.udp import Listener

ANSWERS_PER_SECOND = 2_000


class Answers:
    """Sends the Response of RFC 3416 section 4.2.7 from the socket that the inform came to. Never waits, never raises.

    Answers per peer address are limited: an address may be forged, and what is answered to it hits somebody else. An inform that
    goes unanswered is repeated by its sender.
    """

    def __init__(self, counters: SnmpCounters, *, per_second: int = ANSWERS_PER_SECOND) -> None:
        self._counters = counters
        self._limiter = PeerLimiter(per_second, per_second)

    def send(self, datagram: bytes, listener: Listener, *, to: Address, now_ns: int) -> None:
        """Answer one stored inform at `now_ns` of the monotonic clock."""
        response = response_to(datagram)
        if response is None:
            self._counters.answers_malformed += 1
        elif self._limiter.judge(to[0], now_ns) is Standing.OVER:
            self._counters.answers_limited += 1
        else:
            self._transmit(response, listener, to=to)

    def _transmit(self, response: bytes, listener: Listener, *, to: Address) -> None:
        try:
            listener.socket.sendto(response, to)
        except OSError:
            self._counters.answers_failed += 1
        else:
            self._counters.informs_answered += 1
