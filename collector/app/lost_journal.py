"""Making a store and a journal usable together again after one of them was lost or restored, so that nothing counts twice:
streams that cannot be continued are retired in the store, and what the journal has of them is set aside."""

from collections.abc import Collection

from collector.domain.ids import StreamName
from collector.journal.positions import Mismatch, Trouble, troubles
from collector.journal.streams import Journal
from collector.store.engine import Store, Turn
from collector.store.streams import load_positions, load_retired, retire_stream

_UNREADABLE = "its directory cannot be read; mend it or move it away; left as it is"


def look_for_troubles(store: Store, journal: Journal) -> list[Trouble]:
    """What does not fit, none when they belong together. Raise Unavailable when the store is away, JournalError when the disk
    refuses."""
    with store.read() as connection, journal.reader() as reader:
        reached = {stream: position.position for stream, position in load_positions(connection).items()}
        return troubles(reached, reader.streams(), retired=load_retired(connection))


def accept_loss(store: Store, journal: Journal, *, turn: Turn, dry_run: bool) -> list[str]:
    """Retire what the journal lost; return a line for each stream that does not fit, none when all do. Nobody may use the journal
    meanwhile. Stopped at any moment and done again it comes to the same end.

    Raise JournalError when the disk refuses, Unavailable when the store is away.
    """
    with journal.reader() as reader:
        states = reader.streams()
    unreadable = journal.directories() - {state.stream for state in states}
    with store.write(turn) as connection:
        positions = load_positions(connection)
        reached = {stream: position.position for stream, position in positions.items()}
        found = troubles(reached, states, retired=load_retired(connection))
        if not dry_run:
            for trouble in _lost_for_good(found, unreadable):
                if trouble.mismatch is Mismatch.SHORT:
                    # First: a stream that has gone and is not retired yet is found as lost the next time.
                    journal.set_aside(trouble.stream)
                retire_stream(connection, positions[trouble.stream])
    return [f"{trouble.stream}: {trouble.text}; {_done(trouble, unreadable, journal)}" for trouble in found]


def _lost_for_good(found: list[Trouble], unreadable: Collection[StreamName]) -> list[Trouble]:
    """A directory that is there may hold what was never processed: its stream is not given up."""
    return [
        trouble for trouble in found if trouble.mismatch in (Mismatch.LOST, Mismatch.SHORT) and trouble.stream not in unreadable
    ]


def _done(trouble: Trouble, unreadable: Collection[StreamName], journal: Journal) -> str:
    if trouble.stream in unreadable:
        return _UNREADABLE
    if trouble.mismatch is Mismatch.LOST:
        return "retired"
    if trouble.mismatch is Mismatch.SHORT:
        return f"retired, its directory set aside as {journal.aside(trouble.stream)}"
    return f"left as it is. {trouble.remedy}"
