"""Waiting for other processes, with a deadline."""

import threading
from collections.abc import Callable

import pytest

from collector.domain.clock import NS_PER_SECOND, SystemClock

Until = Callable[[Callable[[], object], str], None]


@pytest.fixture(scope="session")
def until() -> Until:
    """Poll until the condition holds; fail with `what` after a minute."""

    def wait(condition: Callable[[], object], what: str) -> None:
        clock, pause = SystemClock(), threading.Event()
        deadline = clock.monotonic_ns() + 60 * NS_PER_SECOND
        while not condition():
            assert clock.monotonic_ns() < deadline, f"waited in vain: {what}"
            pause.wait(0.01)

    return wait
