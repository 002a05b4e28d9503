"""What the key ring makes of a v3 message and a user: a notification, or the one reason why not."""

from dataclasses import replace

import pytest

from collector.domain.outcome import Outcome, Reason
from collector.domain.snmp_access import AuthProtocol, PrivProtocol, SecurityLevel, SnmpUser
from collector.domain.trap import NotDecoded, Pdu, Secured, SnmpVersion, Trap
from receivers.snmp import usm
from receivers.snmp.message import decode
from receivers.snmp.usm import KeyRing, LocalKeys, Opened
from receivers.snmp.usm_ciphers import DesCipher
from tests import snmp_wire as wire
from tests.snmp_v3_kit import NAME, SCOPED, USER, at_least, sealed, signed, unlocked

LOW, MIDDLE, HIGH = SecurityLevel
ANYBODY = SnmpUser(b"console-1", min_level=LOW)
PLAIN_USER = replace(USER, priv_protocol=None, priv=b"", min_level=MIDDLE)
DES_USER = replace(USER, priv_protocol=PrivProtocol.DES)


def believed(datagram: bytes, user: SnmpUser = USER) -> Trap:
    result = unlocked(datagram, user)
    assert isinstance(result, Trap), result
    return result


def refused(datagram: bytes, user: SnmpUser = USER) -> NotDecoded:
    result = unlocked(datagram, user)
    assert isinstance(result, NotDecoded), result
    return result


def test_a_sealed_trap_is_a_v3_trap_with_its_header_and_context() -> None:
    datagram = sealed()
    header = decode(datagram)
    assert isinstance(header, Secured)

    assert believed(datagram) == Trap(
        version=SnmpVersion.V3,
        community=b"",
        pdu=Pdu.TRAP_V2,
        request_id=77,
        trap_oid=wire.HEALTH,
        uptime=4711,
        varbinds=[(NAME, 0x04, b"disk 3 failed")],
        secured=replace(header, context=(wire.ENGINE, b"")),
    )


@pytest.mark.parametrize("level", list(SecurityLevel))
@pytest.mark.parametrize("least", list(SecurityLevel))
def test_a_message_below_the_user_s_level_is_refused_with_both_words(level: SecurityLevel, least: SecurityLevel) -> None:
    result = unlocked(sealed(level=level), at_least(least))

    if level >= least:
        assert isinstance(result, Trap)
    else:
        assert isinstance(result, NotDecoded)
        assert (result.outcome, result.reason) == (Outcome.UNAUTHENTICATED, Reason.LEVEL_TOO_LOW)
        assert result.detail == f"{level.word}, at least {least.word} is wanted"


@pytest.mark.parametrize(
    ("datagram", "user", "reason", "detail"),
    [
        pytest.param(sealed(), replace(USER, auth=b"another one"), Reason.WRONG_DIGEST, "pass phrase", id="another-pass-phrase"),
        pytest.param(sealed(), replace(USER, auth_protocol=AuthProtocol.MD5), Reason.WRONG_DIGEST, "of MD5", id="another-hash"),
        pytest.param(
            sealed(),
            replace(USER, auth_protocol=AuthProtocol.SHA256),
            Reason.WRONG_DIGEST,
            "the digest has 12 octets; that of SHA-256 has 24",
            id="a-hash-with-a-longer-digest",
        ),
        pytest.param(sealed(), ANYBODY, Reason.WRONG_DIGEST, "no pass phrase for authentication", id="a-user-without-keys"),
        pytest.param(
            sealed(), replace(USER, auth=b""), Reason.WRONG_DIGEST, "no pass phrase for authentication", id="an-empty-pass-phrase"
        ),
        pytest.param(
            sealed(), replace(USER, priv=b"another one"), Reason.DECRYPTION_ERROR, "no scoped PDU", id="another-privacy"
        ),
        pytest.param(
            sealed(), replace(USER, priv_protocol=PrivProtocol.AES256), Reason.DECRYPTION_ERROR, "no scoped", id="another-cipher"
        ),
        pytest.param(sealed(), PLAIN_USER, Reason.DECRYPTION_ERROR, "no pass phrase for encryption", id="a-user-without-privacy"),
        pytest.param(
            sealed(), replace(USER, priv=b""), Reason.DECRYPTION_ERROR, "no pass phrase for encryption", id="an-empty-privacy"
        ),
        pytest.param(sealed(b"\x30\x05hello"), USER, Reason.DECRYPTION_ERROR, "no scoped PDU", id="something-else-encrypted"),
        pytest.param(sealed(b""), USER, Reason.DECRYPTION_ERROR, "no scoped PDU", id="nothing-encrypted"),
    ],
)
def test_what_cannot_be_opened_is_unauthenticated_with_its_reason(
    datagram: bytes, user: SnmpUser, reason: Reason, detail: str
) -> None:
    result = refused(datagram, user)

    assert (result.outcome, result.reason) == (Outcome.UNAUTHENTICATED, reason)
    assert detail in result.detail
    for secret in (user.auth, user.priv):
        assert not secret or secret.decode() not in result.detail


