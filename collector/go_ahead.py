"""How the receivers learn that they may take something in: `process` says so through a pipe of the supervisor, once it has seen
that store and journal belong together. Nobody waits for ever, and a receiver that has no supervisor does not wait at all."""

import os
import select
from collections.abc import Mapping
from contextlib import suppress

from collector.stop import StopFlag

GO_AHEAD_VARIABLE = "COLLECTOR_GO_AHEAD"


class GoAheadPipe:
    """The supervisor's end. What is said stays in the pipe, so that whoever is started again finds it there."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    @property
    def descriptors(self) -> tuple[int, int]:
        """What the children need besides `environment`."""
        return self._reader, self._writer

    def environment(self) -> dict[str, str]:
        return {GO_AHEAD_VARIABLE: f"{self._reader},{self._writer}"}

    def close(self) -> None:
        os.close(self._reader)
        os.close(self._writer)


class GoAhead:
    """A role's end of it, or of none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        named = environment.get(GO_AHEAD_VARIABLE)
        self._pipe = tuple(map(int, named.split(","))) if named else ()
        for descriptor in self._pipe:
            os.set_inheritable(descriptor, False)

    def give(self) -> None:
        """Let the receivers begin."""
        if self._pipe:
            with suppress(BlockingIOError):  # it is full of what was said before
                os.write(self._pipe[1], b"!")

    def wait(self, stop: StopFlag, seconds: float) -> bool:
        """Wait until it was given, `stop` is raised or the time is over; return whether it was given, or nobody is there to give
        it."""
        if not self._pipe:
            return True
        poll = select.poll()
        for descriptor in (self._pipe[0], stop.fileno()):
            poll.register(descriptor, select.POLLIN)
        return any(descriptor == self._pipe[0] for descriptor, _ in poll.poll(seconds * 1000))
