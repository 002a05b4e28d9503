"""Do the store's positions and the journal belong together? Asked once, before anything is processed."""

from collections.abc import Iterable

from collector.domain.errors import ConfigurationError
from collector.domain.ids import StreamName
from collector.journal.interface import StreamState

_REMEDY = (
    "Bring back the journal and the store that belong together. When the missing items are lost for good, remove the "
    "stored position of {stream}; the stream is then taken up from what the journal holds."
)


def verify_positions(positions: dict[StreamName, int], states: Iterable[StreamState]) -> None:
    """Raise ConfigurationError, naming every stream that is wrong and what to do, when the journal is not the one that the
    positions were made with: a lost disk, a restored backup."""
    ends = {state.stream: state.end for state in states}
    troubles = [trouble for stream, position in sorted(positions.items()) if (trouble := _trouble(stream, position, ends))]
    troubles += [
        _foreign(stream, known)
        for stream in sorted(ends.keys() - positions.keys())
        for known in _kin(stream, positions)
        if known in ends
    ]
    if troubles:
        raise ConfigurationError("the journal and the store do not belong together:\n" + "\n".join(troubles))


def _trouble(stream: StreamName, position: int, ends: dict[StreamName, int]) -> str | None:
    remedy = _REMEDY.format(stream=stream)
    end = ends.get(stream)
    if end is not None:
        if position <= end:
            return None
        return f"{stream}: the store has processed up to {position}, but the journal ends at {end}. {remedy}"
    if others := ", ".join(map(str, _kin(stream, ends))):
        return f"{stream}: the store knows this stream, but the journal has {others} in its place: it was begun anew. {remedy}"
    return f"{stream}: the store has processed up to {position}, but the journal has no such stream. {remedy}"


def _foreign(stream: StreamName, known: StreamName) -> str:
    return (
        f"{stream}: the journal has this stream beside {known}, "
        "which the store knows for the same lane. Move away the directory of the wrong one."
    )


def _kin(stream: StreamName, streams: Iterable[StreamName]) -> list[StreamName]:
    """Streams of the same lane with another epoch."""
    return sorted(other for other in streams if other.lane == stream.lane and other != stream)
