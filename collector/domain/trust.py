"""How far a notification or a case can be believed."""

from enum import IntEnum


class Trust(IntEnum):
    """Ordered: a clear is accepted only at the same or a higher trust than the raise had."""

    SPOOFABLE = 1
    AUTHENTICATED = 2
    ENCRYPTED = 3

    @property
    def word(self) -> str:
        return self.name.lower()
