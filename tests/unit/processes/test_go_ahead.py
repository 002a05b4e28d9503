"""The receivers begin when `process` says so, and never wait for ever."""

import os
from collections.abc import Iterator

import pytest

from collector.go_ahead import GoAhead, GoAheadPipe
from collector.stop import StopFlag

LONG = 30.0


@pytest.fixture
def pipe() -> Iterator[GoAheadPipe]:
    made = GoAheadPipe()
    yield made
    made.close()


@pytest.fixture
def stop() -> Iterator[StopFlag]:
    flag = StopFlag()
    yield flag
    flag.close()


def test_a_role_without_a_supervisor_begins_at_once(stop: StopFlag) -> None:
    alone = GoAhead({})
    alone.give()
    assert alone.wait(stop, LONG)


def test_who_waits_begins_when_it_is_given(pipe: GoAheadPipe, stop: StopFlag) -> None:
    GoAhead(pipe.environment()).give()
    assert GoAhead(pipe.environment()).wait(stop, LONG)


def test_what_was_given_once_holds_for_everybody_who_is_started_later(pipe: GoAheadPipe, stop: StopFlag) -> None:
    GoAhead(pipe.environment()).give()
    assert [GoAhead(pipe.environment()).wait(stop, LONG) for _ in range(3)] == [True, True, True]


def test_it_may_be_given_any_number_of_times(pipe: GoAheadPipe, stop: StopFlag) -> None:
    process = GoAhead(pipe.environment())
    for _ in range(100_000):  # more than a pipe holds
        process.give()
    assert process.wait(stop, LONG)


def test_nobody_waits_longer_than_asked_for(pipe: GoAheadPipe, stop: StopFlag) -> None:
    assert not GoAhead(pipe.environment()).wait(stop, 0.0)


def test_a_stop_ends_the_wait(pipe: GoAheadPipe, stop: StopFlag) -> None:
    stop.set()
    assert not GoAhead(pipe.environment()).wait(stop, LONG)


def test_what_the_role_itself_starts_does_not_inherit_it(pipe: GoAheadPipe) -> None:
    GoAhead(pipe.environment())
    assert [os.get_inheritable(descriptor) for descriptor in pipe.descriptors] == [False, False]
