"""Which sources could both be meant: the same as trying every pair, and quick where thousands share a community or a user."""

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations, islice

from hypothesis import given
from hypothesis import strategies as st

from collector.domain.snmp_access import AuthProtocol, Network, PrivProtocol, SecurityLevel, SnmpAccess, SnmpUser
from collector.registry.clashes import Claim, clashes
from collector.store.registry import SourceRecord

NETWORKS: list[Network] = [
    *map(IPv4Network, ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/32", "10.0.0.255/32", "10.0.1.0/24", "192.0.2.0/24")),
    *map(IPv6Network, ("::/0", "::/96", "::a00:0/104", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::1/128")),
]
LISTENERS = ("", "127.0.0.1:162", "[::1]:162")
ENGINES = (b"\x80\0\0\0\1", b"\x80\0\0\0\2", b"\x80\0\0\0\3")
USERS = (
    SnmpUser(b"traps", AuthProtocol.SHA256, b"first phrase"),
    SnmpUser(b"traps", AuthProtocol.SHA512, b"first phrase"),
    SnmpUser(b"traps", AuthProtocol.SHA256, b"second phrase", PrivProtocol.AES128, b"third phrase"),
    SnmpUser(b"traps", AuthProtocol.SHA256, b"second phrase", min_level=SecurityLevel.NO_AUTH_NO_PRIV),
    SnmpUser(b"traps", min_level=SecurityLevel.NO_AUTH_NO_PRIV),
)

accesses = st.builds(
    lambda networks, listener, community, user, engines: SnmpAccess(
        "v2c" if community else "v3",
        tuple(networks),
        listener,
        community,
        None if community else replace(user, engine_ids=tuple(engines)),
    ),
    networks=st.lists(st.sampled_from(NETWORKS), min_size=1, max_size=3),
    listener=st.sampled_from(LISTENERS),
    community=st.sampled_from((b"", b"", b"public", b"other")),
    user=st.sampled_from(USERS),
    engines=st.lists(st.sampled_from(ENGINES), max_size=2, unique=True),
)


def claims_of(found: list[SnmpAccess]) -> list[Claim]:
    return [Claim(f"A/{number}", SourceRecord(f"{number}", (), snmp=access), number + 1) for number, access in enumerate(found)]


def both_meant(one: SnmpAccess, other: SnmpAccess) -> bool:
    """As the documentation says it, tried plainly."""
    if (one.user is None) != (other.user is None) or one.community != other.community:
        return False
    meet = any(a.version == b.version and a.overlaps(b) for a in one.networks for b in other.networks)
    at_one_listener = not one.listener or not other.listener or one.listener == other.listener
    return meet and at_one_listener and (one.user is None or other.user is None or same_user(one.user, other.user))


def same_user(one: SnmpUser, other: SnmpUser) -> bool:
    traps = not one.engine_ids or not other.engine_ids or bool(set(one.engine_ids) & set(other.engine_ids))
    signed = one.auth_protocol is not None and (one.auth_protocol, one.auth) == (other.auth_protocol, other.auth)
    unsigned = one.min_level is other.min_level is SecurityLevel.NO_AUTH_NO_PRIV
    return traps or signed or unsigned


@given(found=st.lists(accesses, max_size=8))
def test_the_same_pairs_are_found_as_by_trying_all(found: list[SnmpAccess]) -> None:
    told = [message.partition(" could both")[0] for _, message in clashes(claims_of(found))]
    expected = {
        f"A/{one} and A/{other}" for one, other in combinations(range(len(found)), 2) if both_meant(found[one], found[other])
    }
    assert len(told) == len(set(told))
    assert set(told) == expected


def test_thousands_that_share_a_community_or_a_user_are_not_tried_pair_by_pair() -> None:
    """Every pair would be four and a half million comparisons for each of the two."""
    own = [IPv4Network((0x0A000000 + (number << 8), 24)) for number in range(3_000)]
    communities = [SnmpAccess("v2c", (network,), community=b"public") for network in own]
    users = [
        SnmpAccess("v3", (NETWORKS[0],), user=replace(USERS[0], auth=b"%d" % number, engine_ids=(number.to_bytes(5, "big"),)))
        for number in range(3_000)
    ]
    assert list(clashes(claims_of(communities + users))) == []


def test_where_thousands_are_all_alike_the_first_mistakes_come_at_once() -> None:
    alike = [SnmpAccess("v2c", (NETWORKS[0],), community=b"public")] * 3_000
    assert len(list(islice(clashes(claims_of(alike)), 500))) == 500
