"""How long messages to our own engine are remembered: by the clock that nobody sets, and until what waited is processed."""

from collector.domain.clock import NS_PER_SECOND
from collector.domain.own_engine import WINDOW_SECONDS
from collector.pipeline.copies import COPY_MARK, Copies
from tests.pipeline_world import BULK, MAIN

ONE, OTHER, NO_COPY = COPY_MARK + bytes(16), COPY_MARK + bytes(range(16)), bytes(16)


def look(copies: Copies, second: float, *, end: int = 0, done: int = 0) -> None:
    at = round(second * NS_PER_SECOND)
    copies.forget(now_ns=at, ends={MAIN: end, BULK: end}, done={MAIN: end, BULK: done})


def test_a_message_is_remembered_longer_than_its_window() -> None:
    copies = Copies()
    copies.commit([ONE, NO_COPY], now_ns=0)
    for second in range(2 * WINDOW_SECONDS + 60):
        look(copies, second)
        assert ONE in copies
    for second in (400, 401):
        look(copies, second)
    assert (len(copies), list(copies.gone)) == (0, [ONE])
    assert NO_COPY not in copies


def test_it_is_remembered_until_what_came_within_its_window_is_processed() -> None:
    copies = Copies()
    copies.commit([ONE], now_ns=0)
    look(copies, 31)
    look(copies, 500, end=7, done=3)
    for second in (600, 60_000):
        look(copies, second, end=9, done=6)
        assert ONE in copies
    look(copies, 60_001, end=12, done=7)
    assert ONE not in copies


def test_a_stream_that_is_given_up_holds_nothing_back() -> None:
    copies = Copies([ONE], now_ns=0)
    copies.forget(now_ns=500 * NS_PER_SECOND, ends={MAIN: 5, BULK: 5}, done={MAIN: 5})
    assert ONE not in copies


def test_after_a_start_everything_is_held_as_if_it_had_come_just_now() -> None:
    copies = Copies([ONE, OTHER, NO_COPY], now_ns=1_000 * NS_PER_SECOND)
    look(copies, 1_300)
    assert ONE in copies
    look(copies, 1_361)
    assert list(copies.gone) in ([ONE, OTHER], [OTHER, ONE])


def test_the_store_forgets_what_is_forgotten_and_is_told_once() -> None:
    copies = Copies([ONE])
    look(copies, 400)
    copies.forgotten([ONE])
    look(copies, 800)
    assert not copies.gone
