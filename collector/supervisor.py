"""Keeps the roles running: starts them as children, restarts a dead one, stops them in order. What a role does, and whether it is
well, is not known here: a role that cannot go on ends."""

import os
import select
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import TypeAlias

from collector.child import Child, RoleSpec
from collector.domain.clock import Clock
from collector.lifeline import Lifeline
from collector.logs import Log
from collector.metrics import Family
from collector.rollcall import RollCall
from collector.systemd import ServiceNotifier

EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: restarting would not help."""
FIRST_DELAY = timedelta(milliseconds=100)
LONGEST_DELAY = timedelta(seconds=5)
ALIVE_LONG_ENOUGH = timedelta(seconds=30)
STOP_TIME = timedelta(seconds=9)
BEGIN_TIME = timedelta(seconds=30)
"""After so long systemd hears that the service is ready even though a role has not begun."""
_LONGEST_WAIT_MS = 1000

Sample: TypeAlias = tuple[tuple[str, ...], float]

log = Log(__name__)


def restart_delay(failures: int) -> timedelta:
    """The pause before a start, after so many early deaths in a row (1 = the first)."""
    return min(LONGEST_DELAY, FIRST_DELAY * (1 << min(failures - 1, 10)))


@dataclass(slots=True)
class _Kept:
    """A role and its present process, or the time of its next start. Times are monotonic, in ns."""

    spec: RoleSpec
    child: Child | None = None
    started_ns: int = 0
    next_start_ns: int = 0
    failures: int = 0
    restarts: int = 0


class Supervisor:
    """Runs a set of roles until SIGTERM or SIGINT comes. Keeps the roles' sockets open: it must not close them before. Every
    child gets `environment` and `descriptors` besides what it needs to know of the supervisor."""

    def __init__(
        self,
        roles: Sequence[RoleSpec],
        clock: Clock,
        *,
        environment: Mapping[str, str],
        descriptors: Sequence[int] = (),
        stop_time: timedelta = STOP_TIME,
        begin_time: timedelta = BEGIN_TIME,
        service: ServiceNotifier | None = None,
    ) -> None:
        self._kept = [_Kept(spec) for spec in roles]
        self._clock = clock
        self._environment = dict(environment)
        self._descriptors = (*descriptors,)
        self._stop_time = stop_time
        self._begin_time = begin_time
        self._service = service or ServiceNotifier({})
        self._lifeline = Lifeline()
        self._rollcall = RollCall(spec.name for spec in roles)
        self._begun_ns: int | None = clock.monotonic_ns()
        """When the start began, until systemd heard that it is over."""
        self._signals: list[int] = []
        self._exit_code = 0

    def run(self) -> int:
        """Blocks; return the exit code. On return no child is left. Only from the main thread, because it takes the signals."""
        with _signals_to_pipe(self._signals) as wake:
            try:
                self._keep_running(wake)
                self._service.tell("STOPPING=1")
                self._stop_all(wake)
            finally:
                self._lifeline.close()
                self._rollcall.close()
        return self._exit_code

    def _keep_running(self, wake: int) -> None:
        while not self._must_stop():
            self._bury()
            if self._exit_code:
                return
            self._start_due()
            self._forward_hangups()
            self._tell_ready()
            _sleep(wake, self._milliseconds_to_next_start(), self._rollcall.reader)

    def all_running(self) -> bool:
        return all(kept.child is not None for kept in self._kept)

    def pids(self) -> dict[str, int]:
        """The running children by role."""
        return {kept.spec.name: kept.child.pid for kept in self._kept if kept.child is not None}

    def families(self) -> Iterable[Family]:
        restarts: list[Sample] = [((kept.spec.name,), kept.restarts) for kept in self._kept]
        up: list[Sample] = [((kept.spec.name,), kept.child is not None) for kept in self._kept]
        yield Family("collector_role_restarts", "Starts of a role after its first one.", "counter", ("role",), restarts)
        yield Family("collector_role_running", "Whether the process of the role runs.", "gauge", ("role",), up)

    def _must_stop(self) -> bool:
        return signal.SIGTERM in self._signals or signal.SIGINT in self._signals

    def _forward_hangups(self) -> None:
        if signal.SIGHUP in self._signals:
            self._signals[:] = [number for number in self._signals if number != signal.SIGHUP]
            for kept in self._kept:
                if kept.child is not None:
                    kept.child.send(signal.SIGHUP)

    def _tell_ready(self) -> None:
        """Once: when every role has begun its work, or when it takes too long: systemd would end a service that is not ready in
        its time, and the intake must not end because another role cannot begin."""
        missing = self._rollcall.missing()
        if self._begun_ns is None:
            return
        if not missing:
            log.info("every role has begun its work")
        elif self._clock.monotonic_ns() - self._begun_ns >= _ns(self._begin_time):
            log.warning("roles have not begun their work, the others go on", roles=",".join(sorted(missing)))
        else:
            return
        self._begun_ns = None
        status = f"not begun: {', '.join(sorted(missing))}" if missing else "every role has begun its work"
        self._service.tell("READY=1", f"STATUS={status}")

    def _start_due(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for kept in self._kept:
            if kept.child is None and now_ns >= kept.next_start_ns:
                self._start(kept, now_ns)

    def _start(self, kept: _Kept, now_ns: int) -> None:
        if kept.started_ns:
            kept.restarts += 1
        kept.started_ns = now_ns
        environment = {**self._environment, **self._lifeline.environment(), **self._rollcall.environment()}
        try:
            ours = (self._lifeline.reader, self._rollcall.writer)
            kept.child = Child(kept.spec, environment, descriptors=(*ours, *self._descriptors))
        except OSError as error:
            log.error("a role cannot be started", role=kept.spec.name, reason=error.strerror)
            self._schedule(kept, now_ns)
        else:
            log.info("role process started", role=kept.spec.name, pid=kept.child.pid)

    def _schedule(self, kept: _Kept, now_ns: int) -> None:
        alive_ns = now_ns - kept.started_ns
        kept.failures = 1 if alive_ns >= _ns(ALIVE_LONG_ENOUGH) else kept.failures + 1
        kept.next_start_ns = now_ns + _ns(restart_delay(kept.failures))

    def _bury(self) -> None:
        """Take dead children from the process table and plan their next start."""
        now_ns = self._clock.monotonic_ns()
        for kept in self._kept:
            code = kept.child.ended() if kept.child is not None else None
            if code is None:
                continue
            kept.child = None
            self._schedule(kept, now_ns)
            if code == EXIT_CONFIGURATION and not kept.restarts:
                self._exit_code = code
                log.error("a role refuses its configuration, everything stops", role=kept.spec.name)
            elif code == EXIT_CONFIGURATION:
                # It worked before, and so do the others: what somebody changed meanwhile must not take the intake down.
                kept.next_start_ns = now_ns + _ns(LONGEST_DELAY)
                log.error("a role refuses its configuration and is tried again", role=kept.spec.name)
            else:
                log.warning("a role process ended and is started again", role=kept.spec.name, exit_code=code)
        if os.getpid() == 1:
            _bury_strangers(self.pids().values())

    def _milliseconds_to_next_start(self) -> int:
        due_ns = [kept.next_start_ns for kept in self._kept if kept.child is None]
        if not due_ns:
            return _LONGEST_WAIT_MS
        return min(_LONGEST_WAIT_MS, max(1, (min(due_ns) - self._clock.monotonic_ns()) // 1_000_000 + 1))

    def _stop_all(self, wake: int) -> None:
        """Rank by rank: SIGTERM, a share of the stop time, SIGKILL. Time that a rank does not need is left to the next ones."""
        ranks = sorted({kept.spec.stop_rank for kept in self._kept})
        begun_ns = self._clock.monotonic_ns()
        for number, rank in enumerate(ranks, start=1):
            deadline_ns = begun_ns + _ns(self._stop_time) * number // len(ranks)
            self._stop_rank([kept for kept in self._kept if kept.spec.stop_rank == rank], wake, deadline_ns)
        log.info("everything stopped", exit_code=self._exit_code)

    def _stop_rank(self, group: Sequence[_Kept], wake: int, deadline_ns: int) -> None:
        for kept in group:
            if kept.child is not None:
                kept.child.send(signal.SIGTERM)
        while self._any_alive(group) and self._clock.monotonic_ns() < deadline_ns:
            _sleep(wake, max(1, (deadline_ns - self._clock.monotonic_ns()) // 1_000_000))
        for kept in group:
            if kept.child is not None:
                log.error("a role did not stop in its time and is killed", role=kept.spec.name, pid=kept.child.pid)
                kept.child.kill()
        while self._any_alive(group):
            _sleep(wake, _LONGEST_WAIT_MS)

    def _any_alive(self, group: Sequence[_Kept]) -> bool:
        for kept in group:
            if kept.child is not None and kept.child.ended() is not None:
                kept.child = None
        return any(kept.child is not None for kept in group)


def _ns(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1) * 1000


def _bury_strangers(ours: Iterable[int]) -> None:
    """As process 1 of a container we inherit every orphan; take the dead ones from the process table."""
    with suppress(ChildProcessError):
        while (dead := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None and dead.si_pid not in ours:
            os.waitpid(dead.si_pid, 0)


def _sleep(wake: int, milliseconds: int, *others: int) -> None:
    """Until a signal comes, one of the others can be read, or the time is over."""
    poll = select.poll()
    for descriptor in (wake, *others):
        poll.register(descriptor, select.POLLIN)
    if any(descriptor == wake for descriptor, _ in poll.poll(milliseconds)):
        os.read(wake, 4096)


@contextmanager
def _signals_to_pipe(received: list[int]) -> Iterator[int]:
    """Collect signals in `received` and make the descriptor readable at each; SIGCHLD only makes it readable."""

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form that signal demands
        if number != signal.SIGCHLD:
            received.append(number)

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.signal(number, note) for number in numbers]
    old_descriptor = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(old_descriptor)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)
