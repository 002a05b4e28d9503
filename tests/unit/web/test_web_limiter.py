"""How often somebody may try to sign in."""

import pytest

from api.web import limiter
from api.web.limiter import FROM_ANYWHERE, FROM_ONE_PLACE, Limiter
from collector.domain.clock import NS_PER_SECOND

HERE, THERE = "192.0.2.1", "192.0.2.2"
MINUTE_NS = 60 * NS_PER_SECOND


def fail(tried: Limiter, name: str, peer: str, times: int, at: int = 0) -> None:
    for _ in range(times):
        tried.failed(name, peer, at)


def test_the_fifth_failure_blocks_the_name_there_and_only_there() -> None:
    tried = Limiter()
    fail(tried, "ana", HERE, FROM_ONE_PLACE - 1)
    assert not tried.is_blocked("ana", HERE, 0)
    fail(tried, "ana", HERE, 1)
    assert tried.is_blocked("ana", HERE, 0)
    assert not tried.is_blocked("ana", THERE, 0)
    assert not tried.is_blocked("bea", HERE, 0)


def test_a_minute_after_the_last_failure_it_is_forgotten() -> None:
    tried = Limiter()
    fail(tried, "ana", HERE, FROM_ONE_PLACE)
    tried.failed("ana", HERE, MINUTE_NS - 1)
    assert tried.is_blocked("ana", HERE, MINUTE_NS * 2 - 2)
    assert not tried.is_blocked("ana", HERE, MINUTE_NS * 2 - 1)


def test_success_forgives_the_name_there() -> None:
    tried = Limiter()
    fail(tried, "ana", HERE, FROM_ONE_PLACE - 1)
    tried.succeeded("ana", HERE)
    fail(tried, "ana", HERE, FROM_ONE_PLACE - 1)
    assert not tried.is_blocked("ana", HERE, 0)


def test_one_name_from_many_addresses_is_blocked_everywhere() -> None:
    tried = Limiter()
    for n in range(FROM_ANYWHERE):
        tried.failed("ana", f"198.51.100.{n}", 0)
    assert tried.is_blocked("ana", HERE, 0)
    assert not tried.is_blocked("bea", HERE, 0)


def test_many_names_from_one_address_are_blocked_there() -> None:
    tried = Limiter()
    for n in range(FROM_ANYWHERE):
        tried.failed(f"u{n}", HERE, 0)
    assert tried.is_blocked("ana", HERE, 0)
    assert not tried.is_blocked("ana", THERE, 0)


def test_a_success_between_does_not_help_somebody_who_guesses_other_names() -> None:
    tried = Limiter()
    for n in range(FROM_ANYWHERE):
        tried.failed(f"u{n}", HERE, 0)
        tried.succeeded("mallory", HERE)
    assert tried.is_blocked("ana", HERE, 0)


def test_without_an_address_only_the_name_is_counted() -> None:
    tried = Limiter()
    for n in range(FROM_ANYWHERE):
        tried.failed(f"u{n}", None, 0)
    assert not tried.is_blocked("ana", None, 0)
    for _ in range(FROM_ANYWHERE - 1):
        tried.failed("ana", None, 0)
        tried.succeeded("ana", None)
    assert not tried.is_blocked("ana", None, 0)
    tried.failed("ana", None, 0)
    assert tried.is_blocked("ana", None, 0)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "REMEMBERED", 50)
    tried = Limiter()
    for n in range(1_000):
        tried.failed(f"u{n}", f"p{n}", 0)
    assert len(tried._failures) == 50
