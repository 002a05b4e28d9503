"""A flag that says "stop", safe to raise in a signal handler and visible to select, asyncio and threads alike."""

import os
import select


class StopFlag:
    """Raised once, never lowered. Unlike threading.Event it takes no lock, so a signal may come at any moment."""

    def __init__(self) -> None:
        self._raised = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        if not self._raised:
            self._raised = True
            os.write(self._writer, b"!")

    def is_set(self) -> bool:
        return self._raised

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until the flag is raised or the time is over; return whether it is raised."""
        if not self._raised:
            poll = select.poll()
            poll.register(self._reader, select.POLLIN)
            poll.poll(None if timeout_seconds is None else max(0.0, timeout_seconds) * 1000)
        return self._raised

    def fileno(self) -> int:
        """A descriptor that becomes readable, and stays so, when the flag is raised. Nobody reads from it."""
        return self._reader

    def close(self) -> None:
        """Give the descriptors back. A signal that comes later finds the flag raised and writes nowhere."""
        self._raised = True
        os.close(self._reader)
        os.close(self._writer)