def with_digest(octets: int) -> bytes:
    """A message whose digest begins as the right one does, and has so many octets."""
    right = sealed(level=MIDDLE)
    secured = decode(right)
    assert isinstance(secured, Secured)
    digest = right[slice(*secured.digest)].ljust(octets, b"\0")[:octets]
    return wire.v3_message(SCOPED, about=wire.v3_global(flags=b"\x01"), security=wire.v3_security(digest=digest))


@pytest.mark.parametrize("octets", [0, 1, 11, 13, 20, 64])
def test_a_digest_of_another_length_is_refused_before_any_key_is_made(octets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usm, "LocalKeys", None)

    result = refused(with_digest(octets), PLAIN_USER)

    assert result.reason is Reason.WRONG_DIGEST
    assert result.detail == f"the digest has {octets} octets; that of SHA has 12"


def encrypted(body: bytes, *, salt: bytes, user: SnmpUser = USER) -> bytes:
    """An authentic message with those octets for an encrypted scoped PDU."""
    return signed(
        wire.v3_message(
            wire.tlv(0x04, body), about=wire.v3_global(flags=b"\x03"), security=wire.v3_security(digest=bytes(12), salt=salt)
        ),
        user,
    )


@pytest.mark.parametrize("octets", [0, 1, 7, 9, 16])
@pytest.mark.parametrize("user", [pytest.param(USER, id="aes"), pytest.param(DES_USER, id="des")])
def test_a_salt_that_is_not_of_8_octets_is_a_decryption_error(user: SnmpUser, octets: int) -> None:
    result = refused(encrypted(bytes(64), salt=bytes(octets), user=user), user)

    assert (result.outcome, result.reason) == (Outcome.UNAUTHENTICATED, Reason.DECRYPTION_ERROR)
    assert f"the salt has {octets} octets" in result.detail


@pytest.mark.parametrize("octets", [1, 7, 9, 63])
@pytest.mark.parametrize("cipher", [PrivProtocol.DES, PrivProtocol.DES3])
def test_octets_that_are_no_whole_blocks_are_a_decryption_error(cipher: PrivProtocol, octets: int) -> None:
    user = replace(USER, priv_protocol=cipher)

    result = refused(encrypted(bytes(octets), salt=bytes(8), user=user), user)

    assert (result.outcome, result.reason) == (Outcome.UNAUTHENTICATED, Reason.DECRYPTION_ERROR)


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        pytest.param(wire.v2_pdu(wire.uptime(), wire.trap_oid(), tag=wire.INFORM), Pdu.INFORM, id="inform"),
        pytest.param(wire.v1_pdu(), Pdu.TRAP_V1, id="v1-trap"),
    ],
)
@pytest.mark.parametrize("level", list(SecurityLevel))
def test_every_notification_pdu_is_taken(pdu: bytes, expected: Pdu, level: SecurityLevel) -> None:
    trap = believed(sealed(wire.scoped(pdu), level=level), at_least(level))

    assert (trap.version, trap.pdu, trap.uptime) == (SnmpVersion.V3, expected, 4711)


@pytest.mark.parametrize("tag", [0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8])
def test_other_pdus_are_no_notifications(tag: int) -> None:
    result = refused(sealed(wire.scoped(wire.v2_pdu(tag=tag))))

    assert (result.outcome, result.reason) == (Outcome.NOT_A_NOTIFICATION, Reason.NOT_A_TRAP_PDU)


@pytest.mark.parametrize("level", list(SecurityLevel))
@pytest.mark.parametrize(
    ("scoped", "reason"),
    [
        pytest.param(wire.scoped(wire.tlv(0xA9)), Reason.BAD_PDU, id="unknown-pdu"),
        pytest.param(wire.scoped(wire.tlv(wire.TRAP_V2, wire.string("x"))), Reason.BAD_PDU, id="request-id-as-text"),
        pytest.param(wire.scoped(wire.v2_pdu(wire.string("x"))), Reason.BAD_VARBIND, id="varbind-as-text"),
        pytest.param(wire.scoped(b"\xa7\x7f" + wire.v2_pdu()[2:]), Reason.BAD_LENGTH, id="pdu-beyond-the-scoped-pdu"),
        pytest.param(wire.scoped(b"\xa7\x80\x00\x00"), Reason.INDEFINITE_LENGTH, id="indefinite-pdu"),
        pytest.param(wire.scoped(b""), None, id="no-pdu"),
    ],
)
def test_a_pdu_that_contradicts_itself_is_undecodable(scoped: bytes, reason: Reason | None, level: SecurityLevel) -> None:
    result = refused(sealed(scoped, level=level), at_least(level))

    assert result.outcome is Outcome.UNDECODABLE
    assert result.reason in ({reason} if reason else {Reason.BAD_LENGTH, Reason.TRUNCATED})


