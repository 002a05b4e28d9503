"""The header of v3 messages, seen by somebody who trusts nobody: what it says, what is tolerated, what is refused."""

import pytest

from collector.domain.outcome import Outcome, Reason
from collector.domain.snmp_access import SecurityLevel
from collector.domain.trap import NotDecoded, Secured
from receivers.snmp import v3
from receivers.snmp.message import decode
from tests import snmp_wire as wire

AUTH, PRIV, AUTH_PRIV = b"\x01", b"\x02", b"\x03"
SCOPED = wire.scoped(wire.v2_pdu(wire.uptime(), wire.trap_oid()))
ENCRYPTED = wire.tlv(0x04, bytes(48))


def header(datagram: bytes) -> Secured:
    result = decode(datagram)
    assert isinstance(result, Secured), result
    return result


def sloppy(element: bytes, *, octets: int = 3) -> bytes:
    """The same element, its length in more octets than it needs."""
    return wire.padded_tlv(element[0], element[2:], octets=octets)


def test_a_header_is_told_in_full() -> None:
    digest, salt = bytes(range(12)), bytes(range(100, 108))
    datagram = wire.v3_message(
        ENCRYPTED,
        about=wire.v3_global(message_id=2**31 - 1, flags=b"\x07"),
        security=wire.v3_security(boots=17, time=2**31 - 1, user="señora".encode(), digest=digest, salt=salt),
    )

    told = header(datagram)

    assert told == Secured(
        engine_id=wire.ENGINE,
        boots=17,
        time=2**31 - 1,
        user="señora".encode(),
        message_id=2**31 - 1,
        flags=7,
        digest=(datagram.index(digest), datagram.index(digest) + 12),
        salt=salt,
        body=(len(datagram) - 48, len(datagram)),
        encrypted=True,
    )


def test_the_body_of_a_plain_message_is_the_scoped_pdu_with_its_own_header() -> None:
    datagram = wire.v3_message(SCOPED)
    begin, end = header(datagram).body

    assert datagram[begin:end] == SCOPED


def test_a_discovery_names_no_engine_and_no_user() -> None:
    told = header(wire.v3_message(about=wire.v3_global(flags=b"\x04"), security=wire.v3_security(engine_id=b"", user=b"")))

    assert (told.engine_id, told.user, told.flags) == (b"", b"", 4)


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(wire.v3_message() + b"\x00trailing", id="octets-after-the-message"),
        pytest.param(wire.v3_message(SCOPED + b"\x05\x00"), id="octets-after-the-scoped-pdu"),
        pytest.param(wire.v3_message(about=sloppy(wire.v3_global())), id="global-data-with-a-long-length"),
        pytest.param(wire.v3_message(security=sloppy(wire.v3_security())), id="security-parameters-with-a-long-length"),
        pytest.param(
            wire.v3_message(
                about=wire.tlv(0x30, b"\x02\x04\x00\x00\x00\x63", b"\x02\x00", sloppy(b"\x04\x01\x00"), b"\x02\x81\x01\x03")
            ),
            id="padded-integers-and-an-empty-msgMaxSize",
        ),
        pytest.param(wire.v3_message(about=wire.v3_global(flags=b"\x00\xff")), id="two-octets-of-flags"),
        pytest.param(wire.v3_message(about=wire.v3_global(flags=b"\xf8")), id="unknown-flags"),
        pytest.param(wire.v3_message(about=wire.v3_global(max_size=0)), id="msgMaxSize-0"),
        pytest.param(
            wire.v3_message(about=wire.tlv(0x30, wire.v3_global()[2:], wire.string("more"))), id="octets-after-the-global-data"
        ),
        pytest.param(
            wire.v3_message(security=wire.tlv(0x30, wire.v3_security()[2:], b"\x05\x00") + b"\x00"),
            id="octets-after-the-security-parameters",
        ),
    ],
)
def test_a_sloppy_header_says_the_same(datagram: bytes) -> None:
    told = header(datagram)

    assert (told.engine_id, told.boots, told.time, told.user, told.message_id, told.salt) == (
        *(wire.ENGINE, 3, 4711, b"console-1", 99, b""),
    )
    assert datagram[slice(*told.body)] == SCOPED


def about(*parts: bytes) -> bytes:
    return wire.v3_message(about=wire.tlv(0x30, *parts))


def security(*parts: bytes) -> bytes:
    return wire.v3_message(security=wire.tlv(0x30, *parts))


ID, SIZE, FLAGS, MODEL = wire.integer(99), wire.integer(65_507), wire.tlv(0x04, b"\x00"), wire.integer(3)
ENGINE, USER, EMPTY = wire.tlv(0x04, wire.ENGINE), wire.string("console-1"), wire.string("")
NUMBER = wire.integer(1)


