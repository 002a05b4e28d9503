"""Keys that fit nobody are bounded, keys that fit are free, and a few are always tried."""

from collector.domain.clock import NS_PER_SECOND
from collector.domain.limits import Limit
from collector.domain.vain_keys import FEW_KEYS, VainKeys

NOW = 1_000 * NS_PER_SECOND


def test_a_few_are_tried_for_every_message() -> None:
    vain = VainKeys(Limit(1, 1))
    assert all(vain.begin(FEW_KEYS, NOW) for _ in range(1_000))


def test_many_are_tried_up_to_the_limit_and_again_when_time_has_passed() -> None:
    vain = VainKeys(Limit(100, 1_000))
    assert [vain.begin(100, NOW) for _ in range(12)] == [True] * 10 + [False] * 2
    assert not vain.begin(100, NOW + NS_PER_SECOND // 2)
    assert vain.begin(100, NOW + NS_PER_SECOND)
    assert not vain.begin(100, NOW + NS_PER_SECOND)


def test_who_is_found_costs_nothing() -> None:
    vain = VainKeys(Limit(100, 1_000))
    for _ in range(50):
        assert vain.begin(100, NOW)
        vain.found()
    assert [vain.begin(100, NOW) for _ in range(11)] == [True] * 10 + [False]


def test_what_was_found_after_a_refusal_gives_nothing_back() -> None:
    vain = VainKeys(Limit(100, 1_000))
    for _ in range(11):
        vain.begin(100, NOW)
    vain.found()
    assert not vain.begin(100, NOW)


def test_more_than_were_ever_allowed_at_once_are_tried_once() -> None:
    vain = VainKeys(Limit(100, 1_000))
    assert vain.begin(5_000, NOW)
    assert not vain.begin(17, NOW)