@pytest.mark.parametrize(
    ("scoped", "reason"),
    [
        (b"\x30\x00", Reason.TRUNCATED),
        (b"\x30\x02\x05\x00", Reason.BAD_PDU),
        (b"\x30\x04\x04\x00\x05\x00", Reason.BAD_PDU),
    ],
)
def test_a_scoped_pdu_in_the_open_that_is_none_is_undecodable(scoped: bytes, reason: Reason) -> None:
    result = refused(sealed(scoped, level=MIDDLE), PLAIN_USER)

    assert (result.outcome, result.reason) == (Outcome.UNDECODABLE, reason)


SLOPPY_SCOPED = wire.padded_tlv(
    0x30,
    wire.padded_tlv(0x04, wire.ENGINE, octets=2)
    + wire.padded_tlv(0x04, b"", octets=1)
    + wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(NAME, wire.string("disk 3 failed")))
    + b"\x05\x00",
    octets=4,
)


@pytest.mark.parametrize("user", [USER, DES_USER])
@pytest.mark.parametrize(
    "scoped",
    [
        pytest.param(SLOPPY_SCOPED, id="long-lengths-and-octets-left-over"),
        pytest.param(SCOPED + b"\x00" * 5, id="octets-after-the-scoped-pdu"),
        pytest.param(SCOPED.replace(wire.ENGINE, bytes(13)), id="another-context-engine"),
        pytest.param(
            wire.scoped(
                wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(NAME, wire.string("disk 3 failed"))),
                context_engine_id=b"",
                context_name=b"vlan-7" * 20,
            ),
            id="no-context-engine-and-a-long-context-name",
        ),
    ],
)
def test_sloppy_scoped_pdus_are_taken(scoped: bytes, user: SnmpUser) -> None:
    assert believed(sealed(scoped, user=user), user).varbinds == [(NAME, 0x04, b"disk 3 failed")]


def test_a_sloppy_frame_is_authentic_as_it_came() -> None:
    about = wire.v3_global(flags=b"\x01")
    security = wire.v3_security(digest=bytes(12))
    datagram = wire.v3_message(
        SCOPED + b"\x05\x00",
        about=wire.padded_tlv(0x30, about[2:], octets=4),
        security=wire.padded_tlv(0x30, security[2:], octets=3) + b"\x00\x00",
    )

    assert believed(signed(datagram), PLAIN_USER).varbinds == [(NAME, 0x04, b"disk 3 failed")]


@pytest.mark.parametrize("level", [MIDDLE, HIGH])
def test_octets_after_the_message_are_none_of_it(level: SecurityLevel) -> None:
    user = at_least(level)

    assert believed(sealed(level=level) + b"\x00trailing", user).trap_oid == wire.HEALTH


def test_a_header_that_contradicts_itself_is_refused_here_too() -> None:
    datagram = sealed(level=MIDDLE)
    secured = decode(datagram)
    assert isinstance(secured, Secured)

    for flags in (0, 2, 3):
        result = KeyRing().unlock(datagram, replace(secured, flags=flags, encrypted=flags != 3), at_least(LOW))

        assert isinstance(result, NotDecoded)
        assert (result.outcome, result.reason) == (Outcome.UNDECODABLE, Reason.BAD_PDU)


def test_a_fault_of_ours_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise RuntimeError("auth pass phrase")

    monkeypatch.setattr(DesCipher, "open", broken)

    assert refused(sealed(user=DES_USER), DES_USER) == NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, "RuntimeError")


def test_who_answers_gets_the_scoped_pdu_as_it_is() -> None:
    datagram = sealed()
    secured = decode(datagram)
    assert isinstance(secured, Secured)

    opened = KeyRing().open(datagram, secured, USER)

    assert isinstance(opened, Opened)
    assert opened.data[opened.begin : opened.end] == SCOPED
    assert opened.data[opened.pdu] == wire.TRAP_V2
    assert opened.context == (wire.ENGINE, b"")


def test_nothing_that_holds_keys_shows_them() -> None:
    ring = KeyRing()
    assert isinstance(unlocked(sealed(), USER, ring), Trap)
    shown = repr([ring, vars(ring), LocalKeys(USER, wire.ENGINE), USER])

    assert "pass phrase" not in shown
