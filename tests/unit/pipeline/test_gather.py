"""What is worked on next: order of arrival, shares of mails, traps and bulk lanes, and how much is read ahead."""

from datetime import timedelta

import pytest

from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind
from collector.pipeline.draft import Batch
from collector.pipeline.gather import MAILS_PER_BATCH, Gatherer
from tests.builders import NOON, nanoseconds
from tests.pipeline_world import BULK, MAILS, MAIN, MemoryJournal

OTHER = StreamName("snmp-1", bulk=False, epoch="dddddd")


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


def put(journal: MemoryJournal, stream: StreamName, *seconds: float, octets: int = 1, kind: ItemKind | None = None) -> None:
    """Items that arrived so long after noon."""
    usual = ItemKind.MAIL if stream.receiver.startswith("smtp") else ItemKind.DATAGRAM
    for at in seconds:
        seq = len(journal.items.get(stream, [])) + 1
        at_ns = nanoseconds(NOON + timedelta(seconds=at))
        journal.append(stream, Item(str(stream), seq, kind or usual, at_ns, at_ns, "", "", 0, b"", bytes(octets)))


def gatherer(journal: MemoryJournal, *, limit: int) -> Gatherer:
    made = Gatherer(journal, limit=limit)
    made.rewind(dict.fromkeys(journal.items, 0))
    return made


def told(batch: Batch) -> list[tuple[str, int]]:
    return [(entry.item.stream[:6], entry.item.seq) for entry in batch.entries]


def test_nothing_gives_an_empty_batch(journal: MemoryJournal) -> None:
    put(journal, MAIN)
    assert gatherer(journal, limit=5).next_batch().entries == []
    assert gatherer(journal, limit=5).next_item().entries == []


def test_streams_are_merged_by_arrival_and_each_keeps_its_own_order(journal: MemoryJournal) -> None:
    put(journal, MAIN, 1, 4, 2)
    put(journal, OTHER, 3, 5)
    assert told(gatherer(journal, limit=9).next_batch()) == [
        ("snmp-0", 1),
        ("snmp-1", 1),
        ("snmp-0", 2),
        ("snmp-0", 3),
        ("snmp-1", 2),
    ]


def test_mails_and_traps_are_merged_by_arrival(journal: MemoryJournal) -> None:
    put(journal, MAIN, 1, 3)
    put(journal, MAILS, 2, 4)
    assert told(gatherer(journal, limit=9).next_batch()) == [("snmp-0", 1), ("smtp-0", 1), ("snmp-0", 2), ("smtp-0", 2)]


def test_a_batch_says_where_each_stream_ends_and_how_many_tallies_are_in_it(journal: MemoryJournal) -> None:
    put(journal, MAIN, 1)
    put(journal, MAIN, 2, 3, kind=ItemKind.TALLY)
    put(journal, OTHER, 2)
    gather = gatherer(journal, limit=9)
    assert gather.next_batch().taken == {MAIN: (3, 2), OTHER: (1, 0)}
    assert gather.next_batch().taken == {}


def test_every_item_comes_once_and_again_after_a_rewind(journal: MemoryJournal) -> None:
    put(journal, MAIN, *range(10))
    gather = gatherer(journal, limit=3)
    sizes = [len(gather.next_batch().entries) for _ in range(5)]
    assert sizes == [3, 3, 3, 1, 0]
    gather.rewind({MAIN: 8})
    assert told(gather.next_batch()) == [("snmp-0", 9), ("snmp-0", 10)]


def test_a_new_stream_is_taken_up_from_its_position(journal: MemoryJournal) -> None:
    put(journal, MAIN, 1)
    gather = gatherer(journal, limit=9)
    put(journal, OTHER, 1, 2)
    assert not gather.knows(OTHER)
    gather.add(OTHER, 1)
    assert gather.knows(OTHER)
    assert told(gather.next_batch()) == [("snmp-0", 1), ("snmp-1", 2)]


def test_a_backlog_in_the_bulk_lane_does_not_delay_the_main_lane(journal: MemoryJournal) -> None:
    put(journal, BULK, *(number / 1000 for number in range(10_000)))
    gather = gatherer(journal, limit=800)
    assert len(gather.next_batch().entries) == 800
    gather.add(MAIN, 0)
    put(journal, MAIN, 100, 101)
    first = gather.next_batch()
    assert told(first)[:2] == [("snmp-0", 1), ("snmp-0", 2)]
    assert first.taken[MAIN] == (2, 0)
    assert len(first.entries) == 2 + 100
    put(journal, MAIN, *range(200, 1_000))
    assert len(gather.next_batch().entries) == 800 + 100


