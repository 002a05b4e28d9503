"""Ranges of message ids are a set of numbers, however they come in, and as octets they are the same set again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.message_ids import MessageIds

_MOST = 2**32 - 1
_near = st.integers(0, 40)
"""Close to each other, so that ranges meet."""
_far = st.one_of(st.integers(0, _MOST), st.integers(_MOST - 5, _MOST))
_numbers = st.lists(st.one_of(_near, _far), max_size=80)


def made_of(numbers: list[int]) -> MessageIds:
    ids = MessageIds()
    for number in numbers:
        ids.add(number)
    return ids


@given(_numbers, _near)
def test_it_is_a_set(numbers: list[int], asked: int) -> None:
    ids, known = MessageIds(), set[int]()
    for number in numbers:
        assert ids.add(number) is (number not in known)
        known.add(number)
    assert all(number in ids for number in known)
    assert (asked in ids) is (asked in known)


@given(_numbers)
def test_the_order_does_not_matter_and_ranges_are_as_few_as_can_be(numbers: list[int]) -> None:
    ids = made_of(numbers)
    assert ids == made_of(sorted(numbers)) == made_of(numbers[::-1])
    known = set(numbers)
    assert ids.ranges == sum(number - 1 not in known for number in known)


@given(_numbers)
def test_octets_bring_it_back(numbers: list[int]) -> None:
    ids = made_of(numbers)
    assert MessageIds.decode(ids.encode()) == ids
    assert len(ids.encode()) == 8 * ids.ranges


@given(_numbers, _near)
def test_a_copy_goes_its_own_way(numbers: list[int], more: int) -> None:
    ids = made_of(numbers)
    copy = ids.copy()
    copy.add(more)
    assert ids == made_of(numbers)
    assert copy == made_of([*numbers, more])


@given(st.binary(max_size=64))
def test_octets_that_are_no_ranges_are_refused_or_mean_the_same(octets: bytes) -> None:
    try:
        ids = MessageIds.decode(octets)
    except ValueError:
        return
    assert ids.encode() == octets


def test_octets_are_big_endian_first_and_last() -> None:
    ids = made_of([1, 2, 3, 0x01020304])
    assert ids.encode() == bytes.fromhex("0000000100000003 0102030401020304")
    assert repr(ids) == "MessageIds(1-3, 16909060-16909060)"


@pytest.mark.parametrize("number", [-1, 2**32])
def test_other_numbers_are_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        MessageIds().add(number)
    with pytest.raises(OverflowError):
        made_of([_MOST if number > 0 else 5]).add(number)


def test_a_sender_that_counts_up_costs_one_range() -> None:
    assert made_of(list(range(70_000, 80_000))).ranges == 1
