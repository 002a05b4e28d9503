"""What the rest of the program may ask of a journal. Engines live in modules of their own; nothing else knows their files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from collector.domain.ids import StreamName
from collector.domain.item import Item, Record


class JournalWriter(Protocol):
    """The single writer of one stream."""

    @property
    def stream(self) -> StreamName: ...

    @property
    def next_seq(self) -> int:
        """The sequence number that the next record gets. The first one ever is 1."""

    def append(self, records: Sequence[Record]) -> int:
        """Store the records in order and return the first one's sequence number once all of them would survive a power cut.

        The rest follow without gaps. Raises JournalFull when there is no room, JournalError on any other trouble of the disk; in
        both cases nothing of the batch is kept and the writer can be used again.
        """

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class StreamState:
    """`first` is the oldest sequence number still kept, `end` the newest durable one (0 when the stream is empty). One that has
    `ended` gets no more items."""

    stream: StreamName
    first: int
    end: int
    ended: bool = False


class JournalReader(Protocol):
    """Reads what is durable, never more. Any number of readers, in any process of the machine."""

    def streams(self) -> list[StreamState]: ...

    def read(self, stream: StreamName, *, after: int, limit: int, max_bytes: int = 8 << 20) -> list[Item]:
        """Up to `limit` items above `after`, in order, and not much more than `max_bytes`; at least one if there is any."""

    def get(self, stream: StreamName, seq: int) -> Item | None:
        """One item, or None when it is not (or no longer) there."""

    def close(self) -> None: ...


Rescue: TypeAlias = Callable[[StreamName, int, int], None]
"""Called with a stream and the first and last sequence number of a segment that is about to go: the last chance to read it."""


class JournalKeeper(Protocol):
    """Housekeeping: retention by whole segments."""

    def drop(self, *, older_than: datetime, processed: dict[StreamName, int], before: Rescue) -> int:
        """Remove segments all of whose items arrived before `older_than` and have been processed; return how many.

        `before` is called for each of them; when it raises, that segment and the later ones stay, and the error goes on.
        """
