"""Messages that we make: octet by octet where nothing is secret, by opening them where something is."""

import secrets
from dataclasses import replace
from itertools import product

import pytest

from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel
from collector.domain.trap import Secured, Trap
from receivers.snmp.message import decode
from receivers.snmp.responses import scoped_response
from receivers.snmp.usm import KeyRing, LocalKeys, Opened
from receivers.snmp.usm_ciphers import Salts
from receivers.snmp.v3 import scoped_parts
from receivers.snmp.v3_building import Envelope, UsmStatistic, build, discovery, report, scoped_pdu
from tests import snmp_wire as wire
from tests.snmp_v3_kit import NAME, SCOPED, USER, at_least, sealed, unlocked

LOW, MIDDLE, HIGH = SecurityLevel


@pytest.mark.parametrize(("auth", "priv"), list(product(AuthProtocol, PrivProtocol)))
@pytest.mark.parametrize("text", ["", "x", "disk 3 failed", "disk 3 failed " * 20])
def test_what_we_seal_we_open(auth: AuthProtocol, priv: PrivProtocol, text: str) -> None:
    user = replace(USER, auth_protocol=auth, priv_protocol=priv)
    scoped = wire.scoped(wire.v2_pdu(wire.varbind(NAME, wire.string(text))))
    datagram = sealed(scoped, user=user, boots=2**31 - 1, time=2**31 - 1)

    trap = unlocked(datagram, user)

    assert isinstance(trap, Trap), trap
    assert trap.varbinds == [(NAME, 0x04, text.encode())]
    assert b"disk" not in datagram


def test_a_plain_message_is_written_as_the_standard_says() -> None:
    envelope = Envelope(wire.ENGINE, 3, 4711, b"console-1", 99)

    assert build(envelope, SCOPED) == wire.v3_message(SCOPED)
    assert build(replace(envelope, reportable=True), SCOPED) == wire.v3_message(SCOPED, about=wire.v3_global(flags=b"\x04"))


def test_numbers_of_any_size_are_written() -> None:
    for number in (0, 127, 128, 255, 256, 2**31 - 1):
        secured = decode(build(Envelope(wire.ENGINE, number, number, b"u" * 32, number), SCOPED))

        assert isinstance(secured, Secured)
        assert (secured.boots, secured.time, secured.message_id) == (number, number, number)


def test_a_discovery_names_nobody_and_may_be_answered() -> None:
    assert discovery(5) == wire.v3_message(
        wire.scoped(wire.v2_pdu(tag=wire.GET, request_id=5), context_engine_id=b""),
        about=wire.v3_global(message_id=5, flags=b"\x04"),
        security=wire.v3_security(engine_id=b"", boots=0, time=0, user=b""),
    )


@pytest.mark.parametrize("statistic", list(UsmStatistic))
def test_a_report_counts_one_thing(statistic: UsmStatistic) -> None:
    varbind = wire.varbind(f"1.3.6.1.6.3.15.1.1.{statistic.value}.0", wire.integer(7, tag=0x41))

    assert report(statistic, 7) == wire.v2_pdu(varbind, tag=0xA8, request_id=0)
    assert report(statistic, 2**32 + 7, request_id=-5) == wire.v2_pdu(varbind, tag=0xA8, request_id=-5)


@pytest.mark.parametrize("level", [MIDDLE, HIGH])
def test_a_level_without_its_keys_is_refused(level: SecurityLevel) -> None:
    envelope = Envelope(wire.ENGINE, 3, 4711, b"console-1", 99, level)
    nobody = replace(USER, auth_protocol=None, auth=b"", priv_protocol=None, priv=b"")

    for keys in (None, LocalKeys(nobody, wire.ENGINE)):
        with pytest.raises(ValueError, match=level.word):
            build(envelope, SCOPED, keys, salts=Salts())


def test_encryption_without_a_cipher_or_salts_is_refused() -> None:
    envelope = Envelope(wire.ENGINE, 3, 4711, b"console-1", 99, HIGH)
    plain = replace(USER, priv_protocol=None, priv=b"")

    with pytest.raises(ValueError, match="authPriv"):
        build(envelope, SCOPED, LocalKeys(plain, wire.ENGINE), salts=Salts())
    with pytest.raises(ValueError, match="authPriv"):
        build(envelope, SCOPED, LocalKeys(USER, wire.ENGINE))


def salt_of(datagram: bytes) -> bytes:
    secured = decode(datagram)
    assert isinstance(secured, Secured)
    return secured.salt


@pytest.mark.parametrize("cipher", list(PrivProtocol))
def test_no_salt_comes_twice(cipher: PrivProtocol) -> None:
    user = replace(USER, priv_protocol=cipher)

    assert len({salt_of(sealed(user=user)) for _ in range(20)}) == 20


def test_the_salt_of_des_begins_with_the_boots() -> None:
    assert salt_of(sealed(user=replace(USER, priv_protocol=PrivProtocol.DES), boots=258))[:4] == b"\x00\x00\x01\x02"


def test_salts_begin_anywhere_and_go_round_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Salts().next() != Salts().next()

    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 1)
    salts = Salts()

    assert [salts.next(), salts.next(), salts.next()] == [2**64 - 1, 0, 1]


INFORM = wire.scoped(
    wire.v2_pdu(wire.uptime(), wire.varbind(NAME, wire.string("x" * 200)), tag=wire.INFORM, request_id=-7), context_name=b"vlan-7"
)
RESPONSE = wire.scoped(
    wire.v2_pdu(wire.uptime(), wire.varbind(NAME, wire.string("x" * 200)), tag=wire.RESPONSE, request_id=-7),
    context_name=b"vlan-7",
)


@pytest.mark.parametrize("level", list(SecurityLevel))
def test_an_inform_that_was_opened_has_its_response(level: SecurityLevel) -> None:
    datagram = sealed(INFORM, level=level) + b"\x00"
    secured = decode(datagram)
    assert isinstance(secured, Secured)

    opened = KeyRing().open(datagram, secured, at_least(level))

    assert isinstance(opened, Opened)
    assert scoped_response(opened.data, opened.begin, opened.pdu, opened.end) == RESPONSE


@pytest.mark.parametrize(
    "scoped",
    [
        pytest.param(SCOPED, id="trap"),
        pytest.param(RESPONSE, id="response"),
        pytest.param(wire.scoped(wire.tlv(wire.INFORM)), id="empty-inform"),
        pytest.param(wire.scoped(wire.tlv(wire.INFORM, wire.string("x"))), id="request-id-as-text"),
        pytest.param(wire.scoped(b"\xa6\x7f"), id="inform-beyond-the-scoped-pdu"),
    ],
)
def test_nothing_else_has_a_response(scoped: bytes) -> None:
    _, pdu, end = scoped_parts(scoped, 0, len(scoped))

    assert scoped_response(scoped, 0, pdu, end) is None


def test_a_scoped_pdu_is_written_as_the_standard_says() -> None:
    pdu = wire.v2_pdu()

    assert scoped_pdu(wire.ENGINE, pdu, context_name=b"vlan-7") == wire.scoped(pdu, context_name=b"vlan-7")
