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
    if troubles:
        raise ConfigurationError("the journal and the store do not belong together:\n" + "\n".join(troubles))


def _trouble(stream: StreamName, position: int, ends: dict[StreamName, int]) -> str | None:
    remedy = _REMEDY.format(stream=stream)
    end = ends.get(stream)
    if end is not None:
        if position <= end:
            return None
        return f"{stream}: the store has processed up to {position}, but the journal ends at {end}. {remedy}"
    others = ", ".join(sorted(str(other) for other in ends if other.lane == stream.lane))
    if others:
        return f"{stream}: the store knows this stream, but the journal has {others} in its place: it was begun anew. {remedy}"
    return f"{stream}: the store has processed up to {position}, but the journal has no such stream. {remedy}"
