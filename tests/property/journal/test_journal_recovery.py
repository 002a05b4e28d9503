"""Whatever a power cut or rot leaves of a segment: synced batches stay, unfinished ones go as a whole, numbers do not break."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.domain.ids import StreamName
from collector.domain.item import Item, ItemKind, Record
from collector.journal import frames
from collector.journal.endword import EndWord
from collector.journal.frames import HEADER_SIZE, Frame, decode_items, encode_batch, parse_header
from collector.journal.segments import Window, read_marker
from tests.journal_records import QuickDisk, cut_power, datagrams, numbers_kept, open_journal, read_all, record_of, segments_of

BATCHES = [3, 1, 4, 2]


class Specimen:
    """A journal of a few batches that is damaged again and again: the last batch stands for one that was not synced yet."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ends: list[int] = []
        """Where each batch ends in the segment."""
        with open_journal(root, disk=QuickDisk()).open_writer("snmp-0") as writer:
            self.stream: StreamName = writer.stream
            words = EndWord(root / str(self.stream), writable=False)
            for count in BATCHES:
                writer.append(datagrams(writer.next_seq, count))
                self.ends.append(words.published().octets)
        self.segment = segments_of(root, self.stream)[0]
        self.whole = self.segment.read_bytes()

    def after_power_cut(self, octets: bytes) -> list[int]:
        """Put the octets in place, open, append one more, and return the numbers that are there then."""
        for path in self.segment.parent.glob("*.[is]*"):
            path.unlink()
        self.segment.write_bytes(octets)
        cut_power(self.root, self.stream)
        journal = open_journal(self.root, disk=QuickDisk())
        with journal.open_writer("snmp-0") as writer:
            writer.append(datagrams(writer.next_seq, 1))
        return numbers_kept(journal, self.stream)


@pytest.fixture
def specimen(tmp_path: Path) -> Specimen:
    return Specimen(tmp_path)


@pytest.fixture
def specimen_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Specimen:
    """Every batch is laid down in frames of one record."""
    monkeypatch.setattr(frames, "FRAME_BYTES", 20)
    return Specimen(tmp_path)


def numbers_after(batches: int) -> list[int]:
    """With one more that was appended after opening."""
    return list(range(1, sum(BATCHES[:batches]) + 2))


def test_a_cut_at_any_octet_leaves_exactly_the_whole_batches(specimen: Specimen) -> None:
    for size in range(len(specimen.whole) + 1):
        whole = sum(end <= size for end in specimen.ends)
        assert specimen.after_power_cut(specimen.whole[:size]) == numbers_after(whole), size


def test_a_cut_in_a_batch_of_several_frames_takes_all_of_them(specimen_in_parts: Specimen) -> None:
    specimen = specimen_in_parts
    for size in range(specimen.ends[1], len(specimen.whole) + 1):
        whole = sum(end <= size for end in specimen.ends)
        assert specimen.after_power_cut(specimen.whole[:size]) == numbers_after(whole), size


def test_a_flipped_octet_in_the_last_batch_takes_that_batch_only(specimen: Specimen) -> None:
    for at in range(specimen.ends[-2], specimen.ends[-1]):
        assert specimen.after_power_cut(flipped(specimen.whole, at)) == numbers_after(len(BATCHES) - 1), at


def test_pages_written_out_of_order_take_the_whole_last_batch(specimen_in_parts: Specimen) -> None:
    specimen = specimen_in_parts
    for begin in range(specimen.ends[-2], specimen.ends[-1], 7):
        end = min(begin + 7, specimen.ends[-1])
        hole = bytes(octet ^ 0xFF for octet in specimen.whole[begin:end])
        assert specimen.after_power_cut(specimen.whole[:begin] + hole + specimen.whole[end:]) == numbers_after(
            len(BATCHES) - 1
        ), begin


def test_frames_of_two_damaged_batches_do_not_make_up_a_whole_one(specimen_in_parts: Specimen) -> None:
    """One good frame of the last but one batch, and the second of two of the last."""
    specimen = specimen_in_parts
    frame = (specimen.ends[0]) // BATCHES[0]
    begin, end = specimen.ends[1] + frame, specimen.ends[2] + frame
    damaged = specimen.whole[:begin] + b"\xff" * (end - begin) + specimen.whole[end:]
    assert specimen.after_power_cut(damaged) == numbers_after(2)


@pytest.mark.parametrize("ahead", [HEADER_SIZE, 64, 100])
def test_a_frame_behind_damage_is_found_wherever_the_buffer_ends(tmp_path: Path, ahead: int) -> None:
    header, octets = encode_batch(b"markmark", 1, datagrams(1, 1))[0]
    path = tmp_path / "segment"
    for junk in range(1, 220):
        path.write_bytes(b"m" * junk + octets)
        window = Window(os.open(path, os.O_RDONLY), b"markmark", ahead=ahead)
        assert window.next_frame(0, junk + len(octets)) == (junk, header)
        assert window.next_frame(0, junk + len(octets) - 1) is None
        window.close()


def test_rot_in_an_earlier_batch_takes_its_frame_only_and_no_number_is_given_twice(specimen: Specimen) -> None:
    for at in range(specimen.ends[-2]):
        batch = sum(end <= at for end in specimen.ends)
        first = 1 + sum(BATCHES[:batch])
        lost = set(range(first, first + BATCHES[batch]))
        kept = specimen.after_power_cut(flipped(specimen.whole, at))
        assert kept == [number for number in numbers_after(len(BATCHES)) if number not in lost], at


