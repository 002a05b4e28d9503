"""How the supervisor learns that a child has begun its work: a pipe on which each says its name. Whether the work goes well is
not asked here."""

import os
from collections.abc import Iterable, Mapping

ROLLCALL_VARIABLE = "COLLECTOR_ROLLCALL"
_MOST_OCTETS = 4096


class RollCall:
    """The supervisor's end: who of `names` has not said that it began."""

    def __init__(self, names: Iterable[str]) -> None:
        self._missing = set(names)
        self._unfinished = b""
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)

    def environment(self) -> dict[str, str]:
        """What a child needs for `answer`, besides the descriptor `writer`."""
        return {ROLLCALL_VARIABLE: str(self.writer)}

    def missing(self) -> frozenset[str]:
        """Take what was said since the last question; return who said nothing yet. Never waits."""
        try:
            said = self._unfinished + os.read(self.reader, _MOST_OCTETS)
        except BlockingIOError:
            return frozenset(self._missing)
        *names, self._unfinished = said.split(b"\n")
        self._missing.difference_update(name.decode("ascii", "replace") for name in names)
        return frozenset(self._missing)

    def close(self) -> None:
        os.close(self.writer)
        os.close(self.reader)


def answer(name: str, environment: Mapping[str, str]) -> None:
    """Say in a child that it has begun, once; does nothing when there is no supervisor."""
    descriptor = environment.get(ROLLCALL_VARIABLE)
    if descriptor is None:
        return
    try:
        os.write(int(descriptor), f"{name}\n".encode("ascii"))
    except BrokenPipeError:
        return  # the supervisor is gone, and so will this process be in a moment
    finally:
        os.close(int(descriptor))
