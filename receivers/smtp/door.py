"""Who is inside: the terms and limits that all connections share. One connection is `connection`."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.networks import NetworkMap
from collector.snapshot import SnapshotView
from receivers.smtp import replies
from receivers.smtp.committer import Pending
from receivers.smtp.content import Memory
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.replies import Reply
from receivers.smtp.tallies import Tallies

CROWDED_SECONDS = 10.0
"""A console that has something to say says it at once; a place that is only held is worth less than who waits outside."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every client; sizes in octets. `room` answers whether so many octets can be stored now; `tls` gives the
    context for the next handshake, without it there is no TLS. `tls_required`: no mail in the clear."""

    hostname: str
    size_limit: int
    max_recipients: int
    max_errors: int
    view: SnapshotView
    memory: Memory
    room: Callable[[int], bool]
    tls: Callable[[], ssl.SSLContext] | None = None
    tls_required: bool = False


class Guest(Protocol):
    """A connection as the door sees it."""

    peer: str
    in_mail: bool

    def expire(self, now_ns: int, *, idle_ns: int, mail_ns: int) -> None: ...

    def shut_down(self) -> None: ...

    def abort(self) -> None: ...


@dataclass(slots=True)
class Door:
    """`idle_seconds` may pass between two signs of life, `mail_seconds` from the begin of a connection or the mail before to the
    next complete mail. Where only a tenth of the places is left, who is not sending a mail may be silent for `CROWDED_SECONDS`.
    Nobody of `relays` is limited by himself, and where there are some, that tenth is theirs."""

    terms: Terms
    clock: Clock
    submit: Callable[[Pending], None]
    tallies: Tallies
    counters: SmtpCounters
    max_connections: int
    max_connections_per_peer: int
    idle_seconds: float
    mail_seconds: float
    relays: NetworkMap[bool] | None = None
    inside: set[Guest] = field(default_factory=set)
    per_peer: dict[str, int] = field(default_factory=dict)
    emptied: asyncio.Event = field(default_factory=asyncio.Event)
    shutting_down: bool = False

    def refusal(self, peer: str) -> Reply | None:
        """Why a client from `peer` may not come in."""
        if self.shutting_down:
            return replies.SHUTTING_DOWN
        is_relay = self.relays is not None and bool(self.relays.of(peer))
        if len(self.inside) >= self.max_connections or (self.crowded and self.relays is not None and not is_relay):
            return replies.FULL
        too_many = not is_relay and self.per_peer.get(peer, 0) >= self.max_connections_per_peer
        return replies.TOO_MANY_CONNECTIONS if too_many else None

    @property
    def crowded(self) -> bool:
        return len(self.inside) >= self.max_connections - self.max_connections // 10

    def enter(self, guest: Guest) -> None:
        self.inside.add(guest)
        self.per_peer[guest.peer] = self.per_peer.get(guest.peer, 0) + 1
        self.counters.open = len(self.inside)

    def leave(self, guest: Guest) -> None:
        if guest not in self.inside:
            return
        self.inside.discard(guest)
        self.per_peer[guest.peer] -= 1
        if not self.per_peer[guest.peer]:
            del self.per_peer[guest.peer]
        self.counters.open = len(self.inside)
        if not self.inside:
            self.emptied.set()

    def refused(self, reply: Reply, *, listener: str, peer: str) -> None:
        """Count a refusal, for the ledger and for `/metrics`."""
        if reply.refusal is not None:
            self.tallies.add(reply.refusal, listener=listener, peer=peer)
            self.counters.refusals[reply.refusal] += 1

    def sweep(self) -> None:
        """Send away who has been silent, or at one mail, for too long."""
        now, mail_ns = self.clock.monotonic_ns(), int(self.mail_seconds * NS_PER_SECOND)
        idle = min(self.idle_seconds, CROWDED_SECONDS) if self.crowded else self.idle_seconds
        for guest in tuple(self.inside):
            seconds = self.idle_seconds if guest.in_mail else idle
            guest.expire(now, idle_ns=int(seconds * NS_PER_SECOND), mail_ns=mail_ns)

    def shut_down(self) -> None:
        """Nobody new; who is not sending a mail goes now, the others when it is answered."""
        self.shutting_down = True
        for guest in tuple(self.inside):
            guest.shut_down()
