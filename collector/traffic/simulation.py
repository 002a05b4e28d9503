"""The loop of `simulate`: takes notifications from the mix at the chosen pace, sends them, waits for what must be answered."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.traffic.counts import Counts
from collector.traffic.courier import Courier, letter
from collector.traffic.mix import MailText, Notification, Packet
from collector.traffic.pace import Pace
from collector.traffic.sources import Sources

if TYPE_CHECKING:
    from collector.config import ListenAddress

_TICK_SECONDS = 0.005
_BURST = 200
"""How many go out before answers are looked at again."""
_LOWEST_ID, _HIGHEST_ID = 2**24, 2**31 - 1
"""Numbers of four octets: see `Packet.stamped`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to, how fast, how many. `mailbox` None: no mails come. Exactly one of `how_many` and `seconds` ends it."""

    trap_to: "ListenAddress"
    mail_to: "ListenAddress"
    mailbox: str | None
    per_second: float
    how_many: int | None
    seconds: float | None
    sources: int


def simulate(plan: Plan, mix: Iterator[Notification], clock: Clock, *, run: int, say: Callable[[str], None]) -> Counts:
    """Send until the plan is fulfilled and everything is acknowledged or given up. `say` gets a line of progress each second.

    `run` is another number at every run: it keeps the ids of informs and mails of two runs apart. Raise Rejected when the machine
    cannot send as planned.
    """
    with ExitStack() as undo:
        sources = undo.enter_context(closing(Sources(plan.trap_to, plan.sources)))
        courier = undo.enter_context(closing(Courier(plan.mail_to, plan.mailbox))) if plan.mailbox else None
        simulation = _Simulation(plan, clock, sources=sources, courier=courier, run=run, say=say)
        simulation.go(mix)
        return simulation.counts()


class _Simulation:
    def __init__(
        self, plan: Plan, clock: Clock, *, sources: Sources, courier: Courier | None, run: int, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._clock = clock
        self._sources = sources
        self._courier = courier
        self._run = run
        self._say = say
        self._start_ns = clock.monotonic_ns()
        self._told_ns = self._start_ns
        self._sent = 0

    def counts(self) -> Counts:
        return self._sources.counts + self._courier.counts() if self._courier else self._sources.counts

    def go(self, mix: Iterator[Notification]) -> None:
        pace = Pace(self._plan.per_second, self._start_ns)
        while (left := self._left()) > 0:
            now_ns = self._clock.monotonic_ns()
            room = 0 if self._sources.full or (self._courier and self._courier.full) else min(left, _BURST)
            for _ in range(pace.due(now_ns, room)):
                self._send(next(mix), now_ns)
            self._look_around(min(_TICK_SECONDS, pace.seconds_left(self._clock.monotonic_ns())))
        while not (self._sources.idle and (self._courier is None or self._courier.idle)):
            self._look_around(_TICK_SECONDS)
        self._sources.listen(0)

    def _left(self) -> int:
        if self._plan.how_many is not None:
            return self._plan.how_many - self._sent
        return _BURST if self._seconds() < (self._plan.seconds or 0) else 0

    def _seconds(self) -> float:
        return (self._clock.monotonic_ns() - self._start_ns) / NS_PER_SECOND

    def _look_around(self, seconds: float) -> None:
        self._sources.listen(seconds)
        now_ns = self._clock.monotonic_ns()
        self._sources.send_again(now_ns)
        if now_ns - self._told_ns >= NS_PER_SECOND:
            self._told_ns = now_ns
            self._say(self.counts().line(self._seconds()))

    def _send(self, notification: Notification, now_ns: int) -> None:
        self._sent += 1
        number = self._run + self._sent
        match notification:
            case Packet(inform=inform):
                request_id = _LOWEST_ID + number % (_HIGHEST_ID - _LOWEST_ID)
                ticks = _LOWEST_ID + now_ns // 10_000_000 % (_HIGHEST_ID - _LOWEST_ID)
                octets = notification.stamped(request_id, ticks)
                if inform:
                    self._sources.send_inform(octets, number, request_id=request_id, now_ns=now_ns)
                else:
                    self._sources.send_trap(octets, number)
            case MailText() if self._courier is not None and self._plan.mailbox is not None:
                message_id = f"{self._run}.{number}@simulator.invalid"
                self._courier.take(letter(notification, self._plan.mailbox, message_id=message_id, at=self._clock.now()))
            case MailText():
                raise ValueError("the mix gives mails, but there is no mailbox")
