"""Under which address a sender is known."""

import socket

import pytest

from receivers.snmp.peers import Address, peer_of

LOOPBACK = socket.if_nametoindex("lo")


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        pytest.param(("192.0.2.1", 162), "192.0.2.1", id="IPv4"),
        pytest.param(("2001:db8::1", 162, 0, 0), "2001:db8::1", id="IPv6"),
        pytest.param(("::ffff:192.0.2.1", 162, 0, 0), "192.0.2.1", id="IPv4 on a socket for both families"),
        pytest.param(("::ffff:0:102:304", 162, 0, 0), "::ffff:0:102:304", id="only begins like that"),
        pytest.param(("fe80::1", 162, 0, LOOPBACK), "fe80::1%lo", id="link-local"),
        pytest.param(("fe80::1", 162, 0, 987_654), "fe80::1%987654", id="of an interface that has gone"),
    ],
)
def test_a_peer_has_the_address_that_everybody_knows_it_by(address: Address, peer: str) -> None:
    assert peer_of(address) == peer
