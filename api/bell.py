"""The bell: requests that wait for something to happen wait here, in async code and at the cost of one, however many they are.
`process` and the API's own actions ring it; a look once in a while at the newest message makes up for a ring that was lost."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from collector.domain.errors import Unavailable
from collector.logs import Log

log = Log(__name__)
LOOK_SECONDS = 0.5
REST_SECONDS = 0.05
"""After a ring: a storm of commits is one change for those who wait."""


class Listener(Protocol):
    """What rings: collector.wake.WakeListener fits."""

    def fileno(self) -> int: ...

    def drain(self) -> bool: ...


class Stop(Protocol):
    """Tells that the server ends (threading.Event fits)."""

    def is_set(self) -> bool: ...


class Bell:
    """Belongs to one event loop, the one in which it is first waited at."""

    def __init__(self, listener: Listener, *, last_position: Callable[[], int], stop: Stop) -> None:
        """`last_position` asks the store for the newest message, in a worker thread; it may raise Unavailable."""
        self._listener = listener
        self._last_position = last_position
        self._stop = stop
        self._position = 0
        self._rung = asyncio.Event()
        self._changed = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether the server stops: nobody is woken any more, and waiting returns at once."""
        return self._stop.is_set()

    async def wait(self, seconds: float) -> None:
        """Return when something changed, or after so long. What changed before the call is the caller's to look for."""
        self._watch()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    async def beyond(self, position: int, seconds: float) -> None:
        """Return when there is a message after `position`, or after so long, or when the server stops."""
        self._watch()
        try:
            async with asyncio.timeout(seconds):
                while self._position <= position and not self._stop.is_set():
                    await self._changed.wait()
        except TimeoutError:
            return

    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(self._listener.fileno(), self._ring)
        try:
            while not self._stop.is_set():
                rung = await self._wait_for_ring()
                if await self._look() or rung:
                    self._tell()
                await asyncio.sleep(REST_SECONDS)
        finally:
            loop.remove_reader(self._listener.fileno())
            self._tell()

    def _ring(self) -> None:
        self._listener.drain()
        self._rung.set()

    async def _wait_for_ring(self) -> bool:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._rung.wait()
        except TimeoutError:
            return False
        self._rung.clear()
        return True

    async def _look(self) -> bool:
        """Whether there is a newer message than at the last look."""
        try:
            position = await asyncio.to_thread(self._last_position)
        except Unavailable:
            return False
        except Exception as error:  # noqa: BLE001 (the edge of the bell: everybody waits for it, so it goes on)
            log.error("looking for new messages failed", cause=error)
            return False
        newer = position > self._position
        self._position = position
        return newer

    def _tell(self) -> None:
        """Wake everybody who waits now; whoever comes later waits for the next change."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
