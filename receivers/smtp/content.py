"""What a client sends after DATA: where it ends, what the dots hide (RFC 5321 section 4.5.2), and how much of it is kept."""

from dataclasses import dataclass

END = b"\r\n.\r\n"
HEAD_OCTETS = 16_384
"""What is kept of a mail that is too large, so that people see what it was: its header is mostly within."""


@dataclass(slots=True)
class Memory:
    """Octets of mails that are being received or wait for their commit, of all connections together."""

    limit: int
    held: int = 0

    def take(self, octets: int) -> bool:
        """Count them in if they fit."""
        if self.held + octets > self.limit:
            return False
        self.held += octets
        return True

    def give_back(self, octets: int) -> None:
        self.held -= octets


def unstuffed(kept: bytearray) -> bytes:
    """Without the dots that the client has doubled, and the line end of DATA."""
    return bytes(kept[2:]) if b"\r\n." not in kept else bytes(kept.replace(b"\r\n.", b"\r\n")[2:])


class Content:
    """One mail while it comes in. Only CR LF . CR LF ends it, whatever a client thinks a line end is: anything else would let one
    mail smuggle in another. Lines may be as long as the mail."""

    def __init__(self, memory: Memory, *, size_limit: int) -> None:
        self._memory = memory
        self._size_limit = size_limit
        self._kept = bytearray(b"\r\n")  # the line end of DATA itself: a dot may follow at once
        self._taken = 0
        self.received = 0
        self.too_large = False
        self.head = b""
        """The begin of a mail that is too large."""
        self.no_memory = False

    def feed(self, octets: bytes) -> bytes | None:
        """Take more; return what stands behind the end, or None when the end has not come."""
        seen = len(self._kept)
        self._kept += octets
        end = self._kept.find(END, max(0, seen - len(END) + 1))
        if end < 0:
            self._account(len(octets), len(self._kept))
            return None
        rest = bytes(self._kept[end + len(END) :])
        self._account(len(octets) - len(rest), end + 2)
        if not self.is_refused:
            del self._kept[end + 2 :]
        return rest

    @property
    def is_refused(self) -> bool:
        return self.too_large or self.no_memory

    @property
    def seems_over(self) -> bool:
        """Whether it ends as one does whose client takes a bare LF for a line end: it waits for an answer, and we for more."""
        return self._kept.endswith((b"\n.\n", b"\n.\r"))

    def octets(self) -> bytes:
        """The mail as it was before the client doubled its dots. After the end only, and once."""
        octets = unstuffed(self._kept)
        self._kept.clear()
        return octets

    def hand_over(self) -> int:
        """How many octets of memory the mail has taken. Whoever asks gives them back, when it is stored."""
        taken, self._taken = self._taken, 0
        return taken

    def release(self) -> None:
        """Give the memory back, if it is still ours: the mail is handed over, refused or given up."""
        self._memory.give_back(self._taken)
        self._taken = 0
        self._kept.clear()

    def _account(self, octets: int, content_end: int) -> None:
        self.received += octets
        if not self.too_large and self.received > self._size_limit + 3:  # the closing dot's line is not the mail's
            self.head = b"" if self.no_memory else unstuffed(self._kept[: min(content_end, HEAD_OCTETS)])
            self.too_large = True
        if not self.is_refused:
            self.no_memory = not self._memory.take(octets)
            self._taken += 0 if self.no_memory else octets
        if self.is_refused:
            self._memory.give_back(self._taken)
            self._taken = 0
            del self._kept[: max(0, len(self._kept) - len(END) + 1)]  # enough to find the end
