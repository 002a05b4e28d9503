"""Signing in behind a reverse proxy: each visitor has their own limit, and nobody can borrow the address of another."""

from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.web import sign_in
from api.web.limiter import FROM_ANYWHERE, FROM_ONE_PLACE
from tests.api_world import World
from tests.web_kit import Browser

PROXY, ANA, MALLORY = "127.0.0.1", "198.51.100.10", "203.0.113.66"


@dataclass
class HeardLog:
    """The addresses that log lines would tell."""

    peers: list[Any] = field(default_factory=list)

    def info(self, _: str, **fields: Any) -> None:
        self.peers.append(fields["peer"])

    warning = info


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> HeardLog:
    made = HeardLog()
    monkeypatch.setattr(sign_in, "log", made)
    return made


@pytest.fixture
def proxied(collector: World, stranger: Browser, heard: HeardLog) -> Browser:
    """Somebody of whom the collector sees the proxy only; `stranger` brings the user ana with it."""
    tools = collector.tools(registry=CollectorRegistry(), trusted_proxies=(ip_network("127.0.0.0/8"),))
    collector.app = create_app(tools)
    return replace(stranger, peer=PROXY)


def coming_from(proxied: Browser, forwarded: str) -> Browser:
    return replace(proxied, headers={**proxied.headers, "X-Forwarded-For": forwarded}, cookies={})


def test_two_visitors_behind_one_proxy_do_not_lock_each_other_out(proxied: Browser, heard: HeardLog) -> None:
    mallory, ana = coming_from(proxied, MALLORY), coming_from(proxied, ANA)
    assert [mallory.sign_in("ana", "wrong").status for _ in range(FROM_ONE_PLACE + 1)] == [403] * FROM_ONE_PLACE + [429]
    assert ana.sign_in().status == 303
    assert heard.peers == [MALLORY] * FROM_ONE_PLACE + [ANA]


def test_what_a_visitor_says_before_the_proxy_adds_to_it_is_not_believed(proxied: Browser, heard: HeardLog) -> None:
    statuses = [coming_from(proxied, f"{ANA}{n}, {MALLORY}").sign_in("ana", "wrong").status for n in range(FROM_ONE_PLACE + 1)]
    assert statuses == [403] * FROM_ONE_PLACE + [429]
    assert set(heard.peers) == {MALLORY}


def test_the_header_of_a_peer_that_is_no_trusted_proxy_is_not_believed(proxied: Browser, heard: HeardLog) -> None:
    direct = replace(proxied, peer=MALLORY)
    statuses = [coming_from(direct, f"198.51.100.{n}").sign_in("ana", "wrong").status for n in range(FROM_ONE_PLACE + 1)]
    assert statuses == [403] * FROM_ONE_PLACE + [429]
    assert set(heard.peers) == {MALLORY}
    assert coming_from(proxied, "198.51.100.0").sign_in().status == 303


def test_behind_a_proxy_that_tells_no_address_only_the_name_is_limited(proxied: Browser, heard: HeardLog) -> None:
    assert [proxied.sign_in("u", "wrong").status for _ in range(FROM_ANYWHERE + 1)] == [403] * FROM_ANYWHERE + [429]
    assert proxied.sign_in().status == 303
    assert set(heard.peers) == {PROXY}
