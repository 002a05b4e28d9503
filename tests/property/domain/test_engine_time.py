"""The time window of a remote engine: what is fresh is taken, what is old is not, in whatever order lanes are served."""

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.engine_time import MAX_BOOTS, WINDOW_SECONDS, EngineTime

_SECOND = 1_000_000
_boots = st.integers(0, MAX_BOOTS)
_times = st.integers(0, 2**31 - 1)
_at = st.integers(0, 2**52)
_known = st.builds(EngineTime, _boots, _times, _at)


@given(_known, _boots, _times, _at)
def test_what_is_known_never_goes_back(known: EngineTime, boots: int, time: int, at_us: int) -> None:
    after = known.after(boots, time, at_us)
    if after is not None:
        assert after[:2] == max(known[:2], (boots, time))


@given(_known, _boots, _times, _at)
def test_the_newest_word_is_taken(known: EngineTime, boots: int, time: int, at_us: int) -> None:
    if (boots, time) > known[:2] and boots < MAX_BOOTS:
        assert known.after(boots, time, at_us) == EngineTime(boots, time, at_us)


@given(_known, _boots, _times, _at)
def test_lower_boots_are_refused(known: EngineTime, boots: int, time: int, at_us: int) -> None:
    if boots < known.boots:
        assert known.after(boots, time, at_us) is None


@given(_known, _boots, _times, _at)
def test_boots_at_their_end_are_refused_for_ever(known: EngineTime, boots: int, time: int, at_us: int) -> None:
    assert known.after(MAX_BOOTS, time, at_us) is None
    assert EngineTime.first(MAX_BOOTS, time, at_us) is None
    assert EngineTime(MAX_BOOTS, 5, 0).after(boots, time, at_us) is None


@given(_times, _at, st.integers(0, 1_000), st.integers(0, 1_000))
def test_what_is_late_is_taken_up_to_the_window(time: int, at_us: int, ahead: int, late: int) -> None:
    """A message that is `ahead` seconds older than the newest one and arrives `late` seconds after it was sent."""
    known = EngineTime(7, time + ahead, at_us)
    assert (known.after(7, time, at_us + (late - ahead) * _SECOND) is None) is (late > WINDOW_SECONDS)


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, WINDOW_SECONDS)), min_size=1, max_size=30))
def test_honest_messages_are_taken_in_whatever_order_they_are_judged(sent: list[tuple[int, int]]) -> None:
    """Each is sent at a second and arrives within the window; lanes and receivers mix them up before they are judged, each by the
    time of its arrival."""
    known: EngineTime | None = EngineTime(3, 0, 1_000_000 * _SECOND)
    for second, delay in sent:
        assert known is not None
        known = known.after(3, second, (1_000_000 + second + delay) * _SECOND)
    assert known is not None


def test_the_notion_is_linear_forwards_and_backwards() -> None:
    known = EngineTime(1, 100, 50 * _SECOND)
    assert [known.notion(at * _SECOND) for at in (0, 40, 50, 60)] == [50, 90, 100, 110]


def test_exactly_the_window_behind_is_within_it() -> None:
    known = EngineTime(1, 1_000, 0)
    assert known.after(1, 1_000, WINDOW_SECONDS * _SECOND) is known
    assert known.after(1, 1_000, (WINDOW_SECONDS + 1) * _SECOND) is None
    assert known.after(1, 850, 0) is known
    assert known.after(1, 849, 0) is None
