"""What the service has agreed on and how it speaks: the same for every change. Pure values."""

from dataclasses import dataclass
from datetime import timedelta

from collector.domain.clocks import Promise

NOTE_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Terms:
    """`language` is the installation's (`es` or `en`); `public_url` has no slash at its end; of further occurrences ticketing is
    told at most once per case and `note_every`."""

    promise: Promise
    language: str
    public_url: str
    note_every: timedelta = NOTE_EVERY
