"""The token buckets per peer and of those who share one, moved by hand: nothing here reads a clock."""

from collections import Counter
from ipaddress import ip_network

import pytest

from collector.domain.limits import Limit
from receivers.snmp.limiter import FAR, SAMPLE, Account, Flood, PeerLimiter, Standing

MS = 1_000_000
SECOND = 1_000 * MS
W, H, X = Standing.WITHIN, Standing.HELD, Standing.OVER
SAMPLED, LEFT_OUT = Standing.SAMPLED, Standing.LEFT_OUT
START = 5_000 * SECOND


def judged(limiter: PeerLimiter, *at_ms: float, peer: str = "192.0.2.1", octets: int = 0) -> list[Standing]:
    return [limiter.judge(peer, START + round(ms * MS), octets) for ms in at_ms]


def steady(limiter: PeerLimiter, per_second: int, seconds: float, *, since: float = 0, peer: str = "192.0.2.1") -> list[Standing]:
    """A datagram every so often, from `since` seconds on."""
    return judged(limiter, *((since + n / per_second) * 1_000 for n in range(round(seconds * per_second))), peer=peer)


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
        assert judged(limiter, 1, peer="noisy")[0] not in (W, H)


def test_what_is_forgotten_is_forgotten_wholly() -> None:
    limiter = PeerLimiter(1, 1, max_peers=1)

    assert judged(limiter, 0, 0, peer="first") == [W, X]
    assert judged(limiter, 0, peer="second") == [W]
    assert judged(limiter, 0, peer="first") == [W]


def test_a_larger_datagram_takes_a_token_for_each_packet_that_it_fills() -> None:
    limiter = PeerLimiter(10, 10)

    assert judged(limiter, 0, 0, 0, octets=65_507) == [W, X, X]
    assert judged(limiter, 4_000, 4_500, octets=1_499) == [H, H]


def test_a_datagram_that_costs_more_than_a_burst_passes_when_nothing_else_came() -> None:
    limiter = PeerLimiter(100, 1)

    assert judged(limiter, 0, 400, 11_000, octets=65_507) == [W, X, W]


def test_ten_times_the_rate_is_held_back_and_not_left_out() -> None:
    found = Counter(steady(PeerLimiter(100, 10), 100 * FAR, 30))

    assert set(found) == {W, H, X}
    assert found[H] >= 30 * 100 - 20


def test_far_over_the_limit_one_in_a_hundred_of_what_is_above_the_rate_is_kept() -> None:
    limiter = PeerLimiter(100, 10)
    steady(limiter, 5_000, 1)

    found = Counter(steady(limiter, 5_000, 20, since=1))

    assert set(found) == {H, SAMPLED, LEFT_OUT}
    assert found[H] == pytest.approx(20 * 100, abs=10)
    assert found[SAMPLED] == pytest.approx(20 * 4_900 / SAMPLE, abs=2)


def test_what_is_sampled_does_not_depend_on_chance() -> None:
    assert steady(PeerLimiter(100, 10), 5_000, 3) == steady(PeerLimiter(100, 10), 5_000, 3)


def test_the_first_one_far_over_the_limit_is_kept() -> None:
    found = steady(PeerLimiter(100, 10), 5_000, 1)

    assert found[found.index(SAMPLED) + 1] in (LEFT_OUT, H)
    assert LEFT_OUT not in found[: found.index(SAMPLED)]


def test_what_stops_being_far_over_is_stored_again_after_ten_seconds() -> None:
    limiter = PeerLimiter(100, 10)
    steady(limiter, 5_000, 2)

    assert LEFT_OUT in steady(limiter, 500, 5, since=2)
    steady(limiter, 500, 6, since=7)
    assert set(steady(limiter, 500, 5, since=13)) == {H, X}


def test_a_flood_is_told_with_its_peer_and_its_rate() -> None:
    limiter = PeerLimiter(100, 10)
    steady(limiter, 5_000, 4)

    flood = limiter.flood("192.0.2.1", START + 4 * SECOND)

    assert flood is not None
    assert flood.peer == "192.0.2.1"
    assert flood.per_second == pytest.approx(5_000, rel=0.01)


@pytest.mark.parametrize("peer", ["192.0.2.1", "192.0.2.2"])
def test_who_is_over_the_limit_or_unknown_is_no_flood(peer: str) -> None:
    limiter = PeerLimiter(100, 10)
    steady(limiter, 500, 4)

    assert limiter.flood(peer, START + 4 * SECOND) is None


class Together:
    """All peers share one limit, until they do not."""

    def __init__(self, account: Account | None) -> None:
        self.account = account
        self.changed = False

    def refresh(self) -> bool:
        changed, self.changed = self.changed, False
        return changed

    def of(self, peer: str) -> Account | None:
        return self.account


