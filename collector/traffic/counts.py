"""What a simulation counts while it runs, and how it says so."""

from dataclasses import dataclass
from typing import Self


@dataclass(slots=True)
class Counts:
    """Notifications, but for `resent`, which counts further tries. `answered`: informs and mails acknowledged; `refused`:
    given up for good: a mail refused with 5xx, an inform or mail never acknowledged, a trap that could not be sent."""

    traps: int = 0
    informs: int = 0
    mails: int = 0
    answered: int = 0
    refused: int = 0
    resent: int = 0
    first_refusal: str = ""

    @property
    def sent(self) -> int:
        return self.traps + self.informs + self.mails

    def refuse(self, why: str) -> None:
        self.refused += 1
        self.first_refusal = self.first_refusal or why

    def __add__(self, other: Self) -> "Counts":
        return Counts(
            self.traps + other.traps,
            self.informs + other.informs,
            self.mails + other.mails,
            self.answered + other.answered,
            self.refused + other.refused,
            self.resent + other.resent,
            self.first_refusal or other.first_refusal,
        )

    def line(self, seconds: float) -> str:
        """One line of progress."""
        rate = self.sent / seconds if seconds else 0.0
        parts = f"{self.traps} traps, {self.informs} informs, {self.mails} mails"
        return (
            f"{seconds:5.0f} s  {self.sent} sent ({parts}), {self.answered} answered, {self.refused} refused, "
            f"{self.resent} sent again, {rate:.0f}/s"
        )
