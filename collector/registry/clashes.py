"""Sources that could both be meant by one notification: a mistake, told before anything is imported. Thousands of consoles may
share a community or a user, so pairs are looked for by their networks and not tried one by one."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from collector.domain.snmp_access import SecurityLevel, SnmpAccess, SnmpUser
from collector.store.registry import SourceRecord

MOST_TOLD = 500
"""Pairs of a file: where thousands of sources are all alike, there are millions."""

_NOBODY = SnmpUser(b"")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source answers to, with the name it has in messages. `line` is 0 for a source that stands only in the store."""

    owner: str
    record: SourceRecord
    line: int


def clashes(claims: list[Claim]) -> Iterator[tuple[int, str]]:
    """(line, message) for every pair of sources that could both be meant by one notification. No secret stands in it."""
    for group in _groups(claims, lambda claim: claim.record.mailbox):
        for one, other in combinations(group, 2):
            yield max(one.line, other.line), f"{one.owner} and {other.owner} have the same mailbox {one.record.mailbox}"
    for group in _groups(claims, _community):
        for one, other in _meeting(group):
            yield _told(one, other, "trap: same community, overlapping networks")
    for group in _groups(claims, _user_name):
        yield from _of_user(group)


def _told(one: Claim, other: Claim, what: str) -> tuple[int, str]:
    return max(one.line, other.line), f"{one.owner} and {other.owner} could both be meant by one {what}"


def _groups(claims: Iterable[Claim], key: Callable[[Claim], Hashable | None]) -> list[list[Claim]]:
    groups: dict[Hashable, list[Claim]] = {}
    for claim in claims:
        if (value := key(claim)) is not None:
            groups.setdefault(value, []).append(claim)
    return [group for group in groups.values() if len(group) > 1]


def _community(claim: Claim) -> bytes | None:
    return (claim.record.snmp.community or None) if claim.record.snmp else None


def _user_name(claim: Claim) -> bytes | None:
    return _user(claim).name or None


def _user(claim: Claim) -> SnmpUser:
    """One without a name where there is none."""
    access = claim.record.snmp
    return access.user if access and access.user else _NOBODY


def _of_user(group: list[Claim]) -> Iterator[tuple[int, str]]:
    """Of a user's traps the engine tells which console it was. Informs carry the collector's own engine: there the keys must, and
    they can only where a digest is demanded."""
    found: set[tuple[str, str]] = set()
    for part in _by_engine(group):
        for one, other in _meeting(part):
            if _share_engines(one, other) and (one.owner, other.owner) not in found:
                found.add((one.owner, other.owner))
                yield _told(one, other, "trap: same user, overlapping networks, and no `engine_id` that tells them apart")
    for part in (*_groups(group, _signing), [claim for claim in group if _unsigned(claim)]):
        for one, other in _meeting(part):
            if (one.owner, other.owner) not in found:
                found.add((one.owner, other.owner))
                yield _told(one, other, "inform: same user, overlapping networks, and no `auth` that tells them apart")


def _by_engine(group: list[Claim]) -> list[list[Claim]]:
    """Those that could share an engine: all of them when one names none, else those that name the same."""
    if any(not _user(claim).engine_ids for claim in group):
        return [group]
    parts: dict[bytes, list[Claim]] = {}
    for claim in group:
        for engine_id in _user(claim).engine_ids:
            parts.setdefault(engine_id, []).append(claim)
    return list(parts.values())


def _share_engines(one: Claim, other: Claim) -> bool:
    mine, theirs = _user(one).engine_ids, _user(other).engine_ids
    return not mine or not theirs or not set(mine).isdisjoint(theirs)


def _signing(claim: Claim) -> Hashable | None:
    """What a digest is made with."""
    user = _user(claim)
    return (user.auth_protocol, user.auth) if user.auth_protocol is not None else None


def _unsigned(claim: Claim) -> bool:
    return _user(claim).min_level is SecurityLevel.NO_AUTH_NO_PRIV


def _meeting(group: list[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs, each once and in the order of the group, of which one sender at one listener could be both. Of two networks that
    overlap one holds the other, so in the order of their first addresses all that hold the next one are still open. IPv4 is in no
    network of IPv6: where it comes in that form, it is taken as what it is."""
    stretches = sorted(
        (network.version, int(network.network_address), -int(network.broadcast_address), number)
        for number, claim in enumerate(group)
        for network in (claim.record.snmp.networks if claim.record.snmp else ())
    )
    found: set[tuple[int, int]] = set()
    still_open: list[tuple[int, int, int]] = []
    for version, first, negative_last, number in stretches:
        while still_open and (still_open[-1][0] != version or still_open[-1][1] < first):
            still_open.pop()
        for pair in {(min(other, number), max(other, number)) for _, _, other in still_open if other != number} - found:
            found.add(pair)
            if _share_listener(group[pair[0]].record.snmp, group[pair[1]].record.snmp):
                yield group[pair[0]], group[pair[1]]
        still_open.append((version, -negative_last, number))


def _share_listener(one: SnmpAccess | None, other: SnmpAccess | None) -> bool:
    return one is not None and other is not None and (not one.listener or not other.listener or one.listener == other.listener)
