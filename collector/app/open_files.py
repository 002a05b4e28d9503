"""How many files the process may have open. Many connections need more than the 1,024 that most systems give at first."""

import resource

from collector.logs import Log

_BESIDE = 200
"""Files, sockets and clients that are just leaving."""

log = Log(__name__)


def allow_connections(wanted: int) -> None:
    """Room for so many, as far as the system lets us. What it does not allow is told; the kernel refuses the rest then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + _BESIDE
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    given = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (given, hard))
    if given < needed:
        log.warning("the system allows fewer open files than there may be connections", wanted=needed, given=given)
