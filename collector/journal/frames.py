"""The frame: a run of records as it lies in a segment file, with its checks. Packing and unpacking only, no files.

    marker 8 | first seq 8 | newest arrival 8 | body length 4 | records 4 | part 2 | parts 2 | body CRC 4 | header CRC 4 | body

All numbers are little-endian, the CRC is CRC-32 (ISO 3309). The body holds the columns of all records, the distinct texts
(listeners, peers), all envelopes, all payloads: whole columns are packed and unpacked by one call each.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise, repeat
from typing import Any, NamedTuple
from zlib import crc32

from collector.domain.errors import JournalError
from collector.domain.item import Item, ItemKind, Record

MARKER_SIZE = 8
FRAME_BYTES = 4 << 20
"""A batch with more octets than this is laid down as several frames, so that a reader never has to hold a huge one."""

_HEADER = struct.Struct("<8sQqIIHHII")
HEADER_SIZE = _HEADER.size
_CHECKED = HEADER_SIZE - 4
_COUNTS = struct.Struct("<II")
_KINDS = {int(kind): kind for kind in ItemKind}
_make_item = partial(tuple.__new__, Item)


class Header(NamedTuple):
    """A frame's header. `part` of `parts` (from 0) says which frame of its batch it is: a batch counts only as a whole."""

    first: int
    newest_ns: int
    length: int
    records: int
    part: int
    parts: int
    crc: int

    @property
    def last(self) -> int:
        return self.first + self.records - 1

    @property
    def size(self) -> int:
        """Octets of header and body."""
        return HEADER_SIZE + self.length


class Frame(NamedTuple):
    """A checked frame inside a buffer: its header and where its body begins."""

    header: Header
    buffer: bytes
    body: int


def encode_batch(marker: bytes, first: int, records: Sequence[Record]) -> list[tuple[Header, bytearray]]:
    """Pack the records, numbered from `first`, as one frame or, above FRAME_BYTES, as several that belong together.

    Raise JournalError when a field does not fit its column.
    """
    groups = list(_split(records))
    frames = []
    for part, group in enumerate(groups):
        try:
            frame = _encode_frame(marker, first, group, part=part, parts=len(groups))
        except (struct.error, UnicodeError, ValueError, TypeError) as error:
            raise JournalError(f"a record cannot be packed: {error}") from error
        frames.append(frame)
        first += len(group)
    return frames


def parse_header(buffer: bytes, at: int, marker: bytes) -> Header | None:
    """The header that begins at `at`, or None when there is no whole and undamaged one."""
    if len(buffer) - at < HEADER_SIZE:
        return None
    found, *fields, check = _HEADER.unpack_from(buffer, at)
    if found != marker or crc32(buffer[at : at + _CHECKED]) != check:
        return None
    return Header._make(fields)


def body_is_intact(header: Header, buffer: bytes, body: int) -> bool:
    end = body + header.length
    return len(buffer) >= end and crc32(memoryview(buffer)[body:end]) == header.crc


def decode_items(frame: Frame, stream: str, low: int = 0, high: int | None = None) -> list[Item]:
    """The items number `low` up to, not including, `high` of the frame (from 0). Raise JournalError when the body makes no
    sense."""
    header, buffer, at = frame
    high = header.records if high is None else min(high, header.records)
    try:
        return _decode_items(header, buffer, at, stream, low, high)
    except (struct.error, LookupError, UnicodeError) as error:
        raise JournalError(f"{stream}: the frame at {header.first} cannot be unpacked: {error}") from error


def _split(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    if sum([len(record.payload) + len(record.envelope) for record in records]) <= FRAME_BYTES:
        yield records
        return
    begin = size = 0
    for number, record in enumerate(records):
        octets = len(record.payload) + len(record.envelope)
        if size and size + octets > FRAME_BYTES:
            yield records[begin:number]
            begin, size = number, 0
        size += octets
    yield records[begin:]


def _encode_frame(marker: bytes, first: int, records: Sequence[Record], *, part: int, parts: int) -> tuple[Header, bytearray]:
    columns: list[tuple[Any, ...]] = list(zip(*records, strict=True))
    kinds, received, monotonic, listeners, peers, ports, envelopes, payloads = columns
    numbers = {text: number for number, text in enumerate(dict.fromkeys(listeners + peers))}
    texts = [text.encode() for text in numbers]
    octets = bytearray().join(
        (
            bytes(HEADER_SIZE),
            _COUNTS.pack(len(texts), sum(map(len, texts))),
            struct.pack(
                _columns_format(len(records)),
                *received,
                *monotonic,
                *map(numbers.__getitem__, listeners),
                *map(numbers.__getitem__, peers),
                *map(len, envelopes),
                *map(len, payloads),
                *ports,
                *kinds,
            ),
            struct.pack(f"<{len(texts)}I", *map(len, texts)),
            *texts,
            *envelopes,
            *payloads,
        )
    )
    checksum = crc32(memoryview(octets)[HEADER_SIZE:])
    header = Header(first, max(received), len(octets) - HEADER_SIZE, len(records), part, parts, checksum)
    _HEADER.pack_into(octets, 0, marker, *header, 0)
    octets[_CHECKED:HEADER_SIZE] = crc32(octets[:_CHECKED]).to_bytes(4, "little")
    return header, octets


def _decode_items(header: Header, buffer: bytes, at: int, stream: str, low: int, high: int) -> list[Item]:
    count = header.records
    columns = _columns_format(count)
    texts_count, texts_size = _COUNTS.unpack_from(buffer, at)
    numbers = struct.unpack_from(columns, buffer, at + _COUNTS.size)
    texts_at = at + _COUNTS.size + struct.calcsize(columns)
    lengths = struct.unpack_from(f"<{texts_count}I", buffer, texts_at)
    texts = [piece.decode() for piece in _cut(buffer, texts_at + 4 * texts_count, lengths)]
    received, monotonic, listeners, peers, envelopes, payloads, ports, kinds = (
        numbers[start + low : start + high] for start in range(0, 8 * count, count)
    )
    envelopes_at = texts_at + 4 * texts_count + texts_size
    payloads_at = envelopes_at + sum(numbers[4 * count : 5 * count])
    rows = zip(
        repeat(stream),
        range(header.first + low, header.first + high),
        map(_KINDS.__getitem__, kinds),
        received,
        monotonic,
        map(texts.__getitem__, listeners),
        map(texts.__getitem__, peers),
        ports,
        _cut(buffer, envelopes_at + sum(numbers[4 * count : 4 * count + low]), envelopes),
        _cut(buffer, payloads_at + sum(numbers[5 * count : 5 * count + low]), payloads),
        strict=False,  # `repeat` has no end
    )
    return list(map(_make_item, rows))


def _columns_format(count: int) -> str:
    """Arrival, monotonic, listener, peer, envelope length, payload length, port, kind; the wide ones first."""
    return f"<{2 * count}q{4 * count}I{count}H{count}B"


def _cut(buffer: bytes, start: int, lengths: Sequence[int]) -> list[bytes]:
    return [buffer[begin:end] for begin, end in pairwise(accumulate(lengths, initial=start))]