def test_bulk_lanes_are_served_also_while_the_main_lanes_are_full(journal: MemoryJournal) -> None:
    put(journal, BULK, 1, 2, 3)
    put(journal, MAIN, *range(10))
    gather = gatherer(journal, limit=1)
    bulk = [entry.item.seq for _ in range(3) for entry in gather.next_batch().entries if "bulk" in entry.item.stream]
    assert bulk == [1, 2, 3]


def test_a_backlog_of_mails_does_not_delay_traps(journal: MemoryJournal) -> None:
    put(journal, MAILS, *(number / 1000 for number in range(1_000)))
    put(journal, MAIN, 100)
    batch = gatherer(journal, limit=2_000).next_batch()
    assert batch.taken == {MAIN: (1, 0), MAILS: (MAILS_PER_BATCH, 0)}


def test_a_backlog_of_traps_does_not_delay_mails(journal: MemoryJournal) -> None:
    put(journal, MAIN, *(number / 1000 for number in range(1_000)))
    put(journal, MAILS, 100)
    batch = gatherer(journal, limit=10).next_batch()
    assert batch.taken == {MAIN: (10, 0), MAILS: (1, 0)}


def test_mails_read_ahead_are_bounded_by_their_size(journal: MemoryJournal) -> None:
    """Large mails behind a small appetite: what waits in memory stays near one read."""
    put(journal, MAILS, *range(400), octets=200_000)
    gather = gatherer(journal, limit=2_000)
    while gather.next_batch().entries:
        waiting = sum(len(item.payload) for queue in gather._ahead.values() for item in queue)
        assert waiting <= (8 << 20) + 200_000


def test_a_single_item_is_the_earliest_of_the_main_lanes_and_then_of_the_others(journal: MemoryJournal) -> None:
    put(journal, MAIN, 3)
    put(journal, MAILS, 2)
    put(journal, BULK, 1)
    gather = gatherer(journal, limit=9)
    assert [entry.item.stream for _ in range(4) for entry in gather.next_item().entries] == [str(MAILS), str(MAIN), str(BULK)]


def seconds(gather: Gatherer, *, bulk: bool) -> float | None:
    at_ns = gather.waiting_since_ns(bulk=bulk)
    return None if at_ns is None else (at_ns - nanoseconds(NOON)) / 1e9


def test_it_knows_since_when_something_waits(journal: MemoryJournal) -> None:
    put(journal, MAIN, 10, 11, 12)
    put(journal, OTHER, 5)
    put(journal, BULK, 1, 2, 3, 4)
    gather = gatherer(journal, limit=2)
    gather.next_batch()
    assert (seconds(gather, bulk=False), seconds(gather, bulk=True)) == (5, 2)
    while gather.next_batch().entries:
        pass
    assert (seconds(gather, bulk=False), seconds(gather, bulk=True)) == (None, None)


def test_what_may_still_lie_in_the_journal_counts_as_waiting(journal: MemoryJournal) -> None:
    put(journal, MAIN, 10, 11)
    gather = gatherer(journal, limit=1)
    gather.next_batch()
    put(journal, MAIN, 12)
    assert seconds(gather, bulk=False) == 10


def test_a_batch_knows_what_waits_behind_it(journal: MemoryJournal) -> None:
    put(journal, MAIN, 10, 11)
    put(journal, BULK, 1, 2)
    gather = gatherer(journal, limit=1)
    gather.next_batch()
    assert gather.next_batch().waiting == {str(MAIN): put_at(11), str(BULK): put_at(2)}
    assert gather.next_batch().waiting == {}


def test_a_single_item_of_the_main_lane_knows_what_waits_in_a_bulk_lane_that_was_not_read_yet(journal: MemoryJournal) -> None:
    put(journal, MAIN, 10)
    put(journal, BULK, 1, 2)
    assert gatherer(journal, limit=5).next_item().waiting[str(BULK)] == put_at(1)


def test_a_batch_knows_how_far_bulk_lanes_were_handed_out_before_it(journal: MemoryJournal) -> None:
    put(journal, MAIN, 10, 11, 12)
    put(journal, BULK, 1, 2)
    gather = gatherer(journal, limit=1)
    assert [gather.next_batch().bulk_reached_ns for _ in range(3)] == [0, put_at(1), put_at(2)]

    gather.rewind({MAIN: 2, BULK: 1}, now_ns=77)
    assert gather.next_batch().bulk_reached_ns == 77
    gather.rewind({MAIN: 2, BULK: 0}, now_ns=77)
    assert gather.next_batch().bulk_reached_ns == 0


def put_at(seconds: float) -> int:
    return nanoseconds(NOON + timedelta(seconds=seconds))
