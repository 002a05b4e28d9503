"""The stop flag: raised once, seen by everyone."""

import select
import signal
import threading
from collections.abc import Iterator

import pytest

from collector.stop import StopFlag


@pytest.fixture
def flag() -> Iterator[StopFlag]:
    flag = StopFlag()
    yield flag
    flag.close()


def test_it_is_down_until_it_is_raised_and_then_stays_up(flag: StopFlag) -> None:
    assert not flag.is_set()
    assert not flag.wait(0)
    flag.set()
    flag.set()
    assert flag.is_set()
    assert flag.wait()
    assert flag.wait(0)


def test_its_descriptor_is_readable_from_then_on(flag: StopFlag) -> None:
    assert select.select([flag], [], [], 0)[0] == []
    flag.set()
    assert select.select([flag], [], [], 0)[0] == [flag]
    assert select.select([flag], [], [], 0)[0] == [flag]


def test_a_waiting_thread_is_let_go(flag: StopFlag) -> None:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(flag.wait(30)))
    thread.start()
    flag.set()
    thread.join()
    assert seen == [True]


def test_a_signal_handler_may_raise_it_while_the_main_thread_waits(flag: StopFlag) -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: flag.set())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        assert flag.wait(30)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_signal_after_the_end_writes_nowhere() -> None:
    flag = StopFlag()
    flag.close()
    flag.set()
    assert flag.is_set()
