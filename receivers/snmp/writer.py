"""The committing thread: takes what has arrived in groups, chooses the lane, makes the group durable, then answers its informs.
Receiving goes on meanwhile in a thread of its own."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import JournalError
from collector.domain.item import ItemKind, Record, TallyReason
from collector.journal.interface import JournalWriter
from collector.logs import Log
from receivers.snmp.answers import Answer, Answers
from receivers.snmp.arrivals import Arrivals, Chunk
from receivers.snmp.counters import SnmpCounters
from receivers.snmp.informs import Decision, Informs
from receivers.snmp.limiter import Flood, PeerLimiter, Standing
from receivers.snmp.peers import Address, peer_of
from receivers.snmp.questions import Question, question_in
from receivers.snmp.tallies import Tallies, TallyReport
from receivers.snmp.udp import Listener

GROUP_DATAGRAMS = 1_000
GROUP_OCTETS = 8 << 20
SMALL_GROUP = 200
LINGER_SECONDS = 0.007
"""After a small group without informs the next one is left to grow for a moment: else a steady trickle is synced trap by trap.
A trap is still durable within 10 ms, and nobody waits for an answer."""
MOST_OPENED = 256
"""v3 messages for our engine that are opened before what came before them is committed: some 4 ms of work, which anybody can
cause who knows the name of a user. Fewer would only make more commits."""
REPORT_EVERY_NS = NS_PER_SECOND
RETRY_SECONDS = 0.2
_OVER = frozenset({Standing.OVER, Standing.SAMPLED, Standing.LEFT_OUT})

log = Log(__name__)


@dataclass(slots=True)
class Lane:
    """One stream of the receiver."""

    name: Literal["main", "bulk"]
    journal: JournalWriter


class _Asked(NamedTuple):
    """The record at `place` is answered after the commit. `repeated`: its sender sends it again otherwise."""

    place: int
    answer: Answer
    listener: Listener
    address: Address
    repeated: bool


@dataclass(slots=True)
class _Group:
    """What goes to one lane in one commit."""

    records: list[Record] = field(default_factory=list)
    asked: list[_Asked] = field(default_factory=list)

    def split(self) -> tuple[list[Record], list[Record]]:
        """(traps, informs and others that are repeated)"""
        places = {asked.place for asked in self.asked if asked.repeated}
        traps = [record for place, record in enumerate(self.records) if place not in places]
        return traps, [self.records[place] for place in sorted(places)]


class Writer:
    """Commits until the buffer is closed and empty. `room` says whether the disk has room for more than traps; `wake` tells the
    pipeline that there is something to read."""

    def __init__(
        self,
        arrivals: Arrivals,
        *,
        main: JournalWriter,
        bulk: JournalWriter,
        limiter: PeerLimiter,
        informs: Informs,
        answers: Answers,
        tallies: Tallies,
        report: TallyReport,
        clock: Clock,
        room: Callable[[], bool],
        wake: Callable[[], None],
        counters: SnmpCounters,
    ) -> None:
        self._arrivals = arrivals
        self._main = Lane("main", main)
        self._bulk = Lane("bulk", bulk)
        self._limiter = limiter
        self._informs = informs
        self._answers = answers
        self._tallies = tallies
        self._report = report
        self._clock = clock
        self._room = room
        self._wake = wake
        self._counters = counters
        self._pause = threading.Event()
        self._give_up_at_ns: int | None = None

    def give_up_at(self, monotonic_ns: int) -> None:
        """From then on a group that the journal refuses is not tried again."""
        self._give_up_at_ns = monotonic_ns

    def run(self) -> None:
        report_at_ns = self._clock.monotonic_ns()
        while not self._arrivals.drained():
            wait_seconds = max(0, report_at_ns - self._clock.monotonic_ns()) / NS_PER_SECOND
            chunks = self._arrivals.take(max_datagrams=GROUP_DATAGRAMS, max_octets=GROUP_OCTETS, timeout_seconds=wait_seconds)
            if chunks:
                self._store(chunks)
            if self._clock.monotonic_ns() >= report_at_ns:
                self._write_tallies()
                report_at_ns = self._clock.monotonic_ns() + REPORT_EVERY_NS
        self._write_tallies()

    def _write_tallies(self) -> None:
        if self._report.write():
            self._wake()

    def _store(self, chunks: Sequence[Chunk]) -> None:
        """The bulk lane first: who reads something of the main lane can then see all that arrived before it."""
        waiting = deque(chunks)
        small = False
        self._limiter.refresh()
        while waiting:
            main, bulk = self._sorted(waiting)
            small = not main.asked and not bulk.asked and len(main.records) + len(bulk.records) < SMALL_GROUP
            self._commit(self._bulk, bulk)
            self._commit(self._main, main)
        if small:
            self._pause.wait(LINGER_SECONDS)

    def _sorted(self, waiting: deque[Chunk]) -> tuple[_Group, _Group]:
        """Take from what waits; say what goes to the main lane and what to the bulk lane. What is refused or left out goes
        nowhere."""
        main, bulk = _Group(), _Group()
        informs, room, judge = self._informs, self._room(), self._limiter.judge
        own_engine_id = informs.engine_id
        informs.begin()
        while waiting and informs.opened < MOST_OPENED:
            chunk = waiting.popleft()
            listener, received_at_ns, monotonic_ns = chunk.listener, chunk.received_at_ns, chunk.monotonic_ns
            left_out: Counter[str] = Counter()
            for datagram, address in chunk.datagrams:
                peer = peer_of(address)
                standing = judge(peer, monotonic_ns, len(datagram))
                group = main if standing is Standing.WITHIN else bulk
                over = standing in _OVER
                if over:
                    self._counters.listeners[listener.name].over_limit += 1
                    if standing is Standing.LEFT_OUT:
                        left_out[peer] += 1
                        continue
                envelope = b""
                question = question_in(datagram, own_engine_id)
                if question is not None:
                    decision = self._decide(question, chunk, peer, over=over, room=room)
                    if decision is None:
                        continue
                    envelope, answer, _ = decision
                    if answer is not None:
                        group.asked.append(_Asked(len(group.records), answer, listener, address, question.repeated))
                group.records.append(
                    Record(ItemKind.DATAGRAM, received_at_ns, monotonic_ns, listener.name, peer, address[1], envelope, datagram)
                )
            if left_out:
                self._tell_left_out(left_out, chunk)
        return main, bulk

    def _tell_left_out(self, left_out: Mapping[str, int], chunk: Chunk) -> None:
        """Those who flood together are told together."""
        listener = chunk.listener.name
        for peer, count in left_out.items():
            flood = self._limiter.flood(peer, chunk.monotonic_ns) or Flood(peer, 0)
            self._tallies.add(TallyReason.FLOOD, listener, peer=flood.peer, count=count, per_second=flood.per_second)
            self._counters.listeners[listener].left_out += count

    def _decide(self, question: Question, chunk: Chunk, peer: str, *, over: bool, room: bool) -> Decision | None:
        """None when the question is refused: it is neither stored nor answered, and its sender repeats it. Nothing is looked at
        more closely that comes too often."""
        listener = chunk.listener.name
        if question.repeated and over:
            self._counters.refused_over_limit += 1
            # strangers are told together: each record is as much work for everybody as a trap, and addresses can be forged
            named = "" if self._limiter.is_stranger(peer) else peer
            self._tallies.add(TallyReason.OVER_LIMIT, listener, peer=named)
            return None
        if question.repeated and not room:
            self._counters.refused_disk_short += 1
            self._tallies.add(TallyReason.DISK_SHORT, listener, peer=peer)
            return None
        if over:
            return Decision()
        decision = self._informs.decide(question, peer=peer, listener=listener, now_ns=chunk.monotonic_ns)
        if not decision.not_ready:
            return decision
        self._counters.refused_not_ready += 1
        self._tallies.add(TallyReason.NOT_READY, listener, peer=peer)
        return None

    def _commit(self, lane: Lane, group: _Group) -> None:
        """Make a group durable, then answer its informs. While the journal refuses, informs are left to their senders' repetition
        and traps are tried again and again."""
        while group.records:
            try:
                self._append(lane, group.records)
            except JournalError as error:
                group = self._after_failure(lane, group, error)
            else:
                self._answer(group)
                self._wake()
                return

    def _append(self, lane: Lane, records: list[Record]) -> None:
        began_ns = self._clock.monotonic_ns()
        lane.journal.append(records)
        counters = self._counters
        counters.commit_seconds += (self._clock.monotonic_ns() - began_ns) / NS_PER_SECOND
        counters.commits += 1
        if lane.name == "main":
            counters.stored += len(records)
        else:
            counters.held_back += len(records)
        if counters.stalled:
            counters.stalled = False
            log.info("the journal takes datagrams again", lane=lane.name)

    def _answer(self, group: _Group) -> None:
        now_ns = self._clock.monotonic_ns()
        for asked in group.asked:
            self._answers.send(asked.answer, asked.listener, to=asked.address, now_ns=now_ns)

    def _after_failure(self, lane: Lane, group: _Group, error: JournalError) -> _Group:
        """What is left to try again."""
        self._counters.commit_failures += 1
        if not self._counters.stalled:
            self._counters.stalled = True
            log.warning("the journal takes nothing; traps wait, informs are refused", lane=lane.name, reason=error)
        traps, informs = group.split()
        self._lose(informs)
        self._counters.refused_disk_short += len(informs)
        if not traps:
            return _Group()
        if self._give_up_at_ns is not None and self._clock.monotonic_ns() >= self._give_up_at_ns:
            self._lose(traps)
            self._counters.abandoned += len(traps)
            log.error("traps are lost: the journal took nothing until the stop", lane=lane.name, traps=len(traps))
            return _Group()
        self._pause.wait(RETRY_SECONDS)
        return _Group(traps)

    def _lose(self, records: Sequence[Record]) -> None:
        for record in records:
            self._tallies.add(TallyReason.DISK_SHORT, record.listener, peer=record.peer_address)
