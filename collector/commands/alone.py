"""Commands that nobody may use the installation beside."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from collector.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from collector.config import Settings
    from collector.domain.clock import Clock

_SUPERVISORS = ("supervisor", "receive")


@contextmanager
def alone(settings: "Settings", clock: "Clock") -> Iterator[None]:
    """Keep every role away. Raise ConfigurationError when one runs."""
    from collector.config import Role
    from collector.run_lock import run_lock
    from collector.stop import StopFlag

    stop = StopFlag()
    with ExitStack() as undo:
        undo.callback(stop.close)
        try:
            for name in (*_SUPERVISORS, *Role):
                undo.enter_context(run_lock(settings, name, clock, stop=stop, patience=timedelta(0)))
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}\nstop the collector first") from error
        yield
