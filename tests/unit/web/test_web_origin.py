"""The visitor's address behind a reverse proxy: only what a trusted proxy has written is believed."""

from ipaddress import ip_network

import pytest

from api.web.origin import visitor_address

TRUSTED = [ip_network("127.0.0.1/32"), ip_network("::1/128"), ip_network("192.0.2.0/28")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param("198.51.100.7", [], "198.51.100.7", id="no proxy"),
        pytest.param("198.51.100.7", ["203.0.113.9"], "198.51.100.7", id="forged by a visitor who comes directly"),
        pytest.param("", ["203.0.113.9"], None, id="no peer"),
        pytest.param("fe80::1%eth0", ["203.0.113.9"], "fe80::1%eth0", id="peer on a link of its own"),
        pytest.param("127.0.0.1", ["203.0.113.9"], "203.0.113.9", id="one proxy"),
        pytest.param("::1", ["2001:DB8:0::9"], "2001:db8::9", id="over IPv6, in one spelling"),
        pytest.param("::ffff:127.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9", id="IPv4 in IPv6"),
        pytest.param("127.0.0.1", ["203.0.113.9,\t192.0.2.3"], "203.0.113.9", id="two proxies"),
        pytest.param("127.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9", id="forged before the proxy"),
        pytest.param("127.0.0.1", ["198.51.100.1, 203.0.113.9, 192.0.2.3"], "203.0.113.9", id="forged before two proxies"),
        pytest.param("127.0.0.1", ["198.51.100.1", "203.0.113.9"], "203.0.113.9", id="two lines"),
        pytest.param("127.0.0.1", ["not an address, 203.0.113.9"], "203.0.113.9", id="nonsense further left"),
        pytest.param("127.0.0.1", [], None, id="absent"),
        pytest.param("127.0.0.1", [""], None, id="empty"),
        pytest.param("127.0.0.1", ["203.0.113.9,"], None, id="nothing behind the comma"),
        pytest.param("127.0.0.1", ["unknown"], None, id="a word"),
        pytest.param("127.0.0.1", ["203.0.113.9:4711"], None, id="with a port"),
        pytest.param("127.0.0.1", ["203.0.113.9, unknown, 192.0.2.3"], None, id="nonsense where it counts"),
        pytest.param("127.0.0.1", ["2001:db8::9%a b"], None, id="a zone, which may be any text"),
        pytest.param("127.0.0.1", ["192.0.2.3, 127.0.0.1"], None, id="proxies only"),
    ],
)
def test_the_visitors_address_is_the_nearest_that_is_no_trusted_proxy(
    peer: str, forwarded: list[str], address: str | None
) -> None:
    assert visitor_address(peer, forwarded, TRUSTED) == address


def test_without_trusted_proxies_the_peer_is_the_visitor() -> None:
    assert visitor_address("127.0.0.1", ["203.0.113.9"], []) == "127.0.0.1"
