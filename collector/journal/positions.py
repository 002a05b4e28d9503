"""Do the store's positions and the journal belong together? Asked once before anything is processed, and by those who mend it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from collector.domain.errors import ConfigurationError
from collector.domain.ids import StreamName
from collector.journal.interface import StreamState

_REMEDY = (
    "Bring back the journal and the store that belong together. When what is missing is lost for good, "
    "`collector journal accept-loss` makes these two usable again."
)
_MOVE_AWAY = "Move its directory away, or bring back the store that belongs to it."


class Mismatch(Enum):
    LOST = auto()
    """The store knows the stream, the journal does not have it."""
    SHORT = auto()
    """The journal ends before the position: it would give numbers a second time."""
    FOREIGN = auto()
    """The journal has it beside the stream that the store knows for the same lane."""
    RETIRED = auto()
    """The journal has a stream that was given up."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a stream; `text` is a sentence about it, without the stream's name."""

    stream: StreamName
    mismatch: Mismatch
    text: str

    @property
    def remedy(self) -> str:
        return _REMEDY if self.mismatch in (Mismatch.LOST, Mismatch.SHORT) else _MOVE_AWAY


def verify_positions(
    positions: Mapping[StreamName, int], states: Iterable[StreamState], *, retired: Collection[StreamName] = ()
) -> None:
    """Raise ConfigurationError, naming every stream that is wrong and what to do, when the journal is not the one that the
    positions were made with: a lost disk, a restored backup. `retired` are the streams that were given up."""
    if found := troubles(positions, states, retired=retired):
        lines = [f"{trouble.stream}: {trouble.text}. {trouble.remedy}" for trouble in found]
        raise ConfigurationError("the journal and the store do not belong together:\n" + "\n".join(lines))


def troubles(
    positions: Mapping[StreamName, int], states: Iterable[StreamState], *, retired: Collection[StreamName] = ()
) -> list[Trouble]:
    """Everything that does not fit, streams of the store first."""
    found = list(states)
    ends = {state.stream: state.end for state in found}
    ended = {state.stream for state in found if state.ended}
    return [*_of_the_store(positions, ends), *_of_the_journal(positions, ends, retired=retired, ended=ended)]


def _of_the_store(positions: Mapping[StreamName, int], ends: Mapping[StreamName, int]) -> Iterator[Trouble]:
    for stream, position in sorted(positions.items()):
        end = ends.get(stream)
        if end is None:
            yield Trouble(stream, Mismatch.LOST, _lost(stream, position, ends))
        elif position > end:
            text = f"the store has processed up to {position}, but the journal ends at {end}"
            yield Trouble(stream, Mismatch.SHORT, text)


def _lost(stream: StreamName, position: int, ends: Mapping[StreamName, int]) -> str:
    if others := ", ".join(map(str, _kin(stream, ends))):
        return f"the store knows this stream, but the journal has {others} in its place: it was begun anew"
    return f"the store has processed up to {position}, but the journal has no such stream"


def _of_the_journal(
    positions: Mapping[StreamName, int],
    ends: Mapping[StreamName, int],
    *,
    retired: Collection[StreamName],
    ended: Collection[StreamName],
) -> Iterator[Trouble]:
    """A lane may have one stream that goes on, and any number of ended ones."""
    for stream in sorted(ends.keys() - positions.keys()):
        if stream in retired:
            yield Trouble(stream, Mismatch.RETIRED, "the journal has this stream, but the store has given it up")
            continue
        for known in () if stream in ended else _kin(stream, positions):
            if known not in ended and positions[known] <= ends.get(known, -1):
                text = f"the journal has this stream beside {known}, which the store knows for the same lane"
                yield Trouble(stream, Mismatch.FOREIGN, text)


def _kin(stream: StreamName, streams: Iterable[StreamName]) -> list[StreamName]:
    """Streams of the same lane with another epoch."""
    return sorted(other for other in streams if other.lane == stream.lane and other != stream)
