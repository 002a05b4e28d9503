"""What changes while somebody looks: a request waits here until what its page shows is no longer true. Waiting costs nothing but
the request; looking is one short question to the store, asked once for all who look at the same."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from collector.domain.clock import NS_PER_SECOND, Clock

WAIT_SECONDS = 25.0
"""Then the answer is "nothing new": longer, and a proxy between would give up."""
LOOK_SECONDS = 2.0
"""The poll that makes up for a ring of the bell that was lost."""
REST_SECONDS = 0.1
EVERY_SECONDS = 0.5
"""In a storm of changes the same page is looked up twice a second, however many people have it open."""
REMEMBERED = 64

_T = TypeVar("_T")


class Bell(Protocol):
    """Rings when something changed (`api.bell.Bell`)."""

    @property
    def is_over(self) -> bool: ...

    async def wait(self, seconds: float) -> None: ...


@dataclass(slots=True)
class _Look(Generic[_T]):
    """`found` of the last look, and when that began."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: _T | None = None
    began_ns: int = 0


class Shared(Generic[_T]):
    """Looks at a few things at once, shared by all who look at the same. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looks: OrderedDict[object, _Look[_T]] = OrderedDict()

    async def get(self, key: object, look: Callable[[], Awaitable[_T]], *, since_ns: int) -> _T:
        """What was found by a look that began at `since_ns` or later."""
        mine = self._looks.setdefault(key, _Look())
        self._looks.move_to_end(key)
        while len(self._looks) > REMEMBERED:
            self._looks.popitem(last=False)
        async with mine.lock:
            if mine.found is None or mine.began_ns < since_ns:
                if mine.found is not None:
                    await asyncio.sleep(max(0.0, EVERY_SECONDS - (self._clock.monotonic_ns() - mine.began_ns) / NS_PER_SECOND))
                mine.began_ns = self._clock.monotonic_ns()
                mine.found = await look()
            return mine.found


async def until_changed(
    clock: Clock, bell: Bell, look: Callable[[int], Awaitable[_T]], *, is_news: Callable[[_T], bool]
) -> _T | None:
    """The first look that is news, or None after so long. `look` is given the moment since which things may have changed."""
    loop = asyncio.get_running_loop()
    give_up = loop.time() + WAIT_SECONDS
    since_ns = clock.monotonic_ns() - int(EVERY_SECONDS * NS_PER_SECOND)
    while True:
        found = await look(since_ns)
        if is_news(found):
            return found
        left = give_up - loop.time()
        if left <= 0 or bell.is_over:
            return None
        await bell.wait(min(LOOK_SECONDS, left))
        since_ns = clock.monotonic_ns()
        await asyncio.sleep(REST_SECONDS)
