"""How much one peer address may send: a token bucket per address, bounded in the number of addresses. What becomes of a datagram
that is over the limit is decided elsewhere."""

from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address

from collector.domain.clock import NS_PER_SECOND

PENALTY_NS = 10 * NS_PER_SECOND
MAX_PEERS = 65_536
_EXEMPT = -1


class Standing(Enum):
    """How a peer stands with one more datagram."""

    WITHIN = "within"
    HELD = "held"
    """Within its rate, but over it less than ten seconds ago: it stays on the bulk lane, so that its order is kept."""
    OVER = "over"


class PeerLimiter:
    """A token bucket per peer address: `rate` datagrams a second (0 = no limit), `burst` at once; nobody in `exempt` is limited.

    A bucket is kept as the time at which it will be full again, one number per peer (generic cell rate algorithm, ITU-T I.371).
    When there are more than `max_peers`, the oldest is forgotten; a peer that goes over its limit counts as new, so it stays.
    Not for more than one thread.
    """

    def __init__(
        self, rate: int, burst: int, *, exempt: Sequence[IPv4Network | IPv6Network] = (), max_peers: int = MAX_PEERS
    ) -> None:
        self._cost_ns = NS_PER_SECOND // rate if rate else 0
        self._depth_ns = self._cost_ns * max(burst, 1)
        self._exempt = tuple(exempt)
        self._max_peers = max_peers
        self._full_at: OrderedDict[str, int] = OrderedDict()
        self._last_over: dict[str, int] = {}

    def judge(self, peer: str, now_ns: int) -> Standing:
        """How `peer` stands with a datagram that came at `now_ns` of the monotonic clock. One over the limit takes no token."""
        if not self._cost_ns:
            return Standing.WITHIN
        full_at = self._full_at.get(peer)
        if full_at is None:
            full_at = self._admit(peer)
        if full_at == _EXEMPT:
            return Standing.WITHIN
        if full_at < now_ns:
            full_at = now_ns
        after = full_at + self._cost_ns
        if after - now_ns > self._depth_ns:
            self._full_at.move_to_end(peer)
            self._last_over[peer] = now_ns
            return Standing.OVER
        self._full_at[peer] = after
        return self._held(peer, now_ns) if self._last_over else Standing.WITHIN

    def peers(self) -> int:
        """How many addresses are remembered."""
        return len(self._full_at)

    def _admit(self, peer: str) -> int:
        if len(self._full_at) >= self._max_peers:
            forgotten, _ = self._full_at.popitem(last=False)
            self._last_over.pop(forgotten, None)
        state = self._full_at[peer] = _EXEMPT if self._is_exempt(peer) else 0
        return state

    def _is_exempt(self, peer: str) -> bool:
        if not self._exempt:
            return False
        address = ip_address(peer)
        return any(address in network for network in self._exempt)

    def _held(self, peer: str, now_ns: int) -> Standing:
        last_over = self._last_over.get(peer)
        if last_over is None:
            return Standing.WITHIN
        if now_ns - last_over < PENALTY_NS:
            return Standing.HELD
        del self._last_over[peer]
        return Standing.WITHIN
