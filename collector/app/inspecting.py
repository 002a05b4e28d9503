"""An Inspector outside the long-running roles, for one command."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from collector.app.decoders import decoders
from collector.app.journal import open_journal
from collector.app.knowledge import KnowledgeKeeper
from collector.app.paths import loaded_names
from collector.app.terms import terms_of
from collector.config import Settings
from collector.domain.clock import SystemClock
from collector.names.present import PresentNames
from collector.pipeline.inspection import Inspector
from collector.secrets import SecretBox
from collector.store.engine import Store, Turn
from collector.store.schema import require_current


@contextmanager
def inspector(settings: Settings, store: Store, turn: Turn) -> Iterator[Inspector]:
    """Raise ConfigurationError when store or journal do not fit this program."""
    require_current(store)
    clock = SystemClock()
    with closing(open_journal(settings, clock).reader()) as reader, decoders(clock) as made:
        box = SecretBox.of_settings(settings)
        knowledge = KnowledgeKeeper(store, settings, made.decoders, terms_of(settings), box)
        yield Inspector(
            store,
            reader,
            knowledge=knowledge,
            explain=knowledge.explain,
            clock=clock,
            turn=turn,
            names=PresentNames(loaded_names(settings)),
            box=box,
            kept=timedelta(days=settings.journal.retention_days),
        )
