"""A client's octets on their way to the dialogue: lines as commands, pieces as content, and what was read too far, back again."""

import asyncio

_IN_A_ROW = 256
"""Lines that one client may have answered before all others get their turn."""


class Input(asyncio.StreamReader):
    """At the end of the input it ends the task that reads, as aiosmtpd itself ends a client's task: by cancellation. So what a
    client sent before it closed its side is answered, and what it sent half of is not."""

    _lines = 0

    async def readuntil(self, separator: bytes = b"\n") -> bytes:  # type: ignore[override] # later Pythons take tuples; nobody gives one
        self._lines += 1
        if self._lines % _IN_A_ROW == 0:
            await asyncio.sleep(0)
        try:
            return await super().readuntil(separator)
        except asyncio.IncompleteReadError:
            raise asyncio.CancelledError from None

    async def read(self, n: int = -1) -> bytes:
        octets = await super().read(n)
        if not octets:
            raise asyncio.CancelledError
        return octets

    def forget(self, transport: asyncio.Transport) -> None:
        """Drop what was read and not looked at; from here on it comes from `transport`."""
        self._buffer.clear()  # type: ignore[attr-defined] # as below
        self._transport = transport
        self._paused = False

    def push_back(self, octets: bytes) -> None:
        """The next thing that is read. They have been read before: this makes the buffer no larger than it was."""
        self._buffer[:0] = octets  # type: ignore[attr-defined] # typeshed leaves it out
