"""A repeat of what was decoded before is what decoding it anew gives."""

import pytest

from collector.domain.trap import Trap
from receivers.snmp import notification
from receivers.snmp.message import decode
from receivers.snmp.repeated import MOST, MOST_OCTETS, Repeated
from tests import snmp_lies
from tests import snmp_wire as wire

NAME = "1.3.6.1.4.1.9.1.1"
COMMUNITY = "1.3.6.1.6.3.18.1.4.0"


@pytest.fixture(autouse=True)
def repeated(monkeypatch: pytest.MonkeyPatch) -> Repeated:
    """What is remembered by this test alone."""
    fresh = Repeated()
    monkeypatch.setattr(notification, "_repeated", fresh)
    return fresh


def trap(*varbinds: bytes, **parts: int) -> Trap:
    decoded = decode(wire.message(wire.v2_pdu(*varbinds, **parts)))
    assert isinstance(decoded, Trap)
    return decoded


def said(text: str = "disk full") -> bytes:
    return wire.varbind(NAME, wire.string(text))


def test_of_a_repeat_only_what_is_new_is_read() -> None:
    first = trap(wire.uptime(1), wire.trap_oid(), said(), request_id=5)
    again = trap(wire.uptime(2**32 - 1), wire.trap_oid(), said(), request_id=6, tag=wire.INFORM)
    assert again.varbinds is first.varbinds
    assert (again.trap_oid, again.varbinds) == (wire.HEALTH, [(NAME, 4, b"disk full")])
    assert (first.uptime, again.uptime) == (1, 2**32 - 1)
    assert (first.request_id, again.request_id, first.pdu, again.pdu) == (5, 6, "trap_v2", "inform")


def test_another_octet_is_another_notification() -> None:
    first, other = (trap(wire.uptime(), wire.trap_oid(), said(text)) for text in ("disk full", "disk fuul"))
    assert (first.varbinds[0][2], other.varbinds[0][2]) == (b"disk full", b"disk fuul")


@pytest.mark.parametrize(
    "varbinds",
    [
        pytest.param([wire.uptime(), wire.trap_oid()], id="nothing else"),
        pytest.param([wire.uptime(), said(), wire.trap_oid()], id="the name last"),
        pytest.param([wire.uptime(), wire.uptime(9), wire.trap_oid()], id="two times"),
        pytest.param([wire.uptime(), said()], id="no name"),
        pytest.param([wire.uptime(), wire.trap_oid(), said(), b"\0\0"], id="zero octets behind"),
        pytest.param([wire.uptime()], id="the time alone"),
        pytest.param([wire.varbind("1.3.6.1.2.1.1.3.0", wire.tlv(0x43, b"\xff\xff\xff\xff")), wire.trap_oid()], id="negative"),
    ],
)
def test_it_comes_out_as_it_did_the_first_time(varbinds: list[bytes], repeated: Repeated) -> None:
    first = trap(*varbinds)
    assert repeated.get(b"".join(varbinds[1:])) is not None
    assert trap(*varbinds) == first


@pytest.mark.parametrize(
    "varbinds",
    [
        pytest.param([wire.trap_oid(), said()], id="no time"),
        pytest.param([wire.trap_oid(), wire.uptime(), said()], id="the name first"),
        pytest.param([wire.varbind("1.3.6.1.2.1.1.3.0", wire.string("4711")), wire.trap_oid()], id="the time as text"),
        pytest.param([wire.varbind("1.3.6.1.2.1.1.3.0", wire.tlv(0x43)), wire.trap_oid()], id="the time empty"),
        pytest.param([wire.varbind("1.3.6.1.2.1.1.3.0", wire.tlv(0x43, b"\x00" * 9)), wire.trap_oid()], id="the time wide"),
        pytest.param([wire.uptime(), wire.trap_oid(), said("x" * MOST_OCTETS)], id="long"),
        pytest.param([wire.uptime(), wire.trap_oid(), wire.varbind(COMMUNITY, wire.string("s3cret"))], id="with a community"),
        pytest.param([wire.uptime(), wire.trap_oid(), *[said()] * 300], id="more than are decoded"),
    ],
)
def test_what_is_unusual_or_long_is_decoded_each_time(varbinds: list[bytes]) -> None:
    first, again = trap(*varbinds), trap(*varbinds)
    assert again == first
    assert again.varbinds is not first.varbinds


def test_what_cannot_be_decoded_is_not_remembered() -> None:
    broken = wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.tlv(0x30, wire.integer(1))))
    assert decode(broken) == decode(broken)
    assert not isinstance(decode(broken), Trap)


def test_full_it_begins_again(repeated: Repeated) -> None:
    for number in range(MOST):
        repeated.remember(number.to_bytes(4, "big"), (NAME, []))
    assert repeated.get((0).to_bytes(4, "big")) is not None
    repeated.remember(b"one more", (NAME, []))
    assert repeated.get((0).to_bytes(4, "big")) is None
    assert repeated.get(b"one more") == (NAME, [])


def test_no_lie_about_a_repeat_is_believed_because_of_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = wire.message(wire.v2_pdu(wire.uptime(), wire.trap_oid(), said()))
    lies = [*snmp_lies.at_each_octet(honest), *snmp_lies.at_each_element(honest)]
    assert isinstance(decode(honest), Trap)
    remembering = [decode(lie) for lie in lies]
    for lie, found in zip(lies, remembering, strict=True):
        monkeypatch.setattr(notification, "_repeated", Repeated())
        assert found == decode(lie)
