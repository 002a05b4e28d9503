"""Writing, reading and keeping whole journals on a real directory."""

import os
import stat
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from collector.domain.clock import from_ns
from collector.domain.errors import ConfigurationError, JournalError, Unavailable
from collector.domain.ids import StreamName
from collector.domain.item import Envelope, ItemKind, Record, Transport
from collector.journal import frames, recovery
from collector.journal.endword import EndWord, Published
from collector.journal.envelope import decode_envelope, encode_envelope
from collector.journal.frames import Header
from collector.journal.index import SparseIndex
from collector.journal.interface import StreamState
from collector.journal.streams import Journal
from tests.journal_records import START_NS, datagram, datagrams, numbers_kept, open_journal, read_all, record_of, segments_of

SMALL = 1000
DAY_NS = 86_400 * 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(root: Path) -> Journal:
    return open_journal(root)


def test_what_was_appended_is_read_in_order_with_numbers_from_one(journal: Journal) -> None:
    with journal.open_writer("snmp-0") as writer, journal.reader() as reader:
        assert writer.next_seq == 1
        assert writer.append(datagrams(1, 3)) == 1
        assert writer.append(datagrams(4, 2)) == 4
        assert writer.next_seq == 6
        items = reader.read(writer.stream, after=0, limit=100)
        assert [record_of(item) for item in items] == datagrams(1, 5)
        assert [item.seq for item in items] == [1, 2, 3, 4, 5]
        assert {item.stream for item in items} == {str(writer.stream)}
        assert reader.streams() == [StreamState(writer.stream, 1, 5)]


def test_a_reader_that_was_there_first_sees_streams_and_items_come(journal: Journal) -> None:
    with journal.reader() as reader:
        assert reader.streams() == []
        with journal.open_writer("snmp-0") as writer:
            assert reader.streams() == [StreamState(writer.stream, 1, 0)]
            assert reader.read(writer.stream, after=0, limit=10) == []
            writer.append([datagram(1)])
            assert [item.seq for item in reader.read(writer.stream, after=0, limit=10)] == [1]
            assert reader.read(writer.stream, after=1, limit=10) == []
            writer.append([datagram(2)])
            assert [item.seq for item in reader.read(writer.stream, after=1, limit=10)] == [2]


def test_mails_keep_envelope_and_body(journal: Journal) -> None:
    envelope = Envelope("a@example.com", ("b@example.org",), "host")
    mails = [
        Record(
            ItemKind.MAIL, START_NS, 1, "[::1]:1025", "2001:db8::1", 2525, encode_envelope(envelope), b"Subject: x\r\n\r\n" * n
        )
        for n in range(3)
    ]
    with journal.open_writer("smtp-0") as writer, journal.reader() as reader:
        writer.append(mails)
        items = reader.read(writer.stream, after=0, limit=10)
    assert [record_of(item) for item in items] == mails
    assert decode_envelope(items[2].envelope) == envelope
    assert items[0].transport is Transport.SMTP


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_reading_in_steps_of_any_size_gives_everything_once(root: Path, limit: int) -> None:
    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer, journal.reader() as reader:
        for first in range(1, 41, 4):
            writer.append(datagrams(first, 4))
        assert len(segments_of(root, writer.stream)) > 2
        items = read_all(reader, writer.stream, limit=limit)
        assert [record_of(item) for item in items] == datagrams(1, 40)
        assert [item.seq for item in reader.read(writer.stream, after=17, limit=5)] == [18, 19, 20, 21, 22]


def test_a_read_stops_at_about_the_octets_it_may_take_but_gives_at_least_one(journal: Journal) -> None:
    with journal.open_writer("snmp-0") as writer, journal.reader() as reader:
        for number in range(1, 11):
            writer.append([datagram(number, octets=1000)])
        assert len(reader.read(writer.stream, after=0, limit=10, max_bytes=1)) == 1
        assert len(reader.read(writer.stream, after=1, limit=10, max_bytes=3000)) == 3


def test_every_item_can_be_got_by_its_number(root: Path) -> None:
    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer, journal.reader() as reader:
        for first in range(1, 41, 4):
            writer.append(datagrams(first, 4))
        for seq in [40, 1, 17, 16, 39, 2]:
            item = reader.get(writer.stream, seq)
            assert item is not None
            assert (item.seq, record_of(item)) == (seq, datagram(seq))
        assert reader.get(writer.stream, 0) is None
        assert reader.get(writer.stream, 41) is None
        assert reader.get(StreamName("snmp-9", bulk=False, epoch="aaaaaa"), 1) is None


