"""One decoding process seen from the parent: start, feed, read, kill. Both pipes are non-blocking here, so that the two sides
never wait for each other. Which mail goes where is `pool`'s business."""

import contextlib
import fcntl
import os
import select
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import IO, cast

from collector.domain.clock import NS_PER_SECOND, Clock
from collector.domain.errors import Unavailable
from collector.domain.mail import MailResult
from receivers.smtp.frames import PREFIX, READY, RESULT_LIMIT, parse_result

_PIPE_OCTETS = 1 << 20
_READ_OCTETS = 1 << 18
_VIEWS_PER_WRITE = 64


class Failure(StrEnum):
    """What ended a decoding process."""

    TIMEOUT = "timeout"
    DIED = "died"
    CONFUSED = "confused"


@dataclass(frozen=True, slots=True)
class Settings:
    """`function` is `module:name` of a callable from octets to a MailResult. `time_limit` counts per mail, `memory` in octets of
    address space."""

    function: str = "receivers.smtp.decode:decode"
    time_limit: timedelta = timedelta(seconds=5)
    memory: int = 512 << 20
    start_limit: timedelta = timedelta(seconds=30)


class Child:
    """A running process. `in_flight` are the mails given and not answered, oldest first: the one in work is the first."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Start the process and wait until it is ready. Raise Unavailable when it does not become so."""
        self._clock = clock
        self._limit_ns = int(settings.time_limit.total_seconds() * NS_PER_SECOND)
        self._process = _started(settings)
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self.mails, self.answers = self._stdin.fileno(), self._stdout.fileno()
        self.in_flight: deque[int] = deque()
        self.outstanding_octets = 0
        self._sizes: deque[int] = deque()
        self._output: deque[memoryview] = deque()
        self._unsent = 0
        self._input = bytearray()
        self._since_ns = clock.monotonic_ns()
        for descriptor in (self.mails, self.answers):
            os.set_blocking(descriptor, False)
            with contextlib.suppress(OSError):  # more than the user may have is no trouble: it only costs switches
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_OCTETS)
        self._await_ready(settings.start_limit)

    @property
    def has_output(self) -> bool:
        return bool(self._output)

    @property
    def has_begun(self) -> bool:
        """Whether the process has seen anything of the mails in flight. One that died before is not their fault."""
        return self._unsent < self._octets_in_flight()

    def deadline_ns(self) -> int:
        """When the mail in work has had its time, on the monotonic clock."""
        return self._since_ns + self._limit_ns

    def give(self, index: int, raw: bytes) -> None:
        """Queue a mail; `index` comes back with its answer."""
        if not self.in_flight:
            self._since_ns = self._clock.monotonic_ns()
        self.in_flight.append(index)
        self._sizes.append(len(raw))
        self.outstanding_octets += len(raw)
        self._output.append(memoryview(PREFIX.pack(len(raw))))
        if raw:  # of nothing nothing is ever sent: it would stay, and be written for ever
            self._output.append(memoryview(raw))
        self._unsent += PREFIX.size + len(raw)

    def write(self) -> Failure | None:
        """Send what the pipe takes."""
        while self._output:
            try:
                sent = os.writev(self.mails, [self._output[at] for at in range(min(len(self._output), _VIEWS_PER_WRITE))])
            except BlockingIOError:
                return None
            except OSError:
                return Failure.DIED
            self._sent(sent)
        return None

    def read(self) -> tuple[list[tuple[int, MailResult]], Failure | None]:
        """The answers that have come, and what is wrong with the process if something is."""
        failure = self._receive()
        answers: list[tuple[int, MailResult]] = []
        try:
            self._collect(answers)
        except ValueError:
            return answers, Failure.CONFUSED
        if answers:
            self._since_ns = self._clock.monotonic_ns()
        elif failure is None and self.in_flight and self._clock.monotonic_ns() >= self.deadline_ns():
            failure = Failure.TIMEOUT
        return answers, failure

    def kill(self) -> None:
        """End it now, whatever it does."""
        self._process.kill()
        self._reap()

    def close(self) -> None:
        """End it: at once when it has work, else by the end of its input, which it obeys."""
        if self.in_flight:
            self.kill()
            return
        self._stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reap()

    def _octets_in_flight(self) -> int:
        return self.outstanding_octets + PREFIX.size * len(self._sizes)

    def _reap(self) -> None:
        self._stdin.close()
        self._stdout.close()
        self._process.wait()

    def _sent(self, octets: int) -> None:
        behind_first = self._octets_in_flight() - self._sizes[0] - PREFIX.size if self._sizes else 0
        if self._unsent > behind_first:  # a process cannot be late with a mail that it does not have yet
            self._since_ns = self._clock.monotonic_ns()
        self._unsent -= octets
        while octets:
            view = self._output.popleft()
            if len(view) > octets:
                self._output.appendleft(view[octets:])
                return
            octets -= len(view)

    def _receive(self) -> Failure | None:
        while True:
            try:
                chunk = os.read(self.answers, _READ_OCTETS)
            except BlockingIOError:
                return None
            if not chunk:
                return Failure.DIED
            self._input += chunk
            if len(chunk) < _READ_OCTETS:
                return None

    def _collect(self, answers: list[tuple[int, MailResult]]) -> None:
        """Move complete answers from the input to `answers`. Raise ValueError at the first that is none."""
        at = 0
        while (payload := self._payload(at)) is not None:
            at += PREFIX.size + len(payload)
            if not self.in_flight:
                raise ValueError("an answer to nothing")
            result = parse_result(payload)
            answers.append((self.in_flight.popleft(), result))
            self.outstanding_octets -= self._sizes.popleft()
        del self._input[:at]

    def _payload(self, at: int) -> bytes | None:
        if len(self._input) - at < PREFIX.size:
            return None
        (length,) = PREFIX.unpack_from(self._input, at)
        if length > RESULT_LIMIT:
            raise ValueError("an answer without measure")
        begin = at + PREFIX.size
        return bytes(self._input[begin : begin + length]) if len(self._input) - begin >= length else None

    def _await_ready(self, limit: timedelta) -> None:
        deadline = self._clock.monotonic_ns() + int(limit.total_seconds() * NS_PER_SECOND)
        poller = select.poll()
        poller.register(self.answers, select.POLLIN)
        failure = None
        while failure is None and (remaining := deadline - self._clock.monotonic_ns()) > 0:
            poller.poll(remaining / 1_000_000 + 1)
            failure = self._receive()
            if self._payload(0) == READY:
                del self._input[: PREFIX.size + len(READY)]
                return
        self.kill()
        raise Unavailable(f"the mail decoding process does not start (exit status {self._process.returncode})")


def _started(settings: Settings) -> subprocess.Popen[bytes]:
    """The child sees our import path and nothing else of our environment: secrets may stand there."""
    alarm = settings.time_limit.total_seconds() * 2 + 1
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no text from outside
        [sys.executable, "-P", "-m", "receivers.smtp.worker", settings.function, str(settings.memory), str(alarm)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )
