"""Who is known: by version, community or user, network and listener of the present snapshot."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.snmp_access import SnmpAccess
from collector.domain.trap import SnmpVersion
from collector.snapshot import Snapshot, SnapshotView
from receivers.snmp.senders import KnownSenders
from receivers.snmp.usm import KeyRing
from tests import snmp_inform_kit as kit
from tests.snmp_receiver_kit import CLOCK, a_view, own_engine, until
from tests.snmp_v3_kit import USER
from tests.work import calls_of

HERE, ELSEWHERE = "192.0.2.1:162", "192.0.2.1:1162"


def senders(*accesses: SnmpAccess, relays: tuple[str, ...] = ()) -> KnownSenders:
    return KnownSenders(a_view(*accesses), KeyRing(), own_engine(), relays=[ip_network(relay) for relay in relays])


def with_community(version: str = "v2c", *networks: str, listener: str = "") -> SnmpAccess:
    return SnmpAccess.with_community(version, b"s3cret", networks or ["198.51.100.0/24"], listener=listener)


@pytest.mark.parametrize(
    ("access", "version", "community", "peer", "known"),
    [
        pytest.param(with_community(), SnmpVersion.V2C, b"s3cret", "198.51.100.7", True, id="known"),
        pytest.param(with_community(), SnmpVersion.V1, b"s3cret", "198.51.100.7", True, id="v2c-admits-v1"),
        pytest.param(with_community("v1"), SnmpVersion.V1, b"s3cret", "198.51.100.7", True, id="v1"),
        pytest.param(with_community("v1"), SnmpVersion.V2C, b"s3cret", "198.51.100.7", False, id="v1-does-not-admit-v2c"),
        pytest.param(with_community(), SnmpVersion.V2C, b"S3cret", "198.51.100.7", False, id="another-community"),
        pytest.param(with_community(), SnmpVersion.V2C, b"", "198.51.100.7", False, id="no-community"),
        pytest.param(with_community(), SnmpVersion.V2C, b"s3cret", "203.0.113.7", False, id="from-another-network"),
        pytest.param(with_community(listener=HERE), SnmpVersion.V2C, b"s3cret", "198.51.100.7", True, id="to-its-listener"),
        pytest.param(with_community(listener=ELSEWHERE), SnmpVersion.V2C, b"s3cret", "198.51.100.7", False, id="to-another"),
        pytest.param(with_community("v2c", "2001:db8::/32"), SnmpVersion.V2C, b"s3cret", "2001:db8::7", True, id="ipv6"),
        pytest.param(with_community("v2c", "fe80::/64"), SnmpVersion.V2C, b"s3cret", "fe80::7%eth0", True, id="link-local"),
    ],
)
def test_a_community_is_known_with_its_version_network_and_listener(
    access: SnmpAccess, version: SnmpVersion, community: bytes, peer: str, known: bool
) -> None:
    assert senders(access).has_community(version, community, peer=peer, listener=HERE) is known


def test_a_trusted_relay_sends_for_everybody_it_knows() -> None:
    known = senders(with_community(), kit.access_of(), relays=("203.0.113.0/24",))
    assert known.has_community(SnmpVersion.V2C, b"s3cret", peer="203.0.113.7", listener=HERE)
    assert not known.has_community(SnmpVersion.V2C, b"guessed", peer="203.0.113.7", listener=HERE)
    assert known.users(USER.name, peer="203.0.113.7", listener=HERE) == [USER]


def test_users_of_one_name_are_told_apart_by_network_and_listener() -> None:
    near, far = replace(USER, auth=b"of the near one"), replace(USER, auth=b"of the far one")
    known = senders(kit.access_of(near, "192.0.2.0/24"), kit.access_of(far, "203.0.113.0/24", listener=HERE))
    assert known.users(USER.name, peer="192.0.2.9", listener=HERE) == [near]
    assert known.users(USER.name, peer="203.0.113.9", listener=HERE) == [far]
    assert known.users(USER.name, peer="203.0.113.9", listener=ELSEWHERE) == []
    assert known.users(b"somebody", peer="192.0.2.9", listener=HERE) == []


def test_without_a_snapshot_nobody_is_known() -> None:
    known = KnownSenders(SnapshotView(CLOCK), KeyRing(), own_engine())
    assert not known.known
    assert not known.has_community(SnmpVersion.V2C, b"s3cret", peer="198.51.100.7", listener=HERE)


def test_a_new_snapshot_is_taken_over_whole_and_keys_are_made_beside() -> None:
    view = SnapshotView(CLOCK)
    known = KnownSenders(view, KeyRing(), own_engine())
    view.confirm(Snapshot(1, frozenset(), frozenset(), (with_community(), kit.access_of())))
    known.refresh()
    assert known.has_community(SnmpVersion.V2C, b"s3cret", peer="198.51.100.7", listener=HERE)
    until(lambda: known.is_ready(USER))
    changed = replace(USER, auth=b"changed since")
    view.confirm(Snapshot(2, frozenset(), frozenset(), (kit.access_of(changed),)))
    known.refresh()
    assert not known.has_community(SnmpVersion.V2C, b"s3cret", peer="198.51.100.7", listener=HERE)
    assert known.users(USER.name, peer="127.0.0.1", listener=HERE) == [changed]
    until(lambda: known.is_ready(changed))
    known.close()


def test_the_engines_that_known_users_speak_from_are_known() -> None:
    known = senders(kit.access_of(replace(USER, engine_ids=(kit.CONSOLE_ENGINE,))))
    assert known.speak_from(kit.CONSOLE_ENGINE)
    assert not known.speak_from(own_engine().id)


def of_one_community(many: int) -> KnownSenders:
    return senders(*(with_community("v2c", f"10.{number // 250}.{number % 250}.0/24") for number in range(many)))


def of_one_user(many: int) -> KnownSenders:
    return senders(*(kit.access_of(USER, f"10.{number // 250}.{number % 250}.0/24") for number in range(many)))


@pytest.mark.parametrize("peer", ["10.0.9.1", "203.0.113.9"])
@pytest.mark.parametrize(
    ("made", "asked"),
    [
        pytest.param(
            of_one_community,
            lambda known, peer: known.has_community(SnmpVersion.V2C, b"s3cret", peer=peer, listener=HERE),
            id="community",
        ),
        pytest.param(of_one_user, lambda known, peer: known.users(USER.name, peer=peer, listener=HERE), id="user"),
        pytest.param(of_one_community, lambda known, peer: known.network_of(peer), id="network"),
    ],
)
def test_a_question_costs_the_same_however_many_share_a_community_or_a_name(
    made: Callable[[int], KnownSenders], asked: Callable[[KnownSenders, str], object], peer: str
) -> None:
    few, many = made(10), made(1_000)
    assert calls_of(lambda: asked(many, peer)) == calls_of(lambda: asked(few, peer))


def test_a_sender_is_near_by_the_smallest_network_around_it() -> None:
    known = senders(with_community("v2c", "10.0.0.0/8"), with_community("v2c", "10.1.0.0/16"), relays=("203.0.113.0/24",))
    assert known.network_of("10.2.0.1") == ip_network("10.0.0.0/8")
    assert known.network_of("10.1.0.1") == ip_network("10.1.0.0/16")
    assert known.network_of("203.0.113.9") == ip_network("203.0.113.0/24")
    assert known.network_of("198.51.100.1") is None
