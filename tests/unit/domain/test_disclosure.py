"""No community is shown, whatever the datagram looks like; everything else is, octet for octet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.disclosure import SNMP_TRAP_COMMUNITY, KnownCommunities, disjoint, shown_octets
from collector.domain.trap import Trap
from receivers.snmp.message import decode
from tests import snmp_wire as wire
from tests.work import calls_of

COMMUNITY = b"c0mmunity-of-acme"
STARS = b"*" * len(COMMUNITY)
TRAP = wire.message(
    wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(wire.HEALTH, wire.string("CPU"))), community=COMMUNITY
)
PLACE = TRAP.index(COMMUNITY)


def at(version: bytes, *, first: bytes = b"\x30\x82\x01\x00", length: bytes = b"") -> bytes:
    return first + version + b"\x04" + (length or bytes((len(COMMUNITY),))) + COMMUNITY + TRAP[PLACE + len(COMMUNITY) :]


_SHAPES = [
    pytest.param(TRAP, id="as it should be"),
    pytest.param(wire.message(wire.v2_pdu(), version=0, community=COMMUNITY), id="version 1"),
    pytest.param(TRAP + TRAP, id="two in one datagram"),
    pytest.param(b"\0\0" + TRAP, id="after something else"),
    pytest.param(wire.v2_message(wire.varbind(wire.HEALTH, wire.tlv(0x04, TRAP))), id="as the value of another one"),
    pytest.param(at(b"\x02\x01\x01"), id="longer than the datagram"),
    pytest.param(at(b"\x02\x01\x01", first=b"\x30\x80"), id="an indefinite length"),
    pytest.param(at(b"\x02\x01\x01", first=b"\x30\x02"), id="a length that is too short"),
    pytest.param(at(b"\x02\x04\x00\x00\x00\x01"), id="a wide version"),
    pytest.param(at(b"\x02\x81\x01\x01"), id="a long form for the version's length"),
    pytest.param(at(b"\x02\x01\x07"), id="a version that does not exist"),
    pytest.param(at(b"\x02\x01\x01", length=b"\x81\x11"), id="a long form for the community's length"),
    pytest.param(at(b"\x02\x01\x01", length=b"\x84\x00\x00\x00\x11"), id="a longer form"),
    pytest.param(at(b"\x02\x01\x01", length=b"\x7f"), id="a community longer than the datagram"),
    pytest.param(at(b"\x02\x01\x01", length=b"\x80"), id="a community without an end"),
    pytest.param(TRAP[: PLACE + 5], id="cut off inside the community"),
    pytest.param(TRAP[: PLACE + len(COMMUNITY)], id="cut off after it"),
    pytest.param(TRAP.replace(b"\x04\x11", b"\x0c\x11", 1), id="a community of another type"),
]


@pytest.mark.parametrize("datagram", _SHAPES)
def test_the_community_is_hidden_and_no_octet_moves(datagram: bytes) -> None:
    shown = shown_octets(datagram)
    assert COMMUNITY[:5] not in shown
    assert len(shown) == len(datagram)
    hidden = [place for place, octet in enumerate(datagram) if shown[place] != octet]
    assert all(shown[place] == ord("*") for place in hidden)


def test_nothing_else_of_a_well_formed_trap_is_hidden() -> None:
    assert shown_octets(TRAP) == TRAP.replace(COMMUNITY, STARS)


@pytest.mark.parametrize("name", [f"{SNMP_TRAP_COMMUNITY}.0", SNMP_TRAP_COMMUNITY, f"{SNMP_TRAP_COMMUNITY}.0.1"])
def test_what_a_proxy_writes_into_a_variable_is_hidden_and_never_decoded(name: str) -> None:
    datagram = wire.v2_message(wire.varbind(name, wire.tlv(0x04, COMMUNITY)), wire.varbind(wire.HEALTH, wire.string("CPU")))
    assert COMMUNITY not in shown_octets(datagram)
    assert b"CPU" in shown_octets(datagram)
    trap = decode(datagram)
    assert isinstance(trap, Trap)
    assert trap.varbinds == [(name, 0x04, b"***"), (wire.HEALTH, 0x04, b"CPU")]


def test_a_variable_beside_it_is_left_alone() -> None:
    other = "1.3.6.1.6.3.18.1.40.1"
    datagram = wire.v2_message(wire.varbind(other, wire.string("text")))
    trap = decode(datagram)
    assert isinstance(trap, Trap)
    assert trap.varbinds == [(other, 0x04, b"text")]
    assert shown_octets(datagram) == datagram.replace(b"public", b"******")


def test_a_known_community_is_hidden_wherever_it_stands_in_what_cannot_be_decoded() -> None:
    datagram = b"GET / HTTP/1.1 c0mmunity-of-acme \xff public"
    assert shown_octets(datagram) == datagram
    assert shown_octets(datagram, KnownCommunities([COMMUNITY, b"pub"])) == datagram.replace(COMMUNITY, STARS)
    assert shown_octets(datagram, KnownCommunities([b"public", b".*"])) == datagram.replace(b"public", b"******")


def test_a_message_of_v3_has_none() -> None:
    header = wire.tlv(0x30, wire.integer(1), wire.integer(1500), wire.tlv(0x04, b"\x04"), wire.integer(3))
    datagram = wire.tlv(0x30, wire.integer(3), header, wire.tlv(0x04, b"parameters"), wire.tlv(0x04, b"encrypted"))
    assert shown_octets(datagram) == datagram


@given(datagram=st.binary(max_size=80), communities=st.lists(st.binary(max_size=6), max_size=3))
def test_any_octets_keep_their_length(datagram: bytes, communities: list[bytes]) -> None:
    assert len(shown_octets(datagram, KnownCommunities(communities))) == len(datagram)


@given(place=st.integers(0, len(TRAP) - 1), octet=st.integers(0, 255), cut=st.integers(0, len(TRAP)))
def test_one_wrong_octet_before_or_after_it_does_not_let_it_be_decoded_and_shown(place: int, octet: int, cut: int) -> None:
    """What is decoded is hidden by its place; what is not, by what is known."""
    datagram = bytearray(TRAP[:cut])
    if place < len(datagram) and not PLACE <= place < PLACE + len(COMMUNITY):
        datagram[place] = octet
    assert COMMUNITY not in shown_octets(bytes(datagram), KnownCommunities([COMMUNITY]))
    decoded = decode(bytes(datagram))
    if isinstance(decoded, Trap) and decoded.community == COMMUNITY:
        assert COMMUNITY not in shown_octets(bytes(datagram))


def test_a_community_that_others_begin_like_or_reach_into_is_hidden_whole() -> None:
    known = KnownCommunities([b"acme", b"acme-dc1", b"dc1-edge", b"acme-dc2-core"])
    assert shown_octets(b"acme-dc1-edge acme-dc2-cor acme acm", known) == b"************* ****-dc2-cor **** acm"


_BEGINNINGS = [
    pytest.param(b"\x02\x01\x01\x04\x82\xff\xff", id="versions"),
    pytest.param(b"\x06\x08\x2b\x06\x01\x06\x03\x12\x01\x04\x04\x82\xff\xff", id="names"),
]


@pytest.mark.parametrize("beginning", _BEGINNINGS)
def test_in_the_largest_datagram_nothing_is_hidden_twice_however_often_a_community_begins(beginning: bytes) -> None:
    """Each of them reaches to the end: octet for octet that would be 300 MB."""
    datagram = (beginning * 10_000)[:65_507]
    spans = [(place, len(datagram)) for place in range(len(beginning), len(datagram), len(beginning))]
    assert sum(end - start for start, end in disjoint(spans)) == len(datagram) - len(beginning)
    assert shown_octets(datagram).count(b"*") == len(datagram) - len(beginning)


@given(spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda span: span[0] <= span[1])))
def test_spans_without_overlaps_cover_the_same_octets(spans: list[tuple[int, int]]) -> None:
    covered = {place for start, end in spans for place in range(start, end)}
    apart = [place for start, end in disjoint(spans) for place in range(start, end)]
    assert apart == sorted(covered)


@pytest.mark.parametrize(
    "datagram", [pytest.param(bytes(range(256)) * 20, id="anything"), pytest.param(b"acme-console-" * 400, id="their beginning")]
)
def test_ten_thousand_communities_are_looked_for_with_the_work_of_one(datagram: bytes) -> None:
    one = KnownCommunities([b"acme-console-00000"])
    many = KnownCommunities([b"acme-console-%05d" % number for number in range(10_000)])
    assert calls_of(lambda: shown_octets(datagram, many)) == calls_of(lambda: shown_octets(datagram, one))


@given(
    datagram=st.text("ab", max_size=60).map(str.encode),
    communities=st.lists(st.text("ab", min_size=4, max_size=9).map(str.encode), max_size=6),
)
def test_every_known_community_is_hidden_wherever_it_stands(datagram: bytes, communities: list[bytes]) -> None:
    hidden = {
        place
        for community in communities
        for begin in range(len(datagram))
        if datagram.startswith(community, begin)
        for place in range(begin, begin + len(community))
    }
    shown = shown_octets(datagram, KnownCommunities(communities))
    assert [place for place, octet in enumerate(shown) if octet == ord("*")] == sorted(hidden)