def test_a_batch_too_large_for_a_frame_is_stored_in_several(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_BYTES", 100)
    with journal.open_writer("snmp-0") as writer, journal.reader() as reader:
        batch = datagrams(1, 7, octets=40)
        assert writer.append(batch) == 1
        assert writer.append([datagram(8, octets=500)]) == 8
        assert [record_of(item) for item in read_all(reader, writer.stream)] == [*batch, datagram(8, octets=500)]


def test_an_empty_batch_changes_nothing(journal: Journal) -> None:
    with journal.open_writer("snmp-0") as writer:
        assert writer.append([]) == 1
        assert writer.append([datagram(1)]) == 1


def test_a_record_that_does_not_fit_is_refused_and_nothing_of_its_batch_kept(journal: Journal) -> None:
    with journal.open_writer("snmp-0") as writer:
        with pytest.raises(JournalError, match="cannot be packed"):
            writer.append([datagram(1), datagram(2)._replace(peer_port=70_000)])
        assert writer.append([datagram(1)]) == 1
        assert numbers_kept(journal, writer.stream) == [1]


def test_a_stream_goes_on_under_its_name_and_numbers(root: Path) -> None:
    with open_journal(root).open_writer("snmp-0") as writer:
        stream = writer.stream
        writer.append(datagrams(1, 3))
    with open_journal(root).open_writer("snmp-0") as writer:
        assert writer.stream == stream
        assert writer.append(datagrams(4, 1)) == 4
    assert numbers_kept(open_journal(root), stream) == [1, 2, 3, 4]


def test_lanes_have_streams_of_their_own(journal: Journal) -> None:
    with journal.open_writer("snmp-0") as main, journal.open_writer("snmp-0-bulk") as bulk, journal.reader() as reader:
        assert (main.stream.lane, bulk.stream.lane) == ("snmp-0", "snmp-0-bulk")
        assert bulk.append([datagram(1)]) == 1
        assert reader.streams() == [StreamState(main.stream, 1, 0), StreamState(bulk.stream, 1, 1)]


def test_a_journal_begun_anew_has_another_epoch(tmp_path: Path) -> None:
    with (
        open_journal(tmp_path / "a").open_writer("snmp-0") as first,
        open_journal(tmp_path / "b").open_writer("snmp-0") as second,
    ):
        assert first.stream.lane == second.stream.lane
        assert first.stream != second.stream


@pytest.mark.parametrize("lane", ["", "snmp", "snmp-0-", "../snmp-0", "snmp-0-bulk-x", "SNMP-0", "http-0"])
def test_what_is_no_lane_is_refused(journal: Journal, lane: str) -> None:
    with pytest.raises(ConfigurationError, match="not the name of a lane"):
        journal.open_writer(lane)


def test_two_streams_for_one_lane_are_refused(journal: Journal, root: Path) -> None:
    with journal.open_writer("snmp-0") as writer:
        stream = writer.stream
    (root / f"{stream.lane}-zzzzzz").mkdir()
    with pytest.raises(ConfigurationError, match="more than one stream"):
        journal.open_writer("snmp-0")


def test_a_second_writer_is_refused_until_the_first_goes(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "LOCK_TRIES", 2)
    first = journal.open_writer("snmp-0")
    with pytest.raises(JournalError, match="another process is writing"):
        journal.open_writer("snmp-0")
    first.close()
    journal.open_writer("snmp-0").close()


def begun_and_left(journal: Journal, root: Path) -> Path:
    """The directory of a stream whose writer made neither lock nor end yet."""
    with journal.open_writer("snmp-0") as writer:
        directory = root / str(writer.stream)
    for name in ("lock", "end"):
        (directory / name).unlink()
    return directory


def test_a_reader_leaves_the_lock_of_a_stream_that_just_begins_to_its_writer(
    journal: Journal, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = begun_and_left(journal, root)
    there: list[bool] = []
    monkeypatch.setattr("time.sleep", lambda _: there.append((directory / "lock").exists()))
    journal.reader().close()
    assert there == [False] * 5
    assert (directory / "lock").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_as_a_reader_belongs_to_the_owner_of_the_stream(journal: Journal, root: Path) -> None:
    directory = begun_and_left(journal, root)
    os.chown(directory, 65_534, 65_534)
    journal.reader().close()
    assert {(directory / name).stat().st_uid for name in ("lock", "end")} == {65_534}


def test_a_closed_writer_refuses(journal: Journal) -> None:
    writer = journal.open_writer("snmp-0")
    writer.close()
    writer.close()
    with pytest.raises(JournalError, match="closed"):
        writer.append([datagram(1)])


def test_nobody_else_on_the_machine_can_read_it(root: Path) -> None:
    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer:
        for first in range(1, 81, 4):
            writer.append(datagrams(first, 4))
    for path in [root, *root.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_damaged_stream_directory_is_left_out_and_refused_for_writing(journal: Journal, root: Path) -> None:
    with journal.open_writer("snmp-0") as writer:
        stream = writer.stream
    journal.open_writer("smtp-0").close()
    next((root / str(stream)).glob("*.marker")).unlink()
    with journal.reader() as reader:
        assert [state.stream.lane for state in reader.streams()] == ["smtp-0"]
    with pytest.raises(JournalError, match="marker"):
        journal.open_writer("snmp-0")


@pytest.mark.parametrize("damage", ["lost", "cut", "of another time"])
def test_a_side_file_that_cannot_be_believed_is_made_again(root: Path, damage: str) -> None:
    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer:
        for first in range(1, 41, 4):
            writer.append(datagrams(first, 4))
    for number, path in enumerate(sorted((root / str(writer.stream)).glob("*.idx"))):
        stored = path.read_bytes()
        if damage == "of another time":
            index = SparseIndex()
            index.note(5000, Header(1, 0, 1000, 1, 0, 1, 0))
            index.save(path)
        else:
            path.write_bytes(stored[: number % len(stored)]) if damage == "cut" else path.unlink()
    assert_all_can_be_got(journal, writer.stream, 40)


def test_no_flipped_octet_of_a_side_file_hides_an_item(root: Path) -> None:
    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer:
        for first in range(1, 13, 4):
            writer.append(datagrams(first, 4))
    [path] = (root / str(writer.stream)).glob("*.idx")
    stored = path.read_bytes()
    for at in range(len(stored)):
        path.write_bytes(stored[:at] + bytes([stored[at] ^ 0x41]) + stored[at + 1 :])
        assert_all_can_be_got(journal, writer.stream, 12)
        assert path.read_bytes() == stored


def assert_all_can_be_got(journal: Journal, stream: StreamName, count: int) -> None:
    with journal.reader() as reader:
        for seq in range(1, count + 1):
            item = reader.get(stream, seq)
            assert item is not None
            assert record_of(item) == datagram(seq)


def test_a_new_segment_starts_with_nothing_durable(tmp_path: Path) -> None:
    words = EndWord.create(tmp_path)
    words.restate(Published(5, 1, 900))
    seen = EndWord(tmp_path, writable=False)
    words.begin_segment(6)
    assert seen.published() == Published(5, 6, 0)
    words.advance(8, 300)
    assert seen.published() == Published(8, 6, 300)
    seen.close()
    words.close()


def test_a_segment_is_closed_after_a_day(journal: Journal, root: Path) -> None:
    with journal.open_writer("snmp-0") as writer:
        writer.append([datagram(1, at_ns=START_NS)])
        writer.append([datagram(2, at_ns=START_NS + DAY_NS - 1)])
        assert len(segments_of(root, writer.stream)) == 1
        writer.append([datagram(3, at_ns=START_NS + DAY_NS)])
        assert len(segments_of(root, writer.stream)) == 2
    with open_journal(root).open_writer("snmp-0") as writer:
        writer.append([datagram(4, at_ns=START_NS + 2 * DAY_NS)])
        assert len(segments_of(root, writer.stream)) == 3


def test_old_and_processed_segments_are_dropped_whole(root: Path) -> None:
    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer, journal.reader() as reader:
        for first in range(1, 41, 4):
            writer.append(datagrams(first, 4))
        stream, keeper = writer.stream, journal.keeper()
        firsts = [int(path.stem) for path in segments_of(root, stream)]
        gone: list[tuple[int, int]] = []

        def going(of: StreamName, first: int, last: int) -> None:
            assert [item.seq for item in reader.read(of, after=first - 1, limit=last - first + 1)] == list(range(first, last + 1))
            gone.append((first, last))

        late = from_ns(START_NS) + timedelta(days=1)
        assert keeper.drop(older_than=late, processed={}, before=going) == 0
        assert keeper.drop(older_than=late, processed={stream: firsts[1] - 2}, before=going) == 0
        assert keeper.drop(older_than=from_ns(START_NS), processed={stream: 40}, before=going) == 0
        assert [item.seq for item in reader.read(stream, after=0, limit=2)] == [1, 2]
        assert keeper.drop(older_than=late, processed={stream: firsts[2] - 1}, before=going) == 2
        assert reader.streams() == [StreamState(stream, firsts[2], 40)]
        assert [item.seq for item in reader.read(stream, after=2, limit=2)] == [firsts[2], firsts[2] + 1]
        assert reader.get(stream, 1) is None
        assert keeper.drop(older_than=late, processed={stream: 40}, before=going) == len(firsts) - 3
        assert gone == [(first, following - 1) for first, following in pairwise(firsts)]
        assert writer.append(datagrams(41, 1)) == 41
        assert numbers_kept(journal, stream) == list(range(firsts[-1], 42))


def test_a_segment_whose_originals_cannot_be_kept_stays(root: Path) -> None:
    def refuse(_of: StreamName, first: int, _last: int) -> None:
        if first > 1:
            raise Unavailable("the store is away")

    journal = open_journal(root, segment_bytes=SMALL)
    with journal.open_writer("snmp-0") as writer:
        for first in range(1, 41, 4):
            writer.append(datagrams(first, 4))
        firsts = [int(path.stem) for path in segments_of(root, writer.stream)]
        late = from_ns(START_NS) + timedelta(days=1)
        with pytest.raises(Unavailable):
            journal.keeper().drop(older_than=late, processed={writer.stream: 40}, before=refuse)
        assert [int(path.stem) for path in segments_of(root, writer.stream)] == firsts[1:]


def test_what_happened_is_counted(root: Path) -> None:
    journal = open_journal(root)
    with journal.open_writer("snmp-0") as writer:
        writer.append(datagrams(1, 3))
        writer.append(datagrams(4, 2))
    samples = {family.name: family.samples for family in journal.families()}
    label = (str(writer.stream),)
    assert samples["collector_journal_appended_items"] == [(label, 5)]
    assert samples["collector_journal_commits"] == [(label, 2)]
    assert samples["collector_journal_durable_end"] == [(label, 5)]
    assert samples["collector_journal_appended_bytes"] == [(label, segments_of(root, writer.stream)[0].stat().st_size)]
    assert samples["collector_journal_commit_seconds"][0][1] > 0
    assert samples["collector_journal_torn_tails"] == samples["collector_journal_corrupt_frames_skipped"] == [(label, 0)]


@pytest.mark.parametrize(
    ("tail", "torn"), [pytest.param(bytes(5000), 0, id="zeros filled in ahead"), pytest.param(b"\0\0x", 1, id="a torn batch")]
)
def test_what_a_killed_writer_left_behind_the_last_batch_is_cut_off(root: Path, tail: bytes, torn: int) -> None:
    with open_journal(root).open_writer("snmp-0") as writer:
        writer.append(datagrams(1, 3))
    segment = segments_of(root, writer.stream)[0]
    whole = segment.read_bytes()
    segment.write_bytes(whole + tail)
    journal = open_journal(root)
    journal.open_writer("snmp-0").close()
    assert segment.read_bytes() == whole
    assert next(family for family in journal.families() if "torn" in family.name).samples[0][1] == torn


def test_small_commits_do_not_grow_the_file_each_time_and_leave_nothing_behind(journal: Journal, root: Path) -> None:
    with journal.open_writer("snmp-0") as writer:
        sizes = set()
        for number in range(1, 51):
            writer.append(datagrams(number, 1))
            sizes.add(segments_of(root, writer.stream)[0].stat().st_size)
        assert len(sizes) == 1
    assert segments_of(root, writer.stream)[0].read_bytes()[-20:] == datagram(50).payload
    assert numbers_kept(journal, writer.stream) == list(range(1, 51))
