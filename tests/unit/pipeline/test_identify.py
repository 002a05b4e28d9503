"""Which console sent it: community, network and version for traps, the envelope for mails; nothing is guessed."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from collector.domain.ids import SourceId
from collector.domain.outcome import Reason
from collector.domain.registry import Source, mailbox_of
from collector.domain.snmp_access import SnmpAccess, SnmpUser
from collector.domain.trap import Pdu, SnmpVersion, Trap
from collector.pipeline.source_index import SourceIndex
from collector.store.registry import SourceRecord
from tests.builders import a_source
from tests.work import calls_of

V1, V2C = SnmpVersion.V1, SnmpVersion.V2C


def with_snmp(number: int, community: bytes, *networks: str, version: str = "v2c") -> Source:
    return a_source(number, mailbox=None, snmp=SnmpAccess.with_community(version, community, networks))


ONE = with_snmp(1, b"one", "192.0.2.0/25")
TWO = with_snmp(2, b"one", "192.0.2.128/25", "2001:db8::/32")
OLD = with_snmp(3, b"old", "0.0.0.0/0", version="v1")
TWINS = with_snmp(4, b"twin", "10.0.0.0/8"), with_snmp(5, b"twin", "10.1.0.0/16")
INDEX = SourceIndex((ONE, TWO, OLD, *TWINS, a_source(6, mailbox="acme", snmp=None), a_source(7, mailbox="beta", snmp=None)))


@pytest.mark.parametrize(
    ("peer", "community", "version", "expected"),
    [
        pytest.param("192.0.2.1", b"one", V2C, ONE, id="by network, lower half"),
        pytest.param("192.0.2.129", b"one", V2C, TWO, id="by network, upper half"),
        pytest.param("2001:db8::1", b"one", V2C, TWO, id="by IPv6 network"),
        pytest.param("::ffff:192.0.2.1", b"one", V2C, ONE, id="IPv4 in IPv6 clothes"),
        pytest.param("fe80::1%eth0", b"one", V2C, Reason.PEER_NOT_IN_NETWORKS, id="address with a zone"),
        pytest.param("192.0.2.1", b"one", V1, ONE, id="v2c admits v1"),
        pytest.param("192.0.2.1", b"old", V1, OLD, id="v1 console"),
        pytest.param("192.0.2.1", b"old", V2C, Reason.VERSION_NOT_ALLOWED, id="v1 does not admit v2c"),
        pytest.param("198.51.100.1", b"one", V2C, Reason.PEER_NOT_IN_NETWORKS, id="from elsewhere"),
        pytest.param("192.0.2.1", b"ONE", V2C, Reason.UNKNOWN_COMMUNITY, id="communities have case"),
        pytest.param("192.0.2.1", b"", V2C, Reason.UNKNOWN_COMMUNITY, id="no community"),
        pytest.param("10.0.0.1", b"twin", V2C, TWINS[0], id="only one of two networks"),
        pytest.param("10.1.0.1", b"twin", V2C, Reason.AMBIGUOUS_SOURCE, id="both networks"),
    ],
)
def test_a_trap_belongs_to_the_only_console_that_it_can_be_from(
    peer: str, community: bytes, version: SnmpVersion, expected: Source | Reason
) -> None:
    assert INDEX.of_trap(peer, community, version) is expected
    assert INDEX.of_trap(peer, community, version) is expected


HEARD = with_snmp(8, b"heard", "192.0.2.0/24")
LISTENING = replace(HEARD, snmp=SnmpAccess.with_community("v2c", b"heard", ["192.0.2.0/24"], listener="127.0.0.1:1162"))
ELSEWHERE = replace(
    HEARD, id=SourceId(9), snmp=SnmpAccess.with_community("v2c", b"heard", ["192.0.2.0/24"], listener="[::1]:162")
)


@pytest.mark.parametrize(
    ("sources", "listener", "expected"),
    [
        pytest.param((HEARD,), "127.0.0.1:1162", HEARD, id="heard everywhere"),
        pytest.param((LISTENING, ELSEWHERE), "127.0.0.1:1162", LISTENING, id="told apart by the listener"),
        pytest.param((LISTENING, ELSEWHERE), "[::1]:162", ELSEWHERE, id="and the other one"),
        pytest.param((LISTENING, ELSEWHERE), "10.0.0.1:162", Reason.LISTENER_NOT_ALLOWED, id="neither of them"),
        pytest.param((LISTENING, HEARD), "127.0.0.1:1162", Reason.AMBIGUOUS_SOURCE, id="both"),
    ],
)
def test_the_listener_is_part_of_what_a_console_is_known_by(
    sources: tuple[Source, ...], listener: str, expected: Source | Reason
) -> None:
    assert SourceIndex(sources).of_trap("192.0.2.1", b"heard", V2C, listener) is expected


def test_a_console_with_a_user_has_no_community() -> None:
    user = a_source(8, snmp=SnmpAccess("v3", (ip_network("0.0.0.0/0"),), user=SnmpUser(b"console-1")))
    index = SourceIndex((user,))
    assert index.of_trap("192.0.2.1", b"", V2C) is Reason.UNKNOWN_COMMUNITY
    assert [source for source, _ in index.of_user("192.0.2.1", b"console-1", "")] == [user]
    assert index.of_user("2001:db8::1", b"console-1", "") == []


def of_one_word(many: int) -> SourceIndex:
    """Half of them share a community, the others a user's name."""
    networks = [f"10.{number // 250}.{number % 250}.0/24" for number in range(many)]
    halves = zip(networks[::2], networks[1::2], strict=True)
    users = [
        a_source(many + n, snmp=SnmpAccess("v3", (ip_network(its),), user=SnmpUser(b"one"))) for n, (_, its) in enumerate(halves)
    ]
    return SourceIndex((*(with_snmp(n, b"one", its) for n, its in enumerate(networks[::2])), *users))


