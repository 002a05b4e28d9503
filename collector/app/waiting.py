"""Roles that need the store may be started before it."""

from collections.abc import Callable

from collector.domain.errors import Unavailable
from collector.logs import Log
from collector.role import RoleContext
from collector.store.engine import Store
from collector.store.schema import require_current

_PAUSE_SECONDS = 0.5
log = Log(__name__)


def wait_for_store(store: Store, role: RoleContext, *, away: Callable[[], None] = lambda: None) -> None:
    """Until the store answers or the role is stopped; `away` is called each time that it does not. Raise ConfigurationError when
    its schema is not this program's."""
    told = False
    while not role.stop.is_set():
        try:
            require_current(store)
        except Unavailable as error:
            if not told:
                log.warning("waiting for the store", reason=str(error))
            told = True
            away()
            role.stop.wait(_PAUSE_SECONDS)
        else:
            return
