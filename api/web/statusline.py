"""One line about the whole for the NOC: does it receive, what waits, what nobody understood today. Looked up now and then for
everybody, not for each of them."""

import asyncio
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from api.routes.ledger import balance
from api.tools import ApiTools
from collector.domain.clock import NS_PER_SECOND
from collector.domain.errors import CollectorError
from collector.domain.outcome import QUARANTINE
from collector.store.ledger import read_lines, total
from collector.store.streams import load_positions, load_retired

FRESH_SECONDS = 5
PATIENCE_SECONDS = 0.3
"""A role that hangs takes a second to be found out: a page is not held up for it."""


@dataclass(frozen=True, slots=True)
class Status:
    """`ready` is None while it is not known. `reasons` are constant words for what is missing."""

    ready: bool | None = None
    reasons: tuple[str, ...] = ()
    pending: int | None = None
    quarantine: int | None = None


class StatusLine:
    """One look at a time. Belongs to one event loop."""

    def __init__(self, tools: ApiTools) -> None:
        self._tools = tools
        self._known = Status()
        self._looked_ns: int | None = None
        self._looking: asyncio.Task[None] | None = None

    async def get(self) -> Status:
        """A few seconds old at most, unless looking takes long."""
        now_ns = self._tools.clock.monotonic_ns()
        if self._looked_ns is not None and now_ns - self._looked_ns < FRESH_SECONDS * NS_PER_SECOND:
            return self._known
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())
        await asyncio.wait([self._looking], timeout=PATIENCE_SECONDS)
        return self._known

    async def _look(self) -> None:
        self._known = await run_in_threadpool(look, self._tools)
        self._looked_ns = self._tools.clock.monotonic_ns()


def look(tools: ApiTools) -> Status:
    """In a worker thread. A store that is away is a state too."""
    ready, reasons = tools.readiness()
    try:
        return Status(ready, tuple(reasons), *_counted(tools))
    except CollectorError:
        return Status(ready, tuple(reasons))


def _counted(tools: ApiTools) -> tuple[int, int]:
    today = tools.clock.now().date()
    day = today.year * 10_000 + today.month * 100 + today.day
    with tools.store.read() as connection:
        lines = read_lines(connection, since_day=day, until_day=day)
        retired = load_retired(connection)
        positions = [*load_positions(connection).values(), *retired.values()]
        totals = total(connection)
    states = {state.stream: state for state in tools.reader.streams() if state.stream not in retired}
    quarantine = sum(line.count for line in lines if line.outcome in QUARANTINE)
    return balance(positions, totals, states).pending, quarantine
