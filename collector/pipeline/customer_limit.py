"""Stage 4: how much of one customer is looked at, whoever relays it. What is over the limit is counted; a sample of it is listed
and opens the case that says so, the rest costs nothing more."""

from copy import copy

from collector.domain.clock import NS_PER_SECOND
from collector.domain.ids import CustomerId
from collector.domain.limits import Bucket, Limit, tokens_of
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.trap import Trap
from collector.pipeline.draft import Batch, Draft, Entry
from collector.pipeline.own_cases import customer_rate

SAMPLE = 100
"""Of what is over the limit, one in so many is listed."""


class _Account:
    """What a customer has used up. `since_ns` is when its bucket was last full; `seen` arrived since then, `over` of them over
    the limit."""

    __slots__ = ("bucket", "over", "seen", "since_ns")

    def __init__(self, limit: Limit) -> None:
        self.bucket = Bucket(limit)
        self.since_ns = self.seen = self.over = 0

    def copy(self) -> "_Account":
        made = copy(self)
        made.bucket = copy(self.bucket)
        return made

    def take(self, now_ns: int, octets: int) -> bool:
        if self.bucket.full_at_ns <= now_ns or now_ns < self.since_ns:
            self.since_ns, self.seen, self.over = now_ns, 0, 0
        self.seen += 1
        return self.bucket.take(now_ns, tokens_of(octets))

    def per_second(self, now_ns: int) -> int:
        return self.seen * NS_PER_SECOND // max(now_ns - self.since_ns, 1)


class CustomerLimiter:
    """A bucket per customer, by time of arrival, for the traps of the main lanes: the bulk lanes hold up nobody but those who are
    in them, and everything there is looked at.

    A batch becomes part of it only when it is committed; a restart begins with full buckets.
    """

    def __init__(self, limit: Limit) -> None:
        """A rate of 0 is no limit."""
        self._limit = limit
        self._accounts: dict[CustomerId, _Account] = {}
        self._pending: dict[CustomerId, _Account] = {}
        self._judged: Batch | None = None

    def judge(self, batch: Batch) -> None:
        """Settle what is over its customer's limit. What an earlier call found out of a batch that was not committed is
        forgotten."""
        self._pending, self._judged = {}, batch
        if not self._limit.rate:
            return
        for entry in batch.entries:
            if entry.sources and not entry.drafts and isinstance(entry.decoded, Trap) and not entry.item.is_bulk:
                self._judge(entry, entry.sources[0])

    def _judge(self, entry: Entry, source: Source) -> None:
        account = self._pending.get(source.customer.id)
        if account is None:
            known = self._accounts.get(source.customer.id)
            account = self._pending[source.customer.id] = known.copy() if known else _Account(self._limit)
        now_ns = entry.item.received_at_ns
        if account.take(now_ns, len(entry.item.payload)):
            return
        account.over += 1
        draft = Draft(source, Outcome.OVER_LIMIT, Reason.CUSTOMER_RATE)
        entry.drafts.append(draft)
        entry.kept = account.over % SAMPLE == 1
        if entry.kept:
            draft.classified = customer_rate(entry.item, source, per_second=account.per_second(now_ns))

    def commit(self, batch: Batch) -> None:
        """Take a committed batch over."""
        if batch is self._judged:
            self._accounts.update(self._pending)
            self._pending = {}
