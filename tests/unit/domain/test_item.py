"""What an item says of itself."""

import pytest

from collector.domain.item import Item, ItemKind


@pytest.mark.parametrize(
    ("address", "peer"),
    [
        pytest.param("192.0.2.1", "192.0.2.1:162", id="IPv4"),
        pytest.param("2001:db8::1", "[2001:db8::1]:162", id="IPv6"),
        pytest.param("fe80::1%eth0", "[fe80::1%eth0]:162", id="link-local"),
    ],
)
def test_the_peer_of_an_item_is_written_so_that_address_and_port_can_be_told_apart(address: str, peer: str) -> None:
    assert Item("snmp-0-aaaaaa", 1, ItemKind.DATAGRAM, 0, 0, "[::]:162", address, 162, b"", b"").peer == peer