def crowd(limiter: PeerLimiter, per_second: int, seconds: float, *, since: float = 0, peers: int = 1_000) -> list[Standing]:
    """Many peers in turn."""
    return [
        limiter.judge(f"peer-{number % peers}", START + round((since + number / per_second) * SECOND))
        for number in range(round(seconds * per_second))
    ]


def test_peers_within_their_own_limits_may_be_over_the_one_that_they_share() -> None:
    limiter = PeerLimiter(1_000, 1_000, shares=Together(Account(Limit(100, 10))))

    found = Counter(crowd(limiter, 500, 10))

    assert set(found) == {W, H, X}
    assert found[H] == pytest.approx(10 * 100, abs=20)


def test_a_crowd_far_over_its_limit_is_sampled_and_has_the_name_of_its_first_one() -> None:
    limiter = PeerLimiter(1_000, 1_000, shares=Together(Account(Limit(100, 10))))
    found = crowd(limiter, 5_000, 5)
    first = f"peer-{found.index(SAMPLED) % 1_000}"

    floods = {limiter.flood(f"peer-{number}", START + 5 * SECOND) for number in range(1_000)}

    assert len(floods) == 1
    (flood,) = floods
    assert flood is not None
    assert flood.peer == first
    assert flood.per_second == pytest.approx(5_000, rel=0.01)


def test_strangers_that_flood_together_have_no_name() -> None:
    limiter = PeerLimiter(1_000, 1_000, shares=Together(Account(Limit(100, 10), of_strangers=True)))
    crowd(limiter, 5_000, 5)

    flood = limiter.flood("peer-1", START + 5 * SECOND)

    assert flood == Flood("", flood.per_second if flood else 0)


def test_a_stranger_that_floods_alone_has_its_name() -> None:
    limiter = PeerLimiter(1_000, 1_000, shares=Together(Account(Limit(100, 10), of_strangers=True)))
    judged(limiter, 0, peer="192.0.2.9")
    steady(limiter, 5_000, 5)

    flood = limiter.flood("192.0.2.1", START + 5 * SECOND)

    assert flood == Flood("192.0.2.1", flood.per_second if flood else 0)


def test_a_stranger_that_becomes_known_has_a_limit_of_its_own() -> None:
    shares = Together(Account(Limit(1, 1), of_strangers=True))
    limiter = PeerLimiter(10, 3, shares=shares)
    assert judged(limiter, 0, 0) == [W, X]

    shares.account, shares.changed = None, True
    limiter.refresh()
    assert judged(limiter, 0, 0, 0, 0) == [W, W, W, X]
    shares.account, shares.changed = Account(Limit(1, 1), of_strangers=True), True
    limiter.refresh()
    assert judged(limiter, 0, 0) == [W, X]


def test_what_is_over_its_own_limit_takes_nothing_of_the_one_that_it_shares() -> None:
    limiter = PeerLimiter(10, 10, shares=Together(Account(Limit(10, 20))))

    assert set(judged(limiter, *[0] * 100)[10:]) <= {X, SAMPLED, LEFT_OUT}
    assert judged(limiter, *[0] * 10, peer="192.0.2.2") == [W] * 10


def test_who_shares_with_whom_is_taken_over_when_it_changes() -> None:
    shares = Together(Account(Limit(1, 1)))
    limiter = PeerLimiter(1_000, 1_000, shares=shares)
    assert judged(limiter, 0, 0) == [W, X]

    shares.account = None
    limiter.refresh()
    assert judged(limiter, 0)[0] is not W
    shares.changed = True
    limiter.refresh()
    assert judged(limiter, 0, 0) == [W, W]


def test_without_a_limit_of_their_own_peers_have_the_one_that_they_share() -> None:
    shares = Together(Account(Limit(1, 2)))
    limiter = PeerLimiter(0, 0, shares=shares)
    assert [judged(limiter, 0, peer=f"192.0.2.{number}") for number in range(3)] == [[W], [W], [X]]

    shares.account, shares.changed = None, True
    limiter.refresh()
    assert judged(limiter, *[0] * 50) == [W] * 50
    shares.account, shares.changed = Account(Limit(1, 2)), True
    limiter.refresh()
    assert judged(limiter, *[0] * 3) == [W, W, X]


def test_nobody_shares_who_has_no_limit() -> None:
    limiter = PeerLimiter(1, 1, exempt=[ip_network("192.0.2.0/24")], shares=Together(Account(Limit(1, 1))))

    assert judged(limiter, *[0] * 50) == [W] * 50
    assert limiter.flood("192.0.2.1", START) is None
