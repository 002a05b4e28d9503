"""What the service has agreed on, from the settings."""

from datetime import timedelta

from collector.calendars import load_calendar, targets_of
from collector.config import Settings
from collector.domain.clocks import Promise
from collector.domain.terms import Terms


def terms_of(settings: Settings) -> Terms:
    """Raise ConfigurationError when the calendar cannot be made."""
    promise = Promise(load_calendar(settings), targets_of(settings))
    return Terms(promise, settings.language, settings.api_url, timedelta(minutes=settings.hand_off.note_minutes))