def test_rot_under_a_reader_is_stepped_over_and_counted_once(tmp_path: Path) -> None:
    specimen = Specimen(tmp_path)
    for at in range(specimen.ends[-1]):
        specimen.segment.write_bytes(flipped(specimen.whole, at))
        batch = sum(end <= at for end in specimen.ends)
        first = 1 + sum(BATCHES[:batch])
        journal = open_journal(tmp_path, disk=QuickDisk())
        with journal.reader() as reader:
            numbers = [item.seq for item in read_all(reader, specimen.stream, limit=2)]
            assert numbers == [n for n in range(1, 11) if not first <= n < first + BATCHES[batch]], at
            assert reader.read(specimen.stream, after=numbers[-1], limit=5) == []
            assert reader.get(specimen.stream, first) is None
            damaged = next(family for family in journal.families() if "corrupt" in family.name)
            assert damaged.samples[0][1] == 1, at


def test_a_page_that_the_disk_cannot_give_back_is_stepped_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = open_journal(tmp_path, disk=QuickDisk())
    with journal.open_writer("snmp-0") as writer:
        for number in range(1, 201):
            writer.append(datagrams(number, 1, octets=100))
    real = os.pread

    def failing(descriptor: int, size: int, at: int) -> bytes:
        if at < 10_000 < at + size:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, size, at)

    monkeypatch.setattr(os, "pread", failing)
    with journal.reader() as reader:
        numbers = [item.seq for item in read_all(reader, writer.stream)]
    assert {1, 2, 199, 200} <= set(numbers)
    assert 0 < 200 - len(numbers) <= 4096 // 100 + 2


def test_acknowledged_numbers_that_rot_took_from_the_end_are_not_given_again(specimen: Specimen) -> None:
    specimen.segment.write_bytes(specimen.whole[: specimen.ends[-2] + 5])
    journal = open_journal(specimen.root, disk=QuickDisk())
    with journal.open_writer("snmp-0") as writer:
        assert writer.append(datagrams(11, 2)) == 11
    assert numbers_kept(journal, specimen.stream) == [1, 2, 3, 4, 5, 6, 7, 8, 11, 12]


def test_a_datagram_that_looks_like_a_frame_is_not_taken_for_one(tmp_path: Path) -> None:
    """The sender knows the format, but not the stream's marker."""
    forged = bytes(encode_batch(bytes(8), 2, datagrams(2, 1))[0][1])
    journal = open_journal(tmp_path, disk=QuickDisk())
    with journal.open_writer("snmp-0") as writer:
        writer.append([datagrams(1, 1)[0]._replace(payload=forged)])
        writer.append(datagrams(2, 1))
        assert forged not in (tmp_path / str(writer.stream) / "end").read_bytes()
        assert read_marker(tmp_path / str(writer.stream)) != bytes(8)
    segment = segments_of(tmp_path, writer.stream)[0]
    segment.write_bytes(flipped(segment.read_bytes(), 0))
    assert numbers_kept(journal, writer.stream) == [2]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_way_of_writing_reading_and_reopening_keeps_every_number_and_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("journal")
    journal = open_journal(root, disk=QuickDisk(), segment_bytes=data.draw(st.sampled_from([1, 500, 5000])))
    writer, reader = journal.open_writer("snmp-0"), journal.reader()
    position = 0
    for action in data.draw(st.lists(st.sampled_from(["append", "read", "get", "reopen", "power"]), max_size=25)):
        if action == "append":
            writer.append(datagrams(writer.next_seq, data.draw(st.integers(1, 9)), octets=data.draw(st.integers(0, 90))))
        elif action == "read":
            items = reader.read(writer.stream, after=position, limit=data.draw(st.integers(1, 12)))
            assert [item.seq for item in items] == list(range(position + 1, position + 1 + len(items)))
            assert items or position == writer.next_seq - 1
            position += len(items)
        elif action == "get":
            seq = data.draw(st.integers(1, 30))
            item = reader.get(writer.stream, seq)
            assert (item is not None and item.seq == seq) == (seq < writer.next_seq)
        else:
            writer.close()
            if action == "power":
                cut_power(root, writer.stream)
            writer = journal.open_writer("snmp-0")
    assert numbers_kept(journal, writer.stream) == list(range(1, writer.next_seq))
    reader.close()
    writer.close()
    shutil.rmtree(root)


NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
RECORDS = st.builds(
    Record,
    st.sampled_from(ItemKind),
    NUMBERS,
    NUMBERS,
    st.text(max_size=9),
    st.text(max_size=9),
    st.integers(0, 65_535),
    st.binary(max_size=40),
    st.binary(max_size=40),
)


@given(st.lists(RECORDS, min_size=1, max_size=20), st.integers(1, 1 << 40), st.data())
def test_any_records_come_back_from_a_frame_whole_or_in_part(records: list[Record], first: int, data: st.DataObject) -> None:
    [(header, octets)] = encode_batch(b"markmark", first, records)
    assert parse_header(bytes(octets), 0, b"markmark") == header
    frame = Frame(header, bytes(octets), HEADER_SIZE)
    low = data.draw(st.integers(0, len(records)))
    items: list[Item] = decode_items(frame, "snmp-0-aaaaaa", low)
    assert [record_of(item) for item in items] == records[low:]
    assert [item.seq for item in items] == list(range(first + low, first + len(records)))


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 0x55]) + octets[at + 1 :]
