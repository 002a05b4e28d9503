"""What is allowed and yet said to people: sources whose traps others could forge or read."""

from collections.abc import Iterable
from typing import TypeAlias

from collector.domain.snmp_access import SecurityLevel, SnmpAccess, SnmpUser

_NAMED = 5
"""Sources that one sentence names; of more it tells how many."""
Owned: TypeAlias = tuple[str, SnmpAccess]
"""A source as CUSTOMER/name, and how it is known."""


def weaknesses(sources: Iterable[Owned]) -> list[str]:
    """A sentence for each weak user, one for all that speak v1 or v2c."""
    found = list(sources)
    users = [(owner, access.user) for owner, access in found if access.user is not None]
    told = [sentence for owner, user in users for sentence in _of_user(owner, user)]
    open_ones = [owner for owner, access in found if access.user is None]
    if open_ones:
        told.append(
            f"{_named(open_ones)}: v1 and v2c prove nothing; whoever knows the community can forge these traps and informs, and "
            "whoever sees them can read them"
        )
    return told


def listeners_that_are_none(sources: Iterable[Owned], listeners: Iterable[str]) -> list[str]:
    """A sentence for each source that names a listener which the settings do not have."""
    known = set(listeners)
    return [
        f"{owner}: [snmp] listen has no {access.listener}, so nothing can come from it"
        for owner, access in sources
        if access.listener and access.listener not in known
    ]


def _of_user(owner: str, user: SnmpUser) -> list[str]:
    if user.auth_protocol is None:
        return [f"{owner}: its user has no authentication; anybody can forge its traps"]
    told = []
    if user.weak:
        told.append(f"{owner}: {' and '.join(user.weak)} can be broken; use SHA-256 and AES, or stronger")
    if user.min_level is SecurityLevel.NO_AUTH_NO_PRIV:
        told.append(f"{owner}: takes messages without authentication (`min_level`); anybody can forge its traps")
    return told


def _named(owners: list[str]) -> str:
    more = f" and {len(owners) - _NAMED} more" if len(owners) > _NAMED else ""
    return ", ".join(owners[:_NAMED]) + more
