"""Which networks an address lies in: both families, overlaps, and what is no address."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.networks import NetworkMap

MAP = NetworkMap(
    (ip_network(network), owner)
    for network, owner in (
        ("192.0.2.0/24", "acme"),
        ("192.0.2.7/32", "beta"),
        ("192.0.0.0/16", "acme"),
        ("0.0.0.0/0", "anybody"),
        ("2001:db8::/32", "six"),
        ("2001:db8::1/128", "one"),
    )
)


@pytest.mark.parametrize(
    ("address", "owners"),
    [
        pytest.param("192.0.2.7", {"acme", "beta", "anybody"}, id="in several networks, each owner once"),
        pytest.param("192.0.3.1", {"acme", "anybody"}, id="in the larger one"),
        pytest.param("203.0.113.1", {"anybody"}, id="in the network of all"),
        pytest.param("::ffff:192.0.2.7", {"acme", "beta", "anybody"}, id="IPv4 mapped to IPv6"),
        pytest.param("2001:db8::1", {"six", "one"}, id="IPv6"),
        pytest.param("2001:db8::1%eth0", {"six", "one"}, id="with an interface"),
        pytest.param("2001:db9::1", set(), id="IPv6 outside"),
        pytest.param("", set(), id="nothing"),
        pytest.param("console", set(), id="a name"),
        pytest.param("192.0.2", set(), id="half an address"),
        pytest.param("192.0.2.7\0", set(), id="a zero in it"),
    ],
)
def test_an_address_belongs_to_the_networks_around_it(address: str, owners: set[str]) -> None:
    found = MAP.of(address)
    assert set(found) == owners
    assert len(found) == len(owners)


_addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(networks=st.lists(st.tuples(_addresses, st.integers(0, 128))), address=_addresses)
def test_it_finds_what_a_look_at_each_network_finds(networks: list[tuple[object, int]], address: object) -> None:
    made = [ip_network(f"{host}/{min(length, 32 if ':' not in str(host) else 128)}", strict=False) for host, length in networks]
    asked = ip_address(str(address))
    if asked.version == 6 and asked.ipv4_mapped is not None:
        asked = asked.ipv4_mapped

    found = NetworkMap((network, number) for number, network in enumerate(made)).of(str(address))

    assert sorted(found) == [number for number, network in enumerate(made) if asked in network]
