"""Mail decoding in processes of its own, as the pipeline uses it: `MailDecoder.decode_many`. A mail that hangs or kills its
process is tried once more in a new one and then given up; the others do not notice. One process is `child`."""

import select
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from collector.domain.clock import Clock
from collector.domain.mail import MailResult
from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded
from collector.metrics import Family
from receivers.smtp.child import Child, Failure, Settings

_ATTEMPTS = 2
_WINDOW_ITEMS = 64
_WINDOW_OCTETS = 4 << 20
_NS_PER_MS = 1_000_000


@dataclass(slots=True)
class Counters:
    """`failures`: processes lost, by what happened to them."""

    decoded: int = 0
    given_up: int = 0
    failures: dict[Failure, int] = field(default_factory=lambda: dict.fromkeys(Failure, 0))

    def families(self) -> Iterable[Family]:
        lost: list[tuple[tuple[str, ...], float]] = [((failure.value,), number) for failure, number in self.failures.items()]
        yield Family(
            "collector_mail_decoder_mails", "Mails that came back from a decoding process.", "counter", (), [((), self.decoded)]
        )
        yield Family("collector_mail_decoder_given_up", "Mails that failed twice.", "counter", (), [((), self.given_up)])
        yield Family("collector_mail_decoder_lost_processes", "Decoding processes replaced.", "counter", ("failure",), lost)


@dataclass(slots=True)
class _Batch:
    raws: Sequence[bytes]
    waiting: deque[int]
    attempts: dict[int, int]
    results: dict[int, MailResult]

    @property
    def finished(self) -> bool:
        return len(self.results) == len(self.raws)


class MailDecoder:
    """Decodes mails in `processes` child processes, started when first needed and replaced when lost. For one thread."""

    def __init__(self, *, clock: Clock, settings: Settings | None = None, processes: int = 1) -> None:
        self._clock = clock
        self._settings = settings or Settings()
        self._children: list[Child | None] = [None] * processes
        self.counters = Counters()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def decode_many(self, raws: Sequence[bytes]) -> list[MailResult]:
        """One result per mail, in order. A mail that hangs or kills its process twice is `undecodable`.

        Raises Unavailable when no decoding process can be started: that says nothing about the mails.
        """
        batch = _Batch(raws, deque(range(len(raws))), {}, {})
        try:
            while not batch.finished:
                self._feed(batch)
                self._exchange(batch)
        except BaseException:
            self.close()  # answers to this batch must never be taken for answers to the next
            raise
        return [batch.results[index] for index in range(len(raws))]

    def close(self) -> None:
        """End the processes. They can be started again by decoding more."""
        for place, child in enumerate(self._children):
            if child is not None:
                child.close()
                self._children[place] = None

    def _feed(self, batch: _Batch) -> None:
        """Give every process enough to do, the first ones first; start processes only for mails that wait."""
        for place in range(len(self._children)):
            while batch.waiting:
                child = self._children[place]
                if child is None:
                    child = self._children[place] = Child(self._settings, self._clock)
                if len(child.in_flight) >= _WINDOW_ITEMS or child.outstanding_octets >= _WINDOW_OCTETS:
                    break
                index = batch.waiting.popleft()
                child.give(index, batch.raws[index])

    def _exchange(self, batch: _Batch) -> None:
        """Wait until some process can take or give something or has taken too long, and do what there is to do."""
        busy = [(place, child) for place, child in enumerate(self._children) if child is not None and child.in_flight]
        poller = select.poll()
        for _, child in busy:
            poller.register(child.answers, select.POLLIN)
            if child.has_output:
                poller.register(child.mails, select.POLLOUT)
        poller.poll(max(0, min(child.deadline_ns() for _, child in busy) - self._clock.monotonic_ns()) / _NS_PER_MS + 1)
        for place, child in busy:
            failure = child.write() or self._take(child, batch)
            if failure is not None:
                self._lost(place, child, failure, batch)

    def _take(self, child: Child, batch: _Batch) -> Failure | None:
        answers, failure = child.read()
        for index, result in answers:
            batch.results[index] = result
        self.counters.decoded += len(answers)
        return failure

    def _lost(self, place: int, child: Child, failure: Failure, batch: _Batch) -> None:
        """The oldest mail in flight is the one it happened to; the others go back to the front of the line, in order."""
        child.kill()
        self._children[place] = None
        self.counters.failures[failure] += 1
        for index in reversed(child.in_flight):
            batch.waiting.appendleft(index)
        if not child.has_begun:
            return
        suspect = batch.waiting[0]
        batch.attempts[suspect] = batch.attempts.get(suspect, 0) + 1
        if batch.attempts[suspect] >= _ATTEMPTS:
            batch.waiting.popleft()
            self.counters.given_up += 1
            batch.results[suspect] = NotDecoded(Outcome.UNDECODABLE, _REASONS[failure], failure.value)


_REASONS = {
    Failure.TIMEOUT: Reason.DECODER_TIMEOUT,
    Failure.DIED: Reason.DECODER_FAILED,
    Failure.CONFUSED: Reason.DECODER_FAILED,
}
