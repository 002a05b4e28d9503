"""Group commit: the one thread that appends mails and tallies to the journal. All that waits goes into one commit; while that is
on its way to the disk the next group gathers. Answers go back to the receiver's loop; clients are not known here."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from collector.domain.clock import Clock
from collector.domain.errors import JournalFull
from collector.domain.ids import NotificationId
from collector.domain.item import Record
from collector.journal.interface import JournalWriter
from collector.logs import Log
from receivers.smtp import replies, tallies
from receivers.smtp.counters import SmtpCounters
from receivers.smtp.replies import Reply
from receivers.smtp.tallies import Tallies

GROUP_MAILS = 1_000
GROUP_OCTETS = 64 << 20

Answers: TypeAlias = list[tuple[Callable[[Reply], None], Reply]]

log = Log(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """A record to store, and whom to tell what became of it. One of a mail that is refused is not counted as `accepted`."""

    record: Record
    settle: Callable[[Reply], None]
    accepted: bool = True


class Committer:
    """Started with `start`; `stop` commits what was submitted before it and ends the thread. `deliver` gets the answers of a
    group, in the committing thread, and takes them to where they may be called."""

    def __init__(
        self,
        journal: JournalWriter,
        *,
        deliver: Callable[[Answers], None],
        tallies: Tallies,
        clock: Clock,
        wake: Callable[[], None],
        counters: SmtpCounters,
    ) -> None:
        self._deliver = deliver
        self._stopping = False
        self._journal = journal
        self._tallies = tallies
        self._clock = clock
        self._wake = wake
        self._counters = counters
        self._queue: queue.SimpleQueue[Pending | None] = queue.SimpleQueue()
        self._report = threading.Event()
        self._thread = threading.Thread(target=self._run, name="smtp-committer", daemon=True)
        self.failure: Exception | None = None
        """What ended the thread before its time."""

    def start(self) -> None:
        self._thread.start()

    def submit(self, pending: Pending) -> None:
        self._queue.put(pending)

    def report_tallies(self) -> None:
        """Write the refusals counted so far with the next commit, which comes at once."""
        if not self._report.is_set():
            self._report.set()
            self._queue.put(None)

    def stop(self, timeout: float) -> bool:
        """Whether the thread ended within `timeout` seconds."""
        self._stopping = True
        self._queue.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 (the edge of the thread: the owner is told through `failure`)
            self.failure = error
            log.error("a thread of the receiver ended", thread=threading.current_thread().name, cause=error)

    def _work(self) -> None:
        while True:
            stopping = self._stopping
            group = self._group(wait=not stopping)
            if self._report.is_set() or stopping:
                self._report.clear()
                self._commit(group, self._tallies.take())
            elif group:
                self._commit(group, {})
            if stopping and not group:
                return

    def _group(self, *, wait: bool) -> list[Pending]:
        """What waits, up to the bounds of a group; with `wait`, at least one thing."""
        group: list[Pending] = []
        octets = 0
        try:
            while len(group) < GROUP_MAILS and octets < GROUP_OCTETS:
                pending = self._queue.get(block=wait and not group)
                if pending is None:
                    wait = False
                    continue
                group.append(pending)
                octets += len(pending.record.payload)
        except queue.Empty:
            pass
        return group

    def _commit(self, group: list[Pending], counts: tallies.Counts) -> None:
        records = [pending.record for pending in group]
        reports = tallies.records(counts, self._clock)
        if not records and not reports:
            return
        begun = self._clock.monotonic_ns()
        refusal, first = self._append(records + reports)
        if refusal is not None:
            self._tallies.give_back(counts)
            self._tell([(pending.settle, refusal) for pending in group])
            return
        self._counters.commits += 1
        self._counters.commit_ns += self._clock.monotonic_ns() - begun
        self._answer(group, first)
        self._wake_processor()

    def _append(self, records: list[Record]) -> tuple[Reply | None, int]:
        try:
            return None, self._journal.append(records)
        except JournalFull:
            return replies.DISK_SHORT, 0
        except Exception as error:  # noqa: BLE001 - whatever it was, the mails are not stored and their senders are told so
            log.error("mails were not stored", mails=len(records), cause=error)
            return replies.INTERNAL, 0

    def _answer(self, group: list[Pending], first: int) -> None:
        stream = str(self._journal.stream)
        names = (NotificationId(stream, first + number) for number in range(len(group)))
        accepted = [len(pending.record.payload) for pending in group if pending.accepted]
        self._counters.accepted += len(accepted)
        self._counters.accepted_octets += sum(accepted)
        self._tell([(pending.settle, replies.stored(str(name))) for pending, name in zip(group, names, strict=True)])

    def _tell(self, answers: Answers) -> None:
        """Tallies wait for no answer: at the stop they are written when the loop has ended already."""
        if answers:
            self._deliver(answers)

    def _wake_processor(self) -> None:
        try:
            self._wake()
        except Exception as error:  # noqa: BLE001 - only a hint: the processor looks by itself every second
            log.error("the processor could not be woken", cause=error)
