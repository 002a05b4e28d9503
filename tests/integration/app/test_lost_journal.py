"""A store goes on with a journal that was lost, restored or exchanged, and no number of a stream is processed twice."""

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from collector.app.lost_journal import accept_loss
from collector.domain.errors import ConfigurationError, JournalError
from collector.domain.ids import StreamName
from collector.journal.positions import verify_positions
from collector.journal.streams import Journal
from collector.store.engine import Store
from collector.store.streams import Position, add_stream, load_positions, load_retired, save_position
from tests.journal_records import datagrams, numbers_kept, open_journal

LANE = "snmp-0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journal(root: Path) -> Journal:
    return open_journal(root)


def fill(journal: Journal, count: int) -> StreamName:
    """Append to the lane, as its receiver does."""
    with journal.open_writer(LANE) as writer:
        writer.append(datagrams(writer.next_seq, count))
        return writer.stream


def process(store: Store, stream: StreamName, position: int) -> None:
    with store.write() as connection:
        save_position(connection, Position(add_stream(connection, stream).id, stream, position, 0))


def positions(store: Store) -> dict[StreamName, int]:
    with store.read() as connection:
        return {stream: position.position for stream, position in load_positions(connection).items()}


def retired(store: Store) -> dict[StreamName, int]:
    with store.read() as connection:
        return {stream: position.position for stream, position in load_retired(connection).items()}


def accept(store: Store, journal: Journal, *, dry_run: bool = False) -> list[str]:
    return accept_loss(store, journal, turn=nullcontext, dry_run=dry_run)


def verify(store: Store, journal: Journal) -> None:
    with journal.reader() as reader:
        verify_positions(positions(store), reader.streams(), retired=retired(store))


def refused(store: Store, journal: Journal) -> bool:
    try:
        verify(store, journal)
    except ConfigurationError:
        return True
    return False


def test_what_belongs_together_is_left_alone(store: Store, journal: Journal) -> None:
    stream = fill(journal, 5)
    process(store, stream, 3)
    assert accept(store, journal) == []
    assert (positions(store), retired(store)) == ({stream: 3}, {})
    assert numbers_kept(journal, stream) == [1, 2, 3, 4, 5]


def test_a_stream_that_is_gone_is_retired_and_its_lane_begins_anew(store: Store, journal: Journal, root: Path) -> None:
    lost = fill(journal, 5)
    process(store, lost, 5)
    shutil.rmtree(root / str(lost))
    assert refused(store, journal)
    assert [line.partition(":")[0] for line in accept(store, journal)] == [str(lost)]
    assert (positions(store), retired(store)) == ({}, {lost: 5})
    assert fill(journal, 1) != lost
    verify(store, journal)
    assert accept(store, journal) == []


def test_a_stream_that_was_begun_anew_is_taken_up_from_its_start(store: Store, journal: Journal, root: Path) -> None:
    lost = fill(journal, 5)
    process(store, lost, 5)
    shutil.rmtree(root / str(lost))
    anew = fill(journal, 2)
    assert refused(store, journal)
    accept(store, journal)
    assert retired(store) == {lost: 5}
    assert numbers_kept(journal, anew) == [1, 2]
    verify(store, journal)


def test_a_stream_that_ends_too_early_never_gives_its_numbers_again(store: Store, journal: Journal, root: Path) -> None:
    short = fill(journal, 5)
    process(store, short, 7)
    assert refused(store, journal)
    [line] = accept(store, journal)
    assert f"{short}.set-aside" in line
    assert retired(store) == {short: 7}
    assert list((root / f"{short}.set-aside").glob("*.seg")) != []
    anew = fill(journal, 1)
    assert anew != short
    assert numbers_kept(journal, anew) == [1]
    verify(store, journal)


def test_what_was_interrupted_before_the_store_knew_is_finished_the_next_time(store: Store, journal: Journal) -> None:
    short = fill(journal, 5)
    process(store, short, 7)
    journal.set_aside(short)
    assert positions(store) == {short: 7}
    accept(store, journal)
    assert retired(store) == {short: 7}
    verify(store, journal)


def test_what_was_set_aside_before_is_never_overwritten(store: Store, journal: Journal) -> None:
    short = fill(journal, 5)
    process(store, short, 7)
    journal.aside(short).mkdir()
    (journal.aside(short) / "kept").touch()
    with pytest.raises(JournalError, match=f"{short}: cannot be set aside"):
        accept(store, journal)
    assert (positions(store), retired(store)) == ({short: 7}, {})
    assert journal.directories() == {short}


def test_a_foreign_stream_is_named_and_left_alone(store: Store, journal: Journal, root: Path) -> None:
    known = fill(journal, 5)
    process(store, known, 5)
    (root / str(known)).rename(root / "kept")
    foreign = fill(journal, 2)
    (root / "kept").rename(root / str(known))
    [line] = accept(store, journal)
    assert line.startswith(f"{foreign}: ")
    assert "Move its directory away" in line
    assert (positions(store), retired(store)) == ({known: 5}, {})
    assert journal.directories() == {known, foreign}
    assert refused(store, journal)


def test_a_retired_stream_that_comes_back_is_not_taken_up(store: Store, journal: Journal, root: Path) -> None:
    lost = fill(journal, 5)
    process(store, lost, 3)
    (root / str(lost)).rename(root / "kept")
    accept(store, journal)
    (root / "kept").rename(root / str(lost))
    assert refused(store, journal)
    [line] = accept(store, journal)
    assert "given it up" in line
    assert (positions(store), retired(store)) == ({}, {lost: 3})


def test_a_stream_whose_directory_cannot_be_read_is_not_given_up(store: Store, journal: Journal, root: Path) -> None:
    damaged = fill(journal, 5)
    process(store, damaged, 3)
    for marker in (root / str(damaged)).glob("*.marker"):
        marker.unlink()
    [line] = accept(store, journal)
    assert "cannot be read" in line
    assert (positions(store), retired(store)) == ({damaged: 3}, {})


def test_a_dry_run_says_the_same_and_changes_nothing(store: Store, journal: Journal) -> None:
    short = fill(journal, 5)
    process(store, short, 7)
    said = accept(store, journal, dry_run=True)
    assert (positions(store), retired(store)) == ({short: 7}, {})
    assert journal.directories() == {short}
    assert accept(store, journal) == said
