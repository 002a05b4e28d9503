"""What travels through the stages: a batch of entries (one per journal item), each ending in drafts of notifications."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from collector.domain.case import Verdict
from collector.domain.clock import from_ns
from collector.domain.ids import NotificationId, SourceId, StreamName
from collector.domain.item import Item, Tally
from collector.domain.mail import Mail, MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Customer, Source
from collector.domain.signal import Classified
from collector.domain.snmp_access import SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap, TrapResult
from collector.domain.trust import Trust
from collector.pipeline.mail_origin import MailOrigin

if TYPE_CHECKING:
    from collector.pipeline.clears import Clears
    from collector.pipeline.engine_drafts import EngineDrafts
    from collector.pipeline.fold import CaseFold


@dataclass(slots=True)
class Draft:
    """A notification about to be written. `fold` is the case it belongs to, `verdict` what it did, None when it is no signal.
    `customer`: whose it is where that is known and the source is not."""

    source: Source | None
    outcome: Outcome
    reason: Reason = Reason.NONE
    detail: str = ""
    row: int = 0
    classified: Classified | None = None
    verdict: Verdict | None = None
    fold: "CaseFold | None" = None
    customer: Customer | None = None


@dataclass(frozen=True, slots=True)
class BeliefStep:
    """One question that was asked of a v3 message, and why its way ended there; None when it went on."""

    step: str
    refusal: NotDecoded | None


@dataclass(slots=True)
class Entry:
    """One journal item on its way. An entry with drafts is settled: the stages after that leave it alone.

    `judged` is there when a v3 message is looked at again: what was found out about its time and its copies when it arrived
    (NONE: it was fresh), None when that was not asked then. `belief` is filled when somebody asks why. An entry that is not
    `kept` is counted and leaves no notification. `before` is the same item as it was understood a moment ago, when nothing that
    was learnt since can have made another thing of it; `classified`: its drafts are what the rules said.

    `trust` is that of a trap. A mail is `authenticated` for the sources that `proven` names, and for no other recipient.
    """

    item: Item
    decoded: Trap | Secured | Mail | NotDecoded | None = None
    tally: Tally | None = None
    sources: tuple[Source, ...] = ()
    trust: Trust = Trust.SPOOFABLE
    drafts: list[Draft] = field(default_factory=list)
    judged: Reason | None = None
    belief: list[BeliefStep] = field(default_factory=list)
    kept: bool = True
    before: "Entry | None" = None
    classified: bool = False
    origin: MailOrigin | None = None
    proven: frozenset[SourceId] = frozenset()

    def settle(self, outcome: Outcome, reason: Reason, detail: str = "", source: Source | None = None) -> None:
        """End the entry's way here with a single draft."""
        self.drafts.append(Draft(source, outcome, reason, detail))

    def trust_of(self, source: Source | None) -> Trust:
        """How far it can be believed as a notification of the source."""
        if self.proven and source is not None and source.id in self.proven:
            return Trust.AUTHENTICATED
        return self.trust

    def detail_of(self, draft: Draft) -> str:
        """The draft's, with the address that a trusted relay had the mail from."""
        if self.origin is None or self.origin.address == self.item.peer_address:
            return draft.detail
        told = f"from {self.origin.address}"
        return f"{draft.detail}; {told}" if draft.detail else told

    def id_of(self, draft: Draft) -> NotificationId:
        return NotificationId(self.item.stream, self.item.seq, draft.row)

    def anew(self) -> "Entry":
        """The same item, not looked at yet."""
        decoded = self.decoded
        secured = isinstance(decoded, Secured) or (isinstance(decoded, Trap) and decoded.secured is not None)
        return Entry(self.item, before=None if secured else self)


@dataclass(slots=True)
class Batch:
    """Items taken together, in order of arrival. `late_at` is set when a person reprocesses: cases then open at that time."""

    entries: list[Entry]
    taken: dict[StreamName, tuple[int, int]] = field(default_factory=dict)
    """Per stream: the last sequence number of the batch, and how many tally records are in it."""
    late_at: datetime | None = None
    seen: list[tuple[bytes, int]] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    """Per stream that may hold more: everything in it that arrived before this (nanoseconds since the epoch) was processed, or is
    in the batch."""
    bulk_reached_ns: int = 0
    """Nothing of a bulk lane that was processed before the batch arrived later than this, on the monotonic clock."""
    clears: "Clears | None" = None
    """What became of clears that came before what they clear; None where nobody asks."""
    engines: "EngineDrafts | None" = None
    """What the batch's v3 messages tell of their engines."""

    @classmethod
    def of(cls, items: Sequence[Item], taken: dict[StreamName, tuple[int, int]] | None = None) -> "Batch":
        return cls([Entry(item) for item in items], taken or {})

    def anew(self) -> "Batch":
        """The same items, to be judged by what is known of v3 engines now. Others are not decoded and classified again: somebody
        may hold the store's lock meanwhile."""
        batch = Batch([entry.anew() for entry in self.entries], self.taken)
        batch.waiting, batch.bulk_reached_ns = self.waiting, self.bulk_reached_ns
        return batch

    def at(self, entry: Entry) -> datetime:
        """The time that decisions about cases use."""
        return self.late_at or from_ns(entry.item.received_at_ns)


@dataclass(frozen=True, slots=True)
class Decoders:
    """The receivers' pure decoders, handed in by the composition root."""

    trap: Callable[[bytes], TrapResult]
    unlock: Callable[[bytes, Secured, SnmpUser], Trap | NotDecoded]
    """Authenticate and decrypt a v3 message with a user's pass phrases. What fails is `unauthenticated` with its reason; engine,
    time window and replays are the caller's business."""
    mails: Callable[[Sequence[bytes]], list[MailResult]]
    loop_reason: Callable[[Mail], Reason | None]
