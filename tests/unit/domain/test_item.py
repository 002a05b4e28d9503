"""What an item says of itself."""

import pytest

from collector.domain.item import Item, ItemKind, Record


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


def test_what_is_printed_of_an_item_holds_none_of_its_octets() -> None:
    item = Item("snmp-0-aaaaaa", 7, ItemKind.DATAGRAM, 0, 0, "[::]:162", "192.0.2.1", 162, b"", b"s3cret")
    record = Record(ItemKind.DATAGRAM, 0, 0, "[::]:162", "192.0.2.1", 162, b"", b"s3cret")
    assert repr(item) == "Item(snmp-0-aaaaaa-7, DATAGRAM, 192.0.2.1:162, 6 octets)"
    assert "s3cret" not in f"{item!r}{item}{record!r}{record}{[item, record]}"
