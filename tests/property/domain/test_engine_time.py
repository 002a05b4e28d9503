"""The time window of a remote engine: what is fresh is taken, what is old is not, in whatever order lanes are served."""

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.engine_time import MAX_BOOTS, WINDOW_SECONDS, Arrival, EngineTime

_SECOND = 1_000_000
_boots = st.integers(0, MAX_BOOTS)
_times = st.integers(0, 2**31 - 1)
_at = st.builds(Arrival, st.integers(0, 2**52), st.integers(0, 2**52))


def both(second: int) -> Arrival:
    """So many seconds on clocks that agree."""
    return Arrival(second * _SECOND, second * _SECOND)


_known = st.builds(EngineTime, _boots, _times, _at)


@given(_known, _boots, _times, _at)
def test_what_is_known_never_goes_back(known: EngineTime, boots: int, time: int, at: Arrival) -> None:
    after = known.after(boots, time, at)
    if after is not None:
        assert after[:2] == max(known[:2], (boots, time))


@given(_known, _boots, _times, _at)
def test_the_newest_word_is_taken(known: EngineTime, boots: int, time: int, at: Arrival) -> None:
    if (boots, time) > known[:2] and boots < MAX_BOOTS:
        assert known.after(boots, time, at) == EngineTime(boots, time, at)


@given(_known, _boots, _times, _at)
def test_lower_boots_are_refused(known: EngineTime, boots: int, time: int, at: Arrival) -> None:
    if boots < known.boots:
        assert known.after(boots, time, at) is None


@given(_known, _boots, _times, _at)
def test_boots_at_their_end_are_refused_for_ever(known: EngineTime, boots: int, time: int, at: Arrival) -> None:
    assert known.after(MAX_BOOTS, time, at) is None
    assert EngineTime.first(MAX_BOOTS, time, at) is None
    assert EngineTime(MAX_BOOTS, 5, both(0)).after(boots, time, at) is None


@given(_times, _at, st.integers(0, 1_000), st.integers(0, 1_000))
def test_what_is_late_is_taken_up_to_the_window(time: int, at: Arrival, ahead: int, late: int) -> None:
    """A message that is `ahead` seconds older than the newest one and arrives `late` seconds after it was sent."""
    known = EngineTime(7, time + ahead, at)
    later = Arrival(*(clock + (late - ahead) * _SECOND for clock in at))
    assert (known.after(7, time, later) is None) is (late > WINDOW_SECONDS)


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, WINDOW_SECONDS)), min_size=1, max_size=30))
def test_honest_messages_are_taken_in_whatever_order_they_are_judged(sent: list[tuple[int, int]]) -> None:
    """Each is sent at a second and arrives within the window; lanes and receivers mix them up before they are judged, each by the
    time of its arrival."""
    known: EngineTime | None = EngineTime(3, 0, both(1_000_000))
    for second, delay in sent:
        assert known is not None
        known = known.after(3, second, both(1_000_000 + second + delay))
    assert known is not None


def test_the_notion_is_linear_forwards_and_backwards() -> None:
    known = EngineTime(1, 100, both(50))
    assert [known.notion(both(at)) for at in (0, 40, 50, 60)] == [50, 90, 100, 110]


def test_exactly_the_window_behind_is_within_it() -> None:
    known = EngineTime(1, 1_000, both(0))
    assert known.after(1, 1_000, both(WINDOW_SECONDS)) is known
    assert known.after(1, 1_000, both(WINDOW_SECONDS + 1)) is None
    assert known.after(1, 850, both(0)) is known
    assert known.after(1, 849, both(0)) is None


def test_a_wall_clock_that_was_set_calls_nothing_late_and_a_machine_that_starts_neither() -> None:
    known = EngineTime(1, 1_000, both(5_000))
    for wall, steady in ((90_000, 5_010), (1_000, 4_990), (5_010, 10), (8_000, 40)):
        assert known.after(1, 900, Arrival(wall * _SECOND, steady * _SECOND)) is known
    assert known.after(1, 900, both(5_051)) is None
