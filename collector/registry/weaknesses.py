"""What is allowed and yet said to people: sources whose traps others could forge or read."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from collector.domain.snmp_access import SecurityLevel, SnmpAccess, SnmpUser

_NAMED = 5
"""Sources that one sentence names; of more it tells how many."""
Owned: TypeAlias = tuple[str, SnmpAccess]
"""A source as CUSTOMER/name, and how it is known."""
_OwnedUser: TypeAlias = tuple[str, SnmpUser]


def weaknesses(sources: Iterable[Owned], beside: Iterable[Owned] = ()) -> list[str]:
    """A sentence for each weak user, one for each pass phrase that is shared in a dangerous way (also with one of those `beside`,
    of which nothing else is told), one for all that speak v1 or v2c. No secret stands in it."""
    found = list(sources)
    users = [(owner, access.user) for owner, access in found if access.user is not None]
    told = [sentence for owner, user in users for sentence in _of_user(owner, user)]
    told += _shared(users, [(owner, access.user) for owner, access in beside if access.user is not None])
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


def _shared(users: list[_OwnedUser], beside: list[_OwnedUser]) -> Iterator[str]:
    """Consoles of one customer may have one pass phrase as long as people approve their engines."""
    holders: dict[bytes, dict[str, SnmpUser]] = {}
    for owner, user in (*users, *beside):
        for phrase in filter(None, (user.auth, user.priv)):
            holders.setdefault(_root(phrase), {})[owner] = user
    asked = {owner for owner, _ in users}
    groups = [group for group in holders.values() if len(group) > 1 and not asked.isdisjoint(group)]
    yield from dict.fromkeys(filter(None, map(_of_group, groups)))


def _of_group(group: dict[str, SnmpUser]) -> str:
    customers = {owner.partition("/")[0] for owner in group}
    unasked = [owner for owner, user in group.items() if user.approve_engines]
    if len(customers) == 1 and not unasked:
        return ""
    across, whose = (" across customers", "customer") if len(customers) > 1 else ("", "console")
    danger = "whoever has it from one of these consoles can read or forge what another one sends"
    if unasked:
        danger += f", and engines of {_named(unasked)} need no approval (`approve_engines: automatic`)"
    return f"{_named(list(group))}: share a pass phrase{across}; {danger}; give each {whose} its own"


def _root(phrase: bytes) -> bytes:
    """What is repeated to make keys of it (RFC 3414 section A.2): `abcabc` gives the keys of `abc`."""
    return phrase[: (phrase + phrase).find(phrase, 1)]


def _named(owners: list[str]) -> str:
    more = f" and {len(owners) - _NAMED} more" if len(owners) > _NAMED else ""
    return ", ".join(owners[:_NAMED]) + more
