"""Streams that have ended: read like the others, never written again. And what a copy of a stream consists of."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from collector.domain.clock import from_ns
from collector.domain.errors import JournalError
from collector.domain.ids import StreamName
from collector.journal.copying import StreamFiles, files_of, lay_down
from collector.journal.ended import mark_ended
from collector.journal.endword import EndWord, Published
from collector.journal.positions import Mismatch, troubles
from collector.journal.streams import Journal
from tests.journal_records import START_NS, cut_power, datagrams, numbers_kept, open_journal, segments_of

SMALL = 1000
LATE = from_ns(START_NS) + timedelta(days=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(root: Path) -> Journal:
    return open_journal(root, segment_bytes=SMALL)


def fill(journal: Journal, count: int) -> StreamName:
    with journal.open_writer("snmp-0") as writer:
        for first in range(writer.next_seq, writer.next_seq + count, 4):
            writer.append(datagrams(first, 4))
        return writer.stream


def ended(journal: Journal, root: Path, count: int = 40) -> StreamName:
    stream = fill(journal, count)
    mark_ended(root / str(stream), count)
    return stream


def lay_down_copy(files: StreamFiles, root: Path) -> None:
    """As a restore does."""
    open_journal(root)
    directory = lay_down(root, files.stream, files.marker, end=files.end)
    for path, octets in files.octets.items():
        (directory / path.name).write_bytes(path.read_bytes()[:octets])


def test_the_lane_of_an_ended_stream_goes_on_in_another_one(journal: Journal, root: Path) -> None:
    old = ended(journal, root)
    new = fill(journal, 4)
    assert (new.lane, new != old) == (old.lane, True)
    assert fill(journal, 4) == new
    assert numbers_kept(journal, old) == list(range(1, 41))
    assert numbers_kept(journal, new) == list(range(1, 9))
    with journal.reader() as reader:
        assert {state.stream: (state.end, state.ended) for state in reader.streams()} == {old: (40, True), new: (8, False)}


def test_of_an_ended_stream_retention_drops_the_last_segment_too_and_its_end_is_remembered(journal: Journal, root: Path) -> None:
    stream = ended(journal, root)

    def drop(processed: int) -> None:
        journal.keeper().drop(older_than=LATE, processed={stream: processed}, before=lambda *_: None)

    drop(39)
    assert len(segments_of(root, stream)) == 1
    drop(40)
    assert segments_of(root, stream) == []
    cut_power(root, stream)
    with open_journal(root).reader() as reader:
        [state] = reader.streams()
        assert (state.first, state.end, state.ended) == (41, 40, True)
        assert reader.read(stream, after=0, limit=9) == []


def test_a_stream_that_is_ended_is_kept_and_cleared_away_as_one_from_a_backup(journal: Journal, root: Path) -> None:
    stream = fill(journal, 40)
    assert journal.going_on() == {stream}
    assert journal.end(stream)
    assert journal.going_on() == set()
    assert numbers_kept(journal, stream) == list(range(1, 41))
    assert fill(journal, 4) != stream
    journal.keeper().drop(older_than=LATE, processed={stream: 40}, before=lambda *_: None)
    assert segments_of(root, stream) == []


def test_an_empty_stream_can_be_ended(journal: Journal) -> None:
    journal.open_writer("snmp-0").close()
    (stream,) = journal.going_on()
    assert journal.end(stream)
    with journal.reader() as reader:
        assert [(state.end, state.ended) for state in reader.streams()] == [(0, True)]


def test_what_a_killed_writer_left_is_in_the_stream_that_is_ended(journal: Journal, root: Path) -> None:
    stream = fill(journal, 8)
    last = segments_of(root, stream)[-1]
    with last.open("ab") as torn:
        torn.write(b"half a batch")
    cut_power(root, stream)
    assert journal.end(stream)
    assert numbers_kept(journal, stream) == list(range(1, 9))
    with journal.reader() as reader:
        assert [(state.end, state.ended) for state in reader.streams()] == [(8, True)]


def test_a_stream_that_somebody_writes_is_not_ended(journal: Journal) -> None:
    with journal.open_writer("snmp-0") as writer:
        writer.append(datagrams(1, 4))
        assert not journal.end(writer.stream)
        assert journal.going_on() == {writer.stream}
        writer.append(datagrams(5, 4))
    assert journal.end(writer.stream)
    assert numbers_kept(journal, writer.stream) == list(range(1, 9))


def test_a_stream_that_cannot_be_read_is_not_ended(journal: Journal, root: Path) -> None:
    stream = fill(journal, 8)
    for marker in (root / str(stream)).glob("*.marker"):
        marker.unlink()
    with pytest.raises(JournalError, match=f"{stream}: cannot be ended"):
        journal.end(stream)
    assert journal.going_on() == {stream}


def test_nothing_is_dropped_while_somebody_copies(journal: Journal, root: Path) -> None:
    stream = fill(journal, 40)
    before = segments_of(root, stream)

    def drop() -> int:
        return journal.keeper().drop(older_than=LATE, processed={stream: 40}, before=lambda *_: None)

    with journal.nothing_dropped():
        assert drop() == 0
        assert segments_of(root, stream) == before
    assert drop() == len(before) - 1


def test_a_copy_has_what_was_durable_and_nothing_that_came_later(journal: Journal, root: Path, tmp_path: Path) -> None:
    with journal.open_writer("snmp-0") as writer:
        for first in range(1, 41, 4):
            writer.append(datagrams(first, 4))
        [files] = journal.files()
        writer.append(datagrams(41, 4))
        assert (files.stream, files.end, files.ended) == (writer.stream, 40, False)
        lay_down_copy(files, tmp_path / "copy")
    copy = open_journal(tmp_path / "copy")
    assert numbers_kept(copy, files.stream) == list(range(1, 41))
    assert fill(copy, 4) != files.stream


def test_a_copy_of_an_empty_stream_is_an_empty_stream(journal: Journal, tmp_path: Path) -> None:
    journal.open_writer("snmp-0").close()
    [files] = journal.files()
    lay_down_copy(files, tmp_path / "copy")
    with open_journal(tmp_path / "copy").reader() as reader:
        assert [(state.stream, state.end) for state in reader.streams()] == [(files.stream, 0)]


def test_a_copy_of_an_ended_stream_without_segments_keeps_its_end(journal: Journal, root: Path, tmp_path: Path) -> None:
    stream = ended(journal, root)
    journal.keeper().drop(older_than=LATE, processed={stream: 40}, before=lambda *_: None)
    [files] = journal.files()
    assert (files.end, files.ended, files.octets) == (40, True, {})
    lay_down_copy(files, tmp_path / "copy")
    with open_journal(tmp_path / "copy").reader() as reader:
        assert [state.end for state in reader.streams()] == [40]


@pytest.mark.parametrize(
    ("tell", "end"),
    [
        pytest.param(lambda words: words.begin_segment(41), 40, id="a new segment, nothing in it"),
        pytest.param(lambda words: (words.begin_segment(41), words.advance(44, 200)), 44, id="a new segment with a batch"),
    ],
)
def test_a_segment_that_was_just_begun_is_copied_as_far_as_it_is_durable(
    journal: Journal, root: Path, tell: Callable[[EndWord], object], end: int
) -> None:
    stream = fill(journal, 40)
    directory = root / str(stream)
    (directory / f"{41:020d}.seg").write_bytes(bytes(300))
    words = EndWord(directory, writable=True)
    tell(words)
    words.close()
    files = files_of(stream, directory)
    assert files.end == end
    assert files.octets[directory / f"{41:020d}.seg"] == (0 if end == 40 else 200)


def test_words_that_belong_to_two_segments_are_not_believed(journal: Journal, root: Path) -> None:
    """The writer has taken back the octets and not yet named the new segment."""
    stream = fill(journal, 40)
    words = EndWord(root / str(stream), writable=True)
    words.restate(Published(40, words.published().active, 0))
    words.close()
    with pytest.raises(JournalError, match="makes no sense"):
        files_of(stream, root / str(stream))


def test_a_stream_that_cannot_be_read_cannot_be_copied(journal: Journal, root: Path) -> None:
    stream = fill(journal, 4)
    next((root / str(stream)).glob("*.marker")).unlink()
    with pytest.raises(JournalError, match=f"{stream}: cannot be copied"):
        journal.files()


def test_a_stream_whose_last_segment_is_gone_cannot_be_copied(journal: Journal, root: Path) -> None:
    stream = fill(journal, 40)
    segments_of(root, stream)[-1].unlink()
    with pytest.raises(JournalError, match="last segment is missing"):
        journal.files()


def test_a_lane_may_have_ended_streams_beside_the_one_that_goes_on(journal: Journal, root: Path) -> None:
    old = ended(journal, root)
    new = fill(journal, 4)
    with journal.reader() as reader:
        states = reader.streams()
    assert troubles({old: 40}, states) == []
    assert troubles({}, states) == []
    assert troubles({old: 12, new: 3}, states) == []
    assert [(found.stream, found.mismatch) for found in troubles({old: 41, new: 3}, states)] == [(old, Mismatch.SHORT)]


def test_a_stranger_beside_the_stream_that_goes_on_is_still_refused(journal: Journal, root: Path) -> None:
    ended(journal, root)
    known = fill(journal, 4)
    shutil.copytree(root / str(known), root / "snmp-0-zzzzzz")
    with journal.reader() as reader:
        found = troubles({known: 4}, reader.streams())
    assert [(trouble.stream, trouble.mismatch) for trouble in found] == [(StreamName.parse("snmp-0-zzzzzz"), Mismatch.FOREIGN)]
