"""How a child notices that its supervisor is gone: the supervisor alone holds the writing end of a pipe; when the reading end
reports its end, the child stops. Works for every death, kill -9 included, and across any number of restarts of the child."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

LIFELINE_VARIABLE = "COLLECTOR_LIFELINE"
GRACE_SECONDS = 5.0


class Lifeline:
    """The supervisor's end."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    def environment(self) -> dict[str, str]:
        return {LIFELINE_VARIABLE: str(self.reader)}

    def close(self) -> None:
        os.close(self._writer)
        os.close(self.reader)


def watch(environment: Mapping[str, str], *, grace_seconds: float = GRACE_SECONDS) -> None:
    """Start watching in a child; does nothing when there is no supervisor.

    At the supervisor's death the child sends itself SIGTERM; when it still runs after `grace_seconds` it ends at once, its own
    children with it.
    """
    descriptor = environment.get(LIFELINE_VARIABLE)
    if descriptor is None:
        return
    os.set_inheritable(int(descriptor), False)
    threading.Thread(target=_wait_and_stop, args=(int(descriptor), grace_seconds, _end_at_once), daemon=True).start()


def _wait_and_stop(descriptor: int, grace_seconds: float, end: Callable[[], None]) -> None:
    # nothing is ever written: reading returns only at the end of the pipe
    with suppress(OSError):
        os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace_seconds)
    end()


def _end_at_once() -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def is_supervised(environment: Mapping[str, str]) -> bool:
    """Whether a supervisor started this process, and so the other roles too."""
    return LIFELINE_VARIABLE in environment