@pytest.mark.parametrize("peer", ["10.0.8.1", "10.0.9.1", "203.0.113.9"])
def test_a_new_address_costs_the_same_however_many_share_a_community_or_a_name(peer: str) -> None:
    few, many = of_one_word(20), of_one_word(1_000)
    assert calls_of(lambda: many.of_trap(f"{peer}7", b"one", V2C)) == calls_of(lambda: few.of_trap(f"{peer}7", b"one", V2C))
    assert calls_of(lambda: many.of_user(f"{peer}7", b"one", "")) == calls_of(lambda: few.of_user(f"{peer}7", b"one", ""))


def test_the_users_behind_a_relay_are_kept_once_for_all_its_addresses() -> None:
    user = a_source(8, snmp=SnmpAccess("v3", (ip_network("192.0.2.1/32"),), user=SnmpUser(b"console-1")))
    index = SourceIndex((user,), relays=[ip_network("203.0.113.0/24")])
    found = [index.of_user(f"203.0.113.{number}", b"console-1", "") for number in range(100)]
    assert all(one is found[0] for one in found)
    assert [source for source, _ in found[0]] == [user]


def test_the_users_of_a_network_are_kept_once_for_all_its_addresses() -> None:
    access = SnmpAccess("v3", (ip_network("192.0.2.0/24"),), user=SnmpUser(b"console-1"))
    near, nearer = a_source(8, snmp=access), a_source(9, snmp=replace(access, networks=(ip_network("192.0.2.0/28"),)))
    index = SourceIndex((near, nearer))
    found = [index.of_user(f"192.0.2.{number}", b"console-1", "") for number in range(32)]
    assert all(one is found[0] for one in found[:16])
    assert all(one is found[31] for one in found[16:])
    assert [len(found[0]), len(found[31])] == [2, 1]


def test_users_that_nobody_has_leave_no_trace_in_memory() -> None:
    index = SourceIndex((ONE,))
    assert all(index.of_user("192.0.2.1", b"%d" % number, "") == [] for number in range(100))
    assert index._users_found == {}


def test_a_community_is_not_shown_by_what_holds_it() -> None:
    trap = Trap(V2C, b"s3cret", Pdu.INFORM, 1, "1.3", None, [])
    record = SourceRecord("one", (), None, SnmpAccess.with_community("v2c", b"s3cret", ()))
    assert all("s3cret" not in repr(holder) for holder in (a_source(), trap, record))


def test_strangers_leave_no_trace_in_memory() -> None:
    index = SourceIndex((ONE,))
    for number in range(100):
        assert index.of_trap("192.0.2.1", b"x" * 60_000 + bytes([number]), V2C) is Reason.UNKNOWN_COMMUNITY
    assert index._found == {}


def test_what_is_remembered_of_peers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.pipeline.source_index._CACHE_LIMIT", 10)
    index = SourceIndex((ONE,))
    for number in range(100):
        assert index.of_trap(f"192.0.2.{number}", b"one", V2C) is ONE
        assert len(index._found) <= 10


@pytest.mark.parametrize(
    ("recipient", "mailbox"),
    [
        ("acme@example.org", "acme"),
        ("Acme-SEPM+anything@Example.org", "acme-sepm"),
        ("acme+a+b@example.org", "acme"),
        ("acme@x@example.org", "acme@x"),
        ('"Acme-SEPM"@example.org', "acme-sepm"),
        ('"acme+a"@example.org', "acme"),
        ('"@example.org', '"'),
        ("acme", ""),
        ("", ""),
    ],
)
def test_the_mailbox_is_what_stands_before_plus_and_at(recipient: str, mailbox: str) -> None:
    assert mailbox_of(recipient) == mailbox


@pytest.mark.parametrize(
    ("recipients", "numbers"),
    [
        pytest.param(("acme@a", "beta@b"), [6, 7], id="in the order of the envelope"),
        pytest.param(("beta+1@a", "acme@b", "BETA@c"), [7, 6], id="each once"),
        pytest.param(("nobody@a",), [], id="nobody"),
        pytest.param((), [], id="no recipient"),
    ],
)
def test_a_mail_belongs_to_every_console_it_is_addressed_to(recipients: tuple[str, ...], numbers: list[int]) -> None:
    assert [source.id for source in INDEX.of_recipients(recipients)] == numbers
