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


def _processes() -> Iterator[str]:
    from collector.config import MOST_RECEIVERS, Role

    yield from Role
    yield from (Role.SNMP.process_name(receiver) for receiver in range(1, MOST_RECEIVERS))


@contextmanager
def alone(settings: "Settings", clock: "Clock") -> Iterator[None]:
    """Keep every process away, receivers of other settings too. Raise ConfigurationError when one runs."""
    from collector.ownership import inherited
    from collector.run_lock import run_lock
    from collector.stop import StopFlag

    stop = StopFlag()
    with ExitStack() as undo:
        undo.callback(stop.close)
        undo.enter_context(inherited(settings.data_dir))
        try:
            for name in (*_SUPERVISORS, *_processes()):
                undo.enter_context(run_lock(settings, name, clock, stop=stop, patience=timedelta(0)))
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}\nstop the collector first") from error
        yield
