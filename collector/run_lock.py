"""The run directory, and the locks in it that keep a second process of the same name away from the same data."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from collector.config import Settings
from collector.domain.clock import Clock
from collector.domain.errors import ConfigurationError
from collector.logs import Log
from collector.stop import StopFlag

PATIENCE = timedelta(seconds=10)
"""What a predecessor started may hold its lock until it notices the death."""
_PAUSE_SECONDS = 0.1

log = Log(__name__)


@contextmanager
def run_lock(settings: Settings, name: str, clock: Clock, *, stop: StopFlag, patience: timedelta = PATIENCE) -> Iterator[None]:
    """Make `<data_dir>/run` and hold `<name>.lock` in it; the kernel gives it back when the process dies.

    Raise ConfigurationError when another process keeps it for `patience`, or the directory cannot be written.
    """
    path = settings.run_dir / f"{name}.lock"
    try:
        settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"data_dir: {path} cannot be written: {error.strerror}") from error
    try:
        _lock(descriptor, clock, refusal=f"data_dir: another {name} runs with {settings.data_dir}", stop=stop, patience=patience)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, clock: Clock, *, refusal: str, stop: StopFlag, patience: timedelta) -> None:
    deadline_ns = clock.monotonic_ns() + patience // timedelta(microseconds=1) * 1000
    waiting = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic_ns() >= deadline_ns or stop.wait(_PAUSE_SECONDS):
                raise ConfigurationError(refusal) from None
            if not waiting:
                log.warning("waiting for the lock of a predecessor", seconds=patience.total_seconds())
                waiting = True
        else:
            return
