"""How much one peer address may send, and how much all those together that share a limit: token buckets, bounded in the number of
addresses. What becomes of a datagram that is over the limit is decided elsewhere."""

from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple, Protocol

from collector.domain.clock import NS_PER_SECOND
from collector.domain.limits import OCTETS_PER_TOKEN, Bucket, Limit, tokens_of
from collector.domain.networks import NetworkMap

PENALTY_NS = 10 * NS_PER_SECOND
MAX_PEERS = 65_536
FAR = 10
"""A sender is far over its limit when it is over a second one that is so many times as large, in rate and in burst."""
SAMPLE = 100
"""Of what a sender far over its limit sends above its rate, one in so many is stored."""
_NEVER = 0
"""On the monotonic clock: what has not happened."""


class Standing(Enum):
    """How a sender stands with one more datagram."""

    WITHIN = "within"
    HELD = "held"
    """Within its rate, but over it less than ten seconds ago: it stays on the bulk lane, so that its order is kept."""
    OVER = "over"
    SAMPLED = "sampled"
    """Far over its limit; this one is stored as an example of what it sends."""
    LEFT_OUT = "left_out"
    """Far over its limit; this one is only counted."""


class Flood(NamedTuple):
    """A sender far over its limit. `peer` is its address, of those of one console the first one, empty when strangers do it
    together; it sends about `per_second` datagrams."""

    peer: str
    per_second: int


class Account:
    """What one peer, or all that share a limit, has used up of it. `share` is the account that it has together with others.

    The bucket of the second limit is drawn on from the first datagram over the first one on. Once it is empty the sender is far
    over its limit, until it has not been empty for ten seconds.
    """

    __slots__ = ("_far", "_far_at", "_left_out", "_near", "_over_at", "_over_since", "_peer", "_seen", "of_strangers", "share")

    def __init__(self, limit: Limit, *, share: "Account | None" = None, of_strangers: bool = False) -> None:
        """Strangers have nothing but what they have together: their limit is that of one address."""
        self._near = Bucket(limit)
        self._far = Bucket(Limit(limit.rate * FAR, limit.burst * FAR))
        self._over_at = self._over_since = self._far_at = _NEVER
        self._seen = self._left_out = 0
        self._peer = ""
        self.of_strangers = of_strangers
        self.share = share

    def judge(self, peer: str, now_ns: int, tokens: int) -> Standing:
        """How it stands with a datagram that costs so many tokens. One over the limit takes none."""
        if not self._near.take(now_ns, tokens):
            return self._over(peer, now_ns, tokens)
        return self._held(now_ns, tokens) if self._over_at else Standing.WITHIN

    def flood(self, now_ns: int) -> Flood | None:
        """None when it is not far over its limit. The rate is that since it first went over."""
        if not self._far_at:
            return None
        return Flood(self._peer, self._seen * NS_PER_SECOND // max(now_ns - self._over_since, 1))

    def _held(self, now_ns: int, tokens: int) -> Standing:
        if now_ns - self._over_at >= PENALTY_NS:
            self._over_at = self._far_at = _NEVER
            return Standing.WITHIN
        self._seen += 1
        self._far.take(now_ns, tokens)
        return Standing.HELD

    def _over(self, peer: str, now_ns: int, tokens: int) -> Standing:
        if not self._over_at:
            self._over_since, self._seen = now_ns, 0
        self._over_at = now_ns
        self._seen += 1
        if not self._far.take(now_ns, tokens):
            self._go_far(peer, now_ns)
        elif now_ns - self._far_at >= PENALTY_NS:
            self._far_at = _NEVER
        if not self._far_at:
            return Standing.OVER
        if self.of_strangers and peer != self._peer:
            self._peer = ""
        self._left_out += 1
        return Standing.SAMPLED if self._left_out % SAMPLE == 1 else Standing.LEFT_OUT

    def _go_far(self, peer: str, now_ns: int) -> None:
        if not self._far_at:
            self._peer, self._left_out = peer, 0
        self._far_at = now_ns


class Shares(Protocol):
    """Which peers have a limit together, besides that of each."""

    def refresh(self) -> bool:
        """Take over what has changed; whether anything has."""

    def of(self, peer: str) -> Account | None:
        """What this peer has together with others: one object for all of them, until something changes."""


class PeerLimiter:
    """An account per peer address; nobody in `exempt` is limited. With a rate of 0 there is only what peers have with others.

    When there are more than `max_peers`, the oldest is forgotten; a peer that goes over its limit counts as new, so it stays.
    Not for more than one thread.
    """

    def __init__(
        self,
        rate: int,
        burst: int,
        *,
        exempt: Sequence[IPv4Network | IPv6Network] = (),
        shares: Shares | None = None,
        max_peers: int = MAX_PEERS,
    ) -> None:
        self._limit = Limit(rate, burst)
        self._exempt = NetworkMap((network, True) for network in exempt)
        self._shares = shares
        self._max_peers = max_peers
        self._accounts: OrderedDict[str, Account | None] = OrderedDict()
        """None for those without a limit; strangers, and all without a limit per peer, have that which they share."""

    def refresh(self) -> None:
        """Take over who shares a limit with whom; costs nothing while nothing changes."""
        if self._shares is None or not self._shares.refresh():
            return
        if not self._limit.rate:
            self._accounts.clear()
        for peer, account in self._accounts.items():
            if account is not None:
                self._accounts[peer] = self._account(peer, account)

    def judge(self, peer: str, now_ns: int, octets: int = 0) -> Standing:
        """How `peer` stands with a datagram of so many octets that came at `now_ns` of the monotonic clock."""
        if not self._limit.rate and self._shares is None:
            return Standing.WITHIN
        try:
            account = self._accounts[peer]
        except KeyError:
            account = self._admit(peer)
        if account is None:
            return Standing.WITHIN
        tokens = 1 if octets < OCTETS_PER_TOKEN else tokens_of(octets)
        standing = account.judge(peer, now_ns, tokens)
        if standing is Standing.WITHIN:
            return standing if account.share is None else account.share.judge(peer, now_ns, tokens)
        if standing is not Standing.HELD and not account.of_strangers:
            self._accounts.move_to_end(peer)
        return standing

    def flood(self, peer: str, now_ns: int) -> Flood | None:
        """The flood that this peer is, or has part in; None when it is none, or was forgotten."""
        account = self._accounts.get(peer)
        if account is None:
            return None
        own = account.flood(now_ns)
        return own if own is not None or account.share is None else account.share.flood(now_ns)

    def is_stranger(self, peer: str) -> bool:
        """Whether it has nothing of its own, but only what all strangers have together; False when it was forgotten."""
        account = self._accounts.get(peer)
        return account is not None and account.of_strangers

    def peers(self) -> int:
        """How many addresses are remembered."""
        return len(self._accounts)

    def _admit(self, peer: str) -> Account | None:
        if len(self._accounts) >= self._max_peers:
            self._accounts.popitem(last=False)
        account = self._accounts[peer] = None if self._exempt.of(peer) else self._account(peer)
        return account

    def _account(self, peer: str, known: Account | None = None) -> Account | None:
        """What counts for a peer now. One of its own keeps what was used up."""
        shared = None if self._shares is None else self._shares.of(peer)
        if not self._limit.rate or (shared is not None and shared.of_strangers):
            return shared
        if known is None or known.of_strangers:
            return Account(self._limit, share=shared)
        known.share = shared
        return known
