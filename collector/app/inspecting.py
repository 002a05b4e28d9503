"""An Inspector outside the long-running roles, for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from collector.app.decoders import decoders
from collector.app.journal import open_journal
from collector.app.knowledge import KnowledgeKeeper
from collector.config import Settings
from collector.domain.clock import SystemClock
from collector.pipeline.inspection import Inspector
from collector.store.engine import Store, Turn
from collector.store.schema import require_current


@contextmanager
def inspector(settings: Settings, store: Store, turn: Turn) -> Iterator[Inspector]:
    """Raise ConfigurationError when store or journal do not fit this program."""
    require_current(store)
    clock = SystemClock()
    journal = open_journal(settings, clock)
    reader = journal.reader()
    with decoders(clock) as made:
        knowledge = KnowledgeKeeper(store, settings, made.decoders)
        yield Inspector(store, reader, knowledge=knowledge, explain=knowledge.explain, clock=clock, turn=turn)
    reader.close()
