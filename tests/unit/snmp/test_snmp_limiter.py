"""The token bucket per peer, moved by hand: nothing here reads a clock."""

from ipaddress import ip_network

import pytest

from receivers.snmp.limiter import PeerLimiter, Standing

MS = 1_000_000
SECOND = 1_000 * MS
W, H, X = Standing.WITHIN, Standing.HELD, Standing.OVER
START = 5_000 * SECOND


def judged(limiter: PeerLimiter, *at_ms: int, peer: str = "192.0.2.1") -> list[Standing]:
    return [limiter.judge(peer, START + ms * MS) for ms in at_ms]


def test_a_burst_is_taken_and_the_next_datagram_is_over() -> None:
    assert judged(PeerLimiter(10, 3), 0, 0, 0, 0, 0) == [W, W, W, X, X]


def test_a_sender_at_exactly_its_rate_is_never_over() -> None:
    limiter = PeerLimiter(10, 1)

    assert set(judged(limiter, *range(0, 10_000, 100))) == {W}


def test_tokens_come_back_with_time_and_a_refused_datagram_takes_none() -> None:
    limiter = PeerLimiter(10, 2)

    assert judged(limiter, 0, 0, 0, 0, 100, 100, 300, 300, 300) == [W, W, X, X, H, X, H, H, X]


@pytest.mark.parametrize(
    ("quiet_ms", "expected"),
    [
        pytest.param(9_999, H, id="held-for-ten-seconds"),
        pytest.param(10_000, W, id="free-after-ten-seconds"),
    ],
)
def test_a_peer_that_went_over_stays_held_until_ten_seconds_within_its_rate(quiet_ms: int, expected: Standing) -> None:
    limiter = PeerLimiter(10, 1)

    assert judged(limiter, 0, 1, 1 + quiet_ms) == [W, X, expected]


def test_going_over_again_begins_the_ten_seconds_again() -> None:
    limiter = PeerLimiter(10, 1)

    assert judged(limiter, 0, 1, 9_000, 9_001, 11_000, 19_001) == [W, X, H, X, H, W]


def test_peers_do_not_share_a_bucket() -> None:
    limiter = PeerLimiter(1, 1)

    assert judged(limiter, 0, 0) == [W, X]
    assert judged(limiter, 0, peer="192.0.2.2") == [W]


@pytest.mark.parametrize("peer", ["10.1.2.3", "fe80::1%2"])
def test_exempt_networks_are_never_over(peer: str) -> None:
    limiter = PeerLimiter(1, 1, exempt=[ip_network("10.0.0.0/8"), ip_network("fe80::/10")])

    assert set(judged(limiter, *[0] * 50, peer=peer)) == {W}


def test_a_rate_of_zero_is_no_limit_and_remembers_nobody() -> None:
    limiter = PeerLimiter(0, 0)

    assert set(judged(limiter, *[0] * 50)) == {W}
    assert limiter.peers() == 0


def test_the_oldest_peer_is_forgotten_but_one_that_goes_over_stays() -> None:
    limiter = PeerLimiter(1, 1, max_peers=3)
    judged(limiter, 0, 0, peer="noisy")
    for number in range(100):
        judged(limiter, 1, peer=f"stranger-{number}")
        assert limiter.peers() <= 3
        assert judged(limiter, 1, peer="noisy") == [X]


def test_what_is_forgotten_is_forgotten_wholly() -> None:
    limiter = PeerLimiter(1, 1, max_peers=1)

    assert judged(limiter, 0, 0, peer="first") == [W, X]
    assert judged(limiter, 0, peer="second") == [W]
    assert judged(limiter, 0, peer="first") == [W]
