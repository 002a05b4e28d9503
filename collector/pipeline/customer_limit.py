"""Stage 4: how much of one customer is looked at, whoever relays it. Above its rate nothing is lost; of what is far above it a
sample is listed and opens the case that says so, the rest is counted and costs nothing more."""

from copy import copy
from typing import TypeAlias

from collector.domain.clock import NS_PER_SECOND
from collector.domain.ids import CustomerId
from collector.domain.limits import Bucket, Limit, tokens_of
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.trap import Pdu, Trap
from collector.domain.trust import Trust
from collector.pipeline.draft import Batch, Draft, Entry
from collector.pipeline.own_cases import customer_rate

FAR = 10
"""A customer is far above its rate when it sends so many times as much, as a sender is for the receivers."""
SAMPLE = 100
"""Of what is left out, one in so many is listed."""

_Whose: TypeAlias = tuple[CustomerId, bool]
"""A customer, and whether the traps prove that they are its: what anybody can forge takes nothing from what nobody can."""


class _Account:
    """What a customer has used up. `since_ns` is when its bucket was last full; `seen` arrived since then, `left_out` of
    them far above its rate."""

    __slots__ = ("bucket", "left_out", "seen", "since_ns")

    def __init__(self, limit: Limit) -> None:
        self.bucket = Bucket(limit)
        self.since_ns = self.seen = self.left_out = 0

    def copy(self) -> "_Account":
        made = copy(self)
        made.bucket = copy(self.bucket)
        return made

    def take(self, now_ns: int, octets: int) -> bool:
        if self.bucket.full_at_ns <= now_ns or now_ns < self.since_ns:
            self.since_ns, self.seen, self.left_out = now_ns, 0, 0
        self.seen += 1
        return self.bucket.take(now_ns, tokens_of(octets))

    def per_second(self, now_ns: int) -> int:
        return self.seen * NS_PER_SECOND // max(now_ns - self.since_ns, 1)


class CustomerLimiter:
    """Two buckets per customer, by time of arrival, for the traps of the main lanes: the bulk lanes hold up nobody but those who
    are in them, and everything there is looked at. So are informs: they were answered, and nobody sends them again.

    A batch becomes part of it only when it is committed; a restart begins with full buckets.
    """

    def __init__(self, limit: Limit) -> None:
        """A customer's rate and burst. A rate of 0 is no limit."""
        self._limit = Limit(limit.rate * FAR, limit.burst)
        self._accounts: dict[_Whose, _Account] = {}
        self._pending: dict[_Whose, _Account] = {}
        self._judged: Batch | None = None

    def judge(self, batch: Batch) -> None:
        """Settle what is far above its customer's rate. What an earlier call found out of a batch that was not committed is
        forgotten."""
        self._pending, self._judged = {}, batch
        if not self._limit.rate:
            return
        for entry in batch.entries:
            if entry.sources and not entry.drafts and isinstance(entry.decoded, Trap) and not entry.item.is_bulk:
                self._judge(entry, entry.decoded, entry.sources[0])

    def _judge(self, entry: Entry, trap: Trap, source: Source) -> None:
        account, now_ns = self._account(source, entry.trust), entry.item.received_at_ns
        if account.take(now_ns, len(entry.item.payload)) or trap.pdu is Pdu.INFORM or entry.item.envelope:
            return
        account.left_out += 1
        draft = Draft(source, Outcome.OVER_LIMIT, Reason.CUSTOMER_RATE)
        entry.drafts.append(draft)
        entry.kept = account.left_out % SAMPLE == 1
        if entry.kept:
            draft.classified = customer_rate(entry.item, source, per_second=account.per_second(now_ns))

    def _account(self, source: Source, trust: Trust) -> _Account:
        whose = (source.customer.id, trust > Trust.SPOOFABLE)
        account = self._pending.get(whose)
        if account is None:
            known = self._accounts.get(whose)
            account = self._pending[whose] = known.copy() if known else _Account(self._limit)
        return account

    def commit(self, batch: Batch) -> None:
        """Take a committed batch over."""
        if batch is self._judged:
            self._accounts.update(self._pending)
            self._pending = {}
