"""No octet of an authenticated message can be changed, and nothing that comes makes the key ring raise."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing, Opened
from tests import snmp_wire as wire
from tests.snmp_v3_kit import SCOPED, USER, at_least, sealed

RING = KeyRing()
DES_USER = replace(USER, auth_protocol=AuthProtocol.SHA256, priv_protocol=PrivProtocol.DES)
PLAIN_USER = replace(USER, priv_protocol=None, priv=b"", min_level=SecurityLevel.AUTH_NO_PRIV)
USERS = [USER, DES_USER, PLAIN_USER]
MESSAGES = [(user, sealed(user=user, level=user.min_level)) for user in USERS]


def outcome(datagram: bytes, user: SnmpUser) -> Trap | NotDecoded:
    secured = decode(datagram)
    assert not isinstance(secured, Trap) or secured.secured is None
    return RING.unlock(datagram, secured, user) if isinstance(secured, Secured) else secured


def flips(datagram: bytes) -> Iterator[bytes]:
    """Every message that differs in one bit."""
    for place in range(len(datagram)):
        for bit in range(8):
            yield datagram[:place] + bytes((datagram[place] ^ 1 << bit,)) + datagram[place + 1 :]


@pytest.mark.parametrize(("user", "datagram"), MESSAGES)
def test_no_bit_of_an_authenticated_message_can_be_changed(user: SnmpUser, datagram: bytes) -> None:
    assert isinstance(outcome(datagram, user), Trap)

    for flipped in flips(datagram):
        assert isinstance(outcome(flipped, user), NotDecoded)


@given(st.sampled_from(MESSAGES), st.data())
def test_no_octets_of_an_authenticated_message_can_be_changed(message: tuple[SnmpUser, bytes], data: st.DataObject) -> None:
    user, datagram = message
    changed = bytearray(datagram)
    for place in data.draw(st.lists(st.integers(0, len(datagram) - 1), min_size=1, max_size=8)):
        changed[place] = data.draw(st.integers(0, 255))

    assert isinstance(outcome(bytes(changed), user), Trap) == (changed == datagram)


@pytest.mark.parametrize(("user", "datagram"), MESSAGES)
def test_no_authenticated_message_can_be_cut(user: SnmpUser, datagram: bytes) -> None:
    for octets in range(len(datagram)):
        assert isinstance(outcome(datagram[:octets], user), NotDecoded)


SCOPED_OCTETS = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=100).map(lambda octets: wire.scoped(octets)),
    st.binary(max_size=100).map(lambda octets: wire.scoped(wire.v2_pdu(octets))),
    st.integers(0, len(SCOPED)).map(lambda octets: SCOPED[:octets]),
    st.tuples(st.integers(0, len(SCOPED) - 1), st.integers(0, 255)).map(
        lambda change: SCOPED[: change[0]] + bytes((change[1],)) + SCOPED[change[0] + 1 :]
    ),
)


@given(SCOPED_OCTETS, st.sampled_from(USERS))
def test_any_octets_that_a_user_sealed_give_a_notification_or_a_reason(scoped: bytes, user: SnmpUser) -> None:
    datagram = sealed(scoped, user=user, level=user.min_level)
    result = outcome(datagram, user)

    assert isinstance(result, Trap | NotDecoded)
    assert not isinstance(result, NotDecoded) or result.reason != "decoder_failed"


NUMBERS = st.integers(0, 2**31 - 1)


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A message whose header says anything that a header may say, with a body of any octets."""
    encrypted = draw(st.booleans())
    body = wire.tlv(0x04 if encrypted else 0x30, draw(st.binary(max_size=100)))
    flags = (3 if encrypted else draw(st.sampled_from((0, 1)))) | draw(st.integers(0, 63)) << 2
    security = wire.v3_security(
        engine_id=draw(st.binary(max_size=32)),
        boots=draw(NUMBERS),
        time=draw(NUMBERS),
        user=draw(st.binary(max_size=32)),
        digest=draw(st.one_of(st.binary(min_size=12, max_size=12), st.binary(max_size=64))),
        salt=draw(st.one_of(st.binary(min_size=8, max_size=8), st.binary(max_size=64))),
    )
    return wire.v3_message(body, about=wire.v3_global(message_id=draw(NUMBERS), flags=bytes((flags,))), security=security)


@given(headers(), st.sampled_from(USERS), st.sampled_from(SecurityLevel))
def test_nobody_is_believed_without_the_key(datagram: bytes, user: SnmpUser, level: SecurityLevel) -> None:
    secured = decode(datagram)
    assert isinstance(secured, Secured)

    result = RING.open(datagram, secured, at_least(level, user))

    assert isinstance(result, Opened | NotDecoded)
    assert isinstance(result, NotDecoded) or not secured.flags & 1
    assert not isinstance(result, NotDecoded) or result.reason != "decoder_failed"