@pytest.mark.parametrize(
    ("datagram", "detail"),
    [
        pytest.param(wire.tlv(0x30, wire.integer(3)), "msgGlobalData is missing", id="nothing-after-the-version"),
        pytest.param(wire.message(SCOPED, version=3), "msgGlobalData is missing", id="a-community"),
        pytest.param(about(), "msgID is missing", id="empty-global-data"),
        pytest.param(about(wire.integer(-1), SIZE, FLAGS, MODEL), "msgID is no number", id="negative-message-id"),
        pytest.param(about(wire.integer(2**31), SIZE, FLAGS, MODEL), "msgID is no number", id="message-id-of-32-bits"),
        pytest.param(about(wire.integer(2**80), SIZE, FLAGS, MODEL), "msgID is no number", id="message-id-of-81-bits"),
        pytest.param(about(ID, wire.integer(-1), FLAGS, MODEL), "msgMaxSize is no number", id="negative-size"),
        pytest.param(about(ID, SIZE, EMPTY, MODEL), "msgFlags has no octet", id="no-flags"),
        pytest.param(about(ID, SIZE, wire.tlv(0x04, bytes(17)), MODEL), "msgFlags is longer", id="long-flags"),
        pytest.param(about(ID, SIZE, wire.integer(0), MODEL), "msgFlags is missing or of another type", id="flags-as-a-number"),
        pytest.param(about(ID, SIZE, FLAGS), "msgSecurityModel is missing", id="no-model"),
        pytest.param(about(ID, SIZE, FLAGS, wire.integer(2)), "security model 2", id="model-of-v2c"),
        pytest.param(about(ID, SIZE, FLAGS, wire.integer(-3)), "msgSecurityModel is no number", id="negative-model"),
        pytest.param(
            wire.tlv(0x30, wire.integer(3), wire.v3_global()), "msgSecurityParameters is missing", id="no-security-parameters"
        ),
        pytest.param(wire.v3_message(security=b""), "UsmSecurityParameters is missing", id="empty-security-parameters"),
        pytest.param(security(), "msgAuthoritativeEngineID is missing", id="no-engine"),
        pytest.param(security(wire.tlv(0x04, bytes(33))), "EngineID is longer than 32", id="engine-of-33-octets"),
        pytest.param(security(ENGINE, wire.integer(-1)), "EngineBoots is no number", id="negative-boots"),
        pytest.param(security(ENGINE, wire.integer(2**31)), "EngineBoots is no number", id="boots-of-32-bits"),
        pytest.param(security(ENGINE, NUMBER, wire.integer(-1)), "EngineTime is no number", id="negative-time"),
        pytest.param(security(ENGINE, NUMBER, NUMBER), "msgUserName is missing", id="no-user"),
        pytest.param(security(ENGINE, NUMBER, NUMBER, wire.string("u" * 33)), "UserName is longer", id="user-of-33-octets"),
        pytest.param(security(ENGINE, NUMBER, NUMBER, USER), "AuthenticationParameters is missing", id="no-digest"),
        pytest.param(
            security(ENGINE, NUMBER, NUMBER, USER, wire.tlv(0x04, bytes(65))), "AuthenticationParameters is too", id="long-digest"
        ),
        pytest.param(security(ENGINE, NUMBER, NUMBER, USER, EMPTY), "PrivacyParameters is missing", id="no-salt"),
        pytest.param(
            security(ENGINE, NUMBER, NUMBER, USER, EMPTY, wire.tlv(0x04, bytes(65))),
            "PrivacyParameters is longer",
            id="long-salt",
        ),
        pytest.param(wire.v3_message(b""), "the scoped PDU is missing", id="no-scoped-pdu"),
        pytest.param(wire.v3_message(wire.v2_pdu()), "the scoped PDU is missing or of another type", id="a-bare-pdu"),
        pytest.param(
            wire.v3_message(ENCRYPTED, about=wire.v3_global(flags=PRIV)),
            "encrypted and not authenticated",
            id="priv-without-auth",
        ),
        pytest.param(
            wire.v3_message(about=wire.v3_global(flags=PRIV)), "and not authenticated", id="priv-without-auth-and-plain"
        ),
        pytest.param(wire.v3_message(about=wire.v3_global(flags=AUTH_PRIV)), "is not encrypted", id="authPriv-in-the-open"),
        pytest.param(wire.v3_message(ENCRYPTED), "the flags say noAuthNoPriv", id="noAuthNoPriv-encrypted"),
        pytest.param(
            wire.v3_message(ENCRYPTED, about=wire.v3_global(flags=AUTH)), "the flags say authNoPriv", id="authNoPriv-encrypted"
        ),
    ],
)
def test_a_header_that_cannot_be_is_refused_with_what_is_wrong(datagram: bytes, detail: str) -> None:
    result = decode(datagram)

    assert isinstance(result, NotDecoded)
    assert (result.outcome, result.reason) == (Outcome.UNDECODABLE, Reason.BAD_PDU)
    assert detail in result.detail


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(wire.v3_message(about=b"\x30\x7f" + wire.v3_global()[2:], security=b""), id="global-data"),
        pytest.param(security(b"\x04\x70" + wire.ENGINE), id="engine"),
        pytest.param(security(ENGINE, b"\x02\x84\xff\xff\xff\xff\x01"), id="boots-of-4-GiB"),
        pytest.param(security(ENGINE, NUMBER, NUMBER, USER, b"\x04\x0c" + bytes(11)), id="digest-by-one-octet"),
        pytest.param(wire.v3_message(b"\x30\xfe" + b"\xff" * 126), id="scoped-pdu-with-a-length-of-126-octets"),
    ],
)
def test_a_part_that_reaches_beyond_what_holds_it_is_refused(datagram: bytes) -> None:
    result = decode(datagram)

    assert isinstance(result, NotDecoded)
    assert (result.outcome, result.reason) == (Outcome.UNDECODABLE, Reason.BAD_LENGTH)


def test_every_truncated_message_is_refused() -> None:
    whole = wire.v3_message(ENCRYPTED, about=wire.v3_global(flags=AUTH_PRIV), security=wire.v3_security(digest=bytes(12)))

    for octets in range(len(whole)):
        assert isinstance(decode(whole[:octets]), NotDecoded)


@pytest.mark.parametrize(
    ("bits", "level"),
    [(0, SecurityLevel.NO_AUTH_NO_PRIV), (1, SecurityLevel.AUTH_NO_PRIV), (3, SecurityLevel.AUTH_PRIV)],
)
def test_only_two_bits_of_the_flags_are_the_level(bits: int, level: SecurityLevel) -> None:
    for others in range(0, 256, 4):
        assert v3.level_of(others | bits, encrypted=level is SecurityLevel.AUTH_PRIV) is level
