"""Sources that could both be meant by one notification: a mistake, told before anything is imported."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from collector.domain.snmp_access import SnmpAccess, SnmpUser
from collector.store.registry import SourceRecord


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source answers to, with the name it has in messages. `line` is 0 for a source that stands only in the store."""

    owner: str
    record: SourceRecord
    line: int


def clashes(claims: list[Claim]) -> Iterator[tuple[int, str]]:
    """(line, message) for every pair of sources that could both be meant by one notification. No secret stands in it."""
    for one, other in _pairs(claims, lambda record: record.mailbox):
        yield max(one.line, other.line), f"{one.owner} and {other.owner} have the same mailbox {one.record.mailbox}"
    for one, other in _pairs(claims, lambda record: record.snmp and (record.snmp.community or None)):
        if _meet(one.record.snmp, other.record.snmp):
            yield max(one.line, other.line), f"{_both(one, other)}: same community, overlapping networks"
    for one, other in _pairs(claims, lambda record: record.snmp and record.snmp.user and record.snmp.user.name):
        if _share_engines(one.record.snmp, other.record.snmp) and _meet(one.record.snmp, other.record.snmp):
            told = "same user, overlapping networks, and no `engine_id` that tells them apart"
            yield max(one.line, other.line), f"{_both(one, other)}: {told}"


def _both(one: Claim, other: Claim) -> str:
    return f"{one.owner} and {other.owner} could both be meant by one trap"


def _pairs(claims: list[Claim], key: Callable[[SourceRecord], object | None]) -> Iterator[tuple[Claim, Claim]]:
    groups: dict[object, list[Claim]] = {}
    for claim in claims:
        if (value := key(claim.record)) is not None:
            groups.setdefault(value, []).append(claim)
    for group in groups.values():
        yield from combinations(group, 2)


def _meet(one: SnmpAccess | None, other: SnmpAccess | None) -> bool:
    """Whether one sender at one listener could be both. Addresses of IPv4 are never in a network of IPv6: where they come in the
    form of IPv6, they are taken as what they are."""
    if one is None or other is None or (one.listener and other.listener and one.listener != other.listener):
        return False
    return any(mine.version == theirs.version and mine.overlaps(theirs) for mine in one.networks for theirs in other.networks)


def _share_engines(one: SnmpAccess | None, other: SnmpAccess | None) -> bool:
    mine, theirs = _engine_ids(one), _engine_ids(other)
    return not mine or not theirs or not mine.isdisjoint(theirs)


def _engine_ids(access: SnmpAccess | None) -> frozenset[bytes]:
    user: SnmpUser | None = access.user if access else None
    return frozenset(user.engine_ids) if user else frozenset()
