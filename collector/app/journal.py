"""Opening the journal as the settings say."""

from collector.config import Settings
from collector.domain.clock import Clock
from collector.journal.streams import Journal


def open_journal(settings: Settings, clock: Clock) -> Journal:
    """Raise ConfigurationError when it cannot be kept where the settings say."""
    return Journal(
        settings.journal_dir,
        clock=clock,
        segment_bytes=settings.journal.segment_bytes,
        allow_volatile=settings.journal.allow_volatile,
    )
