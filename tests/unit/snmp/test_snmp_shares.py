"""Who shares a limit with whom, by the networks in the snapshot."""

from itertools import count

from collector.domain.clock import SystemClock
from collector.domain.limits import Limit
from collector.domain.snmp_access import SnmpAccess
from collector.snapshot import Snapshot, SnapshotView
from receivers.snmp.limiter import Account, PeerLimiter, Standing
from receivers.snmp.shares import NetworkShares, shared_limit

_versions = count(1)


def access(*networks: str, community: bytes = b"c") -> SnmpAccess:
    return SnmpAccess.with_community("v2c", community, networks)


def snapshot(*accesses: SnmpAccess) -> Snapshot:
    return Snapshot(next(_versions), frozenset(), frozenset(), accesses)


ACME, BETA, EVERYBODY = access("192.0.2.0/24", "2001:db8::/64"), access("198.51.100.0/25"), access("198.51.100.0/24")


def shares(*accesses: SnmpAccess, known: int = 100, strangers: int = 10) -> NetworkShares:
    view = SnapshotView(SystemClock(), snapshot(*accesses))
    made = NetworkShares(view, known=Limit(known, known), strangers=Limit(strangers, strangers))
    assert made.refresh()
    return made


def test_the_addresses_of_a_source_share_and_others_do_not() -> None:
    made = shares(ACME, BETA, EVERYBODY)
    acme = made.of("192.0.2.1")

    assert acme is not None
    assert acme is made.of("192.0.2.77") is made.of("2001:db8::1")
    assert acme is not made.of("198.51.100.1")
    assert made.of("198.51.100.1") is made.of("198.51.100.2")
    assert made.of("198.51.100.1") is not made.of("198.51.100.200")


def test_all_strangers_have_one_limit_together() -> None:
    made = shares(ACME)
    limiter = PeerLimiter(1_000, 1_000, shares=made)

    assert made.of("203.0.113.1") is made.of("2001:db8:ffff::1")
    found = [limiter.judge(f"203.0.{number % 250}.{number // 250}", 1) for number in range(1_000)]
    flood = limiter.flood("203.0.1.1", 2)
    assert found[:10] == [Standing.WITHIN] * 10
    assert set(found[10:]) == {Standing.OVER, Standing.SAMPLED, Standing.LEFT_OUT}
    assert flood is not None
    assert flood.peer == ""


def test_strangers_leave_the_share_of_a_source_alone() -> None:
    limiter = PeerLimiter(1_000, 1_000, shares=shares(ACME))
    for number in range(1_000):
        limiter.judge(f"203.0.113.{number % 250}", 1)

    assert limiter.judge("192.0.2.1", 1) is Standing.WITHIN


def test_two_sources_of_the_same_networks_are_one_place() -> None:
    made = shares(ACME, access("192.0.2.0/24", "2001:db8::/64", community=b"other"))

    assert made.of("192.0.2.1") is made.of("192.0.2.2")


def test_a_limit_of_zero_is_none() -> None:
    made = shares(ACME, known=0, strangers=0)

    assert made.of("192.0.2.1") is None
    assert made.of("203.0.113.1") is None


def test_without_a_snapshot_nobody_shares() -> None:
    made = NetworkShares(SnapshotView(SystemClock()), known=Limit(1, 1), strangers=Limit(1, 1))

    assert not made.refresh()
    assert made.of("203.0.113.1") is None


def test_a_new_snapshot_is_taken_over_and_what_was_used_up_stays() -> None:
    view = SnapshotView(SystemClock(), snapshot(ACME))
    made = NetworkShares(view, known=Limit(100, 100), strangers=Limit(10, 10))
    assert made.refresh()
    acme, stranger = made.of("192.0.2.1"), made.of("198.51.100.1")
    assert not made.refresh()

    view.confirm(snapshot(ACME, BETA))

    assert made.refresh()
    assert made.of("192.0.2.1") is acme
    assert made.of("203.0.113.1") is stranger
    assert isinstance(made.of("198.51.100.1"), Account)
    assert made.of("198.51.100.1") not in (acme, stranger)


def test_what_addresses_share_is_never_less_than_one_of_them_has() -> None:
    address = Limit(1_000, 10_000)

    assert shared_limit(Limit(500, 20_000), address) == Limit(1_000, 20_000)
    assert shared_limit(Limit(2_000, 5_000), address) == Limit(2_000, 10_000)
    assert shared_limit(Limit(500, 20_000), Limit(0, 1)) == Limit(500, 20_000)
    assert shared_limit(Limit(0, 20_000), address).rate == 0
