"""What the decoder makes of one datagram: tables of the oddities that real devices send, and of what it refuses."""

import pytest

from collector.domain.outcome import Outcome, Reason
from collector.domain.trap import NotDecoded, Pdu, Secured, SnmpVersion, Trap, VarbindValue
from receivers.snmp import message
from receivers.snmp.message import decode
from tests import snmp_wire as wire

NAME = "1.3.6.1.4.1.3417.2.12.1.1.1.1"


def decoded(datagram: bytes) -> Trap:
    result = decode(datagram)
    assert isinstance(result, Trap), result
    return result


def refused(datagram: bytes) -> NotDecoded:
    result = decode(datagram)
    assert isinstance(result, NotDecoded), result
    return result


def only_value(element: bytes) -> VarbindValue:
    """What the decoder makes of one value, given as a whole element."""
    [(name, tag, value)] = decoded(wire.v2_message(wire.varbind(NAME, element))).varbinds
    assert (name, tag) == (NAME, element[0])
    return value


def test_a_v2c_trap_has_its_uptime_and_trap_oid_apart_from_the_other_varbinds() -> None:
    trap = decoded(wire.v2_message(wire.varbind(NAME, wire.string("disk 3 failed"))))

    assert trap == Trap(
        version=SnmpVersion.V2C,
        community=b"public",
        pdu=Pdu.TRAP_V2,
        request_id=77,
        trap_oid=wire.HEALTH,
        uptime=4711,
        varbinds=[(NAME, 0x04, b"disk 3 failed")],
    )


def test_a_v1_trap_takes_the_v2_form_and_keeps_its_own_fields() -> None:
    trap = decoded(wire.v1_message(wire.varbind(NAME, wire.integer(-5))))

    assert trap == Trap(
        version=SnmpVersion.V1,
        community=b"public",
        pdu=Pdu.TRAP_V1,
        request_id=0,
        trap_oid=f"{wire.ENTERPRISE}.0.3",
        uptime=4711,
        varbinds=[(NAME, 0x02, -5)],
        enterprise=wire.ENTERPRISE,
        agent_address="10.1.2.3",
        generic=6,
        specific=3,
    )


@pytest.mark.parametrize(
    ("generic", "specific", "expected"),
    [
        pytest.param(0, 9, "1.3.6.1.6.3.1.1.5.1", id="coldStart"),
        pytest.param(2, 0, "1.3.6.1.6.3.1.1.5.3", id="linkDown"),
        pytest.param(5, 0, "1.3.6.1.6.3.1.1.5.6", id="egpNeighborLoss"),
        pytest.param(6, 17, f"{wire.ENTERPRISE}.0.17", id="enterprise-specific"),
        pytest.param(6, 0, f"{wire.ENTERPRISE}.0.0", id="specific-zero-is-a-real-trap"),
        pytest.param(6, -1073741819, f"{wire.ENTERPRISE}.0.3221225477", id="negative-specific-modulo-2^32"),
        pytest.param(6, 2**32 + 5, f"{wire.ENTERPRISE}.0.5", id="oversized-specific-modulo-2^32"),
        pytest.param(7, 4, f"{wire.ENTERPRISE}.0.4", id="generic-above-6"),
        pytest.param(-1, 4, f"{wire.ENTERPRISE}.0.4", id="negative-generic"),
    ],
)
def test_the_trap_oid_of_a_v1_trap_follows_rfc_3584(generic: int, specific: int, expected: str) -> None:
    trap = decoded(wire.v1_message(generic=generic, specific=specific))

    assert (trap.trap_oid, trap.generic, trap.specific) == (expected, generic, specific)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        pytest.param(wire.integer(0), 0, id="integer"),
        pytest.param(wire.integer(-(2**31)), -(2**31), id="negative-integer"),
        pytest.param(b"\x02\x00", 0, id="integer-without-octets"),
        pytest.param(b"\x02\x06\x00\x00\x00\x00\x00\x05", 5, id="padded-integer"),
        pytest.param(b"\x02\x0c" + b"\xff" * 12, -1, id="padded-negative-integer-of-12-octets"),
        pytest.param(b"\x02\x0a" + b"\x00" * 10, 0, id="zero-of-10-octets"),
        pytest.param(b"\x02\x0a\x01" + b"\x00" * 9, b"\x01" + b"\x00" * 9, id="integer-beyond-64-bits-stays-octets"),
        pytest.param(b"\x02\x81\x01\x05", 5, id="integer-with-a-long-form-length"),
        pytest.param(wire.integer(12, tag=0x41), 12, id="counter32"),
        pytest.param(b"\x42\x04\xff\xff\xff\xff", 2**32 - 1, id="gauge-without-its-leading-zero"),
        pytest.param(wire.integer(-1, tag=0x43), 2**32 - 1, id="negative-timeticks"),
        pytest.param(wire.integer(2**32 + 7, tag=0x43), 7, id="oversized-timeticks"),
        pytest.param(b"\x43\x0c" + b"\x01" * 12, 0x01010101, id="very-oversized-timeticks"),
        pytest.param(b"\x43\x00", 0, id="timeticks-without-octets"),
        pytest.param(wire.integer(2**64 - 1, tag=0x46), 2**64 - 1, id="counter64"),
        pytest.param(wire.integer(9, tag=0x47), 9, id="uinteger32"),
        pytest.param(wire.string(""), b"", id="empty-string"),
        pytest.param(wire.tlv(0x04, b"\xf1\x00\xff"), b"\xf1\x00\xff", id="octets-that-are-no-text"),
        pytest.param(wire.tlv(0x14, b"T61"), b"T61", id="t61-string"),
        pytest.param(wire.tlv(0x0C, "ñ".encode()), "ñ".encode(), id="utf8-string"),
        pytest.param(wire.tlv(0x44, b"\x9f\x78\x04\x42\xf6\x00\x00"), b"\x9f\x78\x04\x42\xf6\x00\x00", id="opaque"),
        pytest.param(wire.tlv(0x1F, b"?"), b"?", id="unknown-tag"),
        pytest.param(wire.oid("1.3.6.1.4.1.4294967295"), "1.3.6.1.4.1.4294967295", id="oid"),
        pytest.param(b"\x06\x00", "0.0", id="oid-without-octets"),
        pytest.param(b"\x06\x01\x00", "0.0", id="null-oid"),
        pytest.param(wire.oid("2.999.3"), "2.999.3", id="oid-under-joint-iso-itu-t"),
        pytest.param(wire.oid("1.39"), "1.39", id="oid-second-arc-39"),
        pytest.param(b"\x06\x02\x2b\x86", b"\x2b\x86", id="broken-oid-as-a-value-stays-octets"),
        pytest.param(wire.tlv(0x40, bytes((192, 0, 2, 7))), "192.0.2.7", id="ip-address"),
        pytest.param(wire.tlv(0x40, b"\x01\x02"), b"\x01\x02", id="ip-address-of-two-octets-stays-octets"),
        pytest.param(b"\x05\x00", None, id="null"),
        pytest.param(b"\x80\x00", None, id="noSuchObject"),
        pytest.param(b"\x81\x00", None, id="noSuchInstance"),
        pytest.param(b"\x82\x00", None, id="endOfMibView"),
        pytest.param(b"\x05\x01\x00", None, id="null-with-an-octet"),
    ],
)
def test_a_value_is_read_by_what_arrived(element: bytes, expected: VarbindValue) -> None:
    assert only_value(element) == expected


@pytest.mark.parametrize(
    ("varbinds", "trap_oid", "uptime", "left"),
    [
        pytest.param([], "", None, 0, id="no-varbinds-at-all"),
        pytest.param([wire.uptime()], "", 4711, 0, id="no-trap-oid"),
        pytest.param([wire.trap_oid()], wire.HEALTH, None, 0, id="no-uptime"),
        pytest.param([wire.trap_oid(), wire.uptime()], wire.HEALTH, 4711, 0, id="the-other-way-round"),
        pytest.param(
            [wire.varbind(NAME, wire.string("x")), wire.trap_oid(), wire.uptime()], wire.HEALTH, 4711, 1, id="at-the-end"
        ),
        pytest.param([wire.trap_oid(), wire.trap_oid("1.3.6.1.9")], wire.HEALTH, None, 1, id="twice-and-the-first-counts"),
        pytest.param([wire.varbind(wire.TRAP_OID, wire.string("." + wire.HEALTH))], wire.HEALTH, None, 0, id="trap-oid-as-text"),
        pytest.param([wire.varbind(wire.TRAP_OID, wire.string("health"))], "", None, 1, id="trap-oid-as-a-word"),
        pytest.param([wire.varbind(wire.TRAP_OID, wire.integer(3))], "", None, 1, id="trap-oid-as-a-number"),
        pytest.param([wire.varbind(wire.SYS_UPTIME, wire.integer(12))], "", 12, 0, id="uptime-as-integer"),
        pytest.param([wire.varbind(wire.SYS_UPTIME, wire.integer(-1))], "", 2**32 - 1, 0, id="negative-uptime-as-integer"),
        pytest.param([wire.varbind(wire.SYS_UPTIME, wire.string("1d"))], "", None, 1, id="uptime-as-text"),
    ],
)
def test_uptime_and_trap_oid_are_found_anywhere_or_missed(
    varbinds: list[bytes], trap_oid: str, uptime: int | None, left: int
) -> None:
    trap = decoded(wire.message(wire.v2_pdu(*varbinds)))

    assert (trap.trap_oid, trap.uptime, len(trap.varbinds)) == (trap_oid, uptime, left)


@pytest.mark.parametrize(
    ("datagram", "version", "pdu"),
    [
        pytest.param(wire.inform(), SnmpVersion.V2C, Pdu.INFORM, id="inform"),
        pytest.param(wire.v2_message(version=0), SnmpVersion.V1, Pdu.TRAP_V2, id="v2-trap-in-a-v1-message"),
        pytest.param(wire.v2_message(tag=wire.INFORM, version=0), SnmpVersion.V1, Pdu.INFORM, id="inform-in-a-v1-message"),
        pytest.param(wire.v1_message(version=1), SnmpVersion.V2C, Pdu.TRAP_V1, id="v1-trap-in-a-v2c-message"),
    ],
)
def test_a_notification_pdu_is_taken_in_either_version(datagram: bytes, version: SnmpVersion, pdu: Pdu) -> None:
    trap = decoded(datagram)

    assert (trap.version, trap.pdu) == (version, pdu)


def padded(datagram: bytes) -> bytes:
    """The same message with the length of its outermost element in five octets."""
    return wire.padded_tlv(0x30, datagram[2:] if datagram[1] < 0x80 else datagram[2 + (datagram[1] & 0x7F) :], octets=4)


GOOD = wire.v2_message(wire.varbind(NAME, wire.string("disk 3 failed")))


@pytest.mark.parametrize(
    "datagram",
    [
        pytest.param(GOOD + b"\x00\x00trailing", id="octets-after-the-message"),
        pytest.param(padded(GOOD), id="length-in-more-octets-than-needed"),
        pytest.param(
            wire.message(
                wire.padded_tlv(
                    wire.TRAP_V2,
                    wire.integer(77)
                    + b"\x02\x00\x02\x02\x00\x05"
                    + wire.padded_tlv(
                        0x30,
                        wire.uptime()
                        + wire.trap_oid()
                        + wire.padded_tlv(
                            0x30,
                            wire.padded_tlv(0x06, wire.oid(NAME)[2:], octets=2)
                            + wire.padded_tlv(0x04, b"disk 3 failed", octets=3),
                            octets=1,
                        ),
                        octets=2,
                    ),
                    octets=3,
                )
            ),
            id="long-lengths-and-sloppy-error-fields-throughout",
        ),
        pytest.param(
            wire.tlv(0x30, b"\x02\x03\x00\x00\x01", wire.string("public"), b"\xa7\x81" + GOOD[GOOD.index(b"\xa7") + 1 :]),
            id="padded-version",
        ),
        pytest.param(
            wire.message(
                wire.tlv(
                    wire.TRAP_V2,
                    wire.v2_pdu(wire.uptime(), wire.trap_oid(), wire.varbind(NAME, wire.string("disk 3 failed")))[2:],
                    b"\x05\x00",
                )
            ),
            id="octets-left-over-in-the-pdu",
        ),
    ],
)
def test_sloppy_framing_changes_nothing(datagram: bytes) -> None:
    assert decoded(datagram) == decoded(GOOD)


def test_a_pdu_without_a_varbind_list_has_no_varbinds() -> None:
    pdu = wire.tlv(wire.TRAP_V2, wire.integer(1), wire.integer(0), wire.integer(0))

    assert decoded(wire.message(pdu)).varbinds == []


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        pytest.param(wire.tlv(0x40, bytes(4)), "0.0.0.0", id="unspecified"),
        pytest.param(wire.tlv(0x04, bytes((10, 0, 0, 1))), "10.0.0.1", id="octet-string"),
        pytest.param(wire.tlv(0x40), "", id="no-octets"),
        pytest.param(wire.tlv(0x40, bytes(16)), "", id="sixteen-octets"),
    ],
)
def test_an_agent_address_that_is_none_is_left_empty(agent: bytes, expected: str) -> None:
    assert decoded(wire.v1_message(agent=agent)).agent_address == expected


def test_v1_timestamps_are_taken_modulo_2_32() -> None:
    assert decoded(wire.v1_message(ticks=wire.integer(-2, tag=0x43))).uptime == 2**32 - 2


def test_counter64_in_a_v1_trap_is_read() -> None:
    counter = wire.varbind(NAME, wire.integer(2**40, tag=0x46))

    assert decoded(wire.v1_message(counter)).varbinds == [(NAME, 0x46, 2**40)]


def test_varbinds_beyond_the_limit_are_counted_and_not_decoded() -> None:
    many = [wire.varbind(f"{NAME}.{place}", wire.integer(place)) for place in range(300)]

    trap = decoded(wire.v2_message(*many))

    assert len(trap.varbinds) == 254  # 256 less the two that stand in fields of their own
    assert trap.truncated == 46
    assert trap.varbinds[-1] == (f"{NAME}.253", 0x02, 253)


@pytest.mark.parametrize("tag", [0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8])
def test_other_pdus_are_no_notifications(tag: int) -> None:
    result = refused(wire.v2_message(tag=tag))

    assert (result.outcome, result.reason) == (Outcome.NOT_A_NOTIFICATION, Reason.NOT_A_TRAP_PDU)


def test_of_a_v3_message_only_the_header_is_told() -> None:
    datagram = wire.v3_message()

    result = decode(datagram)

    assert isinstance(result, Secured)
    assert (result.engine_id, result.user, result.message_id) == (wire.ENGINE, b"console-1", 99)


def named(raw: bytes) -> bytes:
    """A message with one varbind of that OID content as its name."""
    return wire.v2_message(wire.tlv(0x30, wire.tlv(0x06, raw), wire.integer(1)))


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        pytest.param(b"", Reason.TRUNCATED, id="empty"),
        pytest.param(b"\x30", Reason.TRUNCATED, id="one-octet"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", Reason.NOT_BER, id="another-protocol"),
        pytest.param(GOOD[:-1], Reason.TRUNCATED, id="last-octet-missing"),
        pytest.param(b"\x30\x80" + GOOD[2:] + b"\x00\x00", Reason.INDEFINITE_LENGTH, id="indefinite-message"),
        pytest.param(wire.message(b"\xa7\x80\x00\x00"), Reason.INDEFINITE_LENGTH, id="indefinite-pdu"),
        pytest.param(b"\x30\xff" + GOOD[2:], Reason.TRUNCATED, id="reserved-length-form"),
        pytest.param(wire.tlv(0x30, wire.integer(2), GOOD[5:]), Reason.BAD_VERSION, id="version-2"),
        pytest.param(wire.tlv(0x30, wire.integer(-1), GOOD[5:]), Reason.BAD_VERSION, id="version-negative"),
        pytest.param(wire.tlv(0x30, wire.integer(2**80), GOOD[5:]), Reason.BAD_VERSION, id="version-huge"),
        pytest.param(wire.tlv(0x30, wire.string("1"), GOOD[5:]), Reason.BAD_VERSION, id="version-as-text"),
        pytest.param(wire.tlv(0x30, wire.integer(1), b"\x05\x00"), Reason.BAD_COMMUNITY, id="no-community"),
        pytest.param(wire.message(wire.tlv(0xA9)), Reason.BAD_PDU, id="unknown-pdu"),
        pytest.param(wire.message(wire.tlv(0x30)), Reason.BAD_PDU, id="pdu-is-a-sequence"),
        pytest.param(wire.message(wire.tlv(wire.TRAP_V2, wire.string("x"))), Reason.BAD_PDU, id="request-id-as-text"),
        pytest.param(wire.message(wire.tlv(wire.TRAP_V2, wire.integer(2**70))), Reason.BAD_PDU, id="request-id-too-wide"),
        pytest.param(wire.v1_message(specific=2**70), Reason.BAD_PDU, id="specific-too-wide"),
        pytest.param(wire.v1_message(enterprise=wire.string("x")), Reason.BAD_PDU, id="enterprise-as-text"),
        pytest.param(wire.v1_message(enterprise=b"\x06\x02\x2b\x80"), Reason.BAD_OID, id="enterprise-broken"),
        pytest.param(
            wire.message(wire.tlv(wire.TRAP_V2, wire.integer(1), wire.integer(0), wire.integer(0), wire.string("x"))),
            Reason.BAD_PDU,
            id="varbind-list-as-text",
        ),
        pytest.param(wire.v2_message(wire.string("x")), Reason.BAD_VARBIND, id="varbind-as-text"),
        pytest.param(wire.v2_message(wire.tlv(0x30, wire.string("x"))), Reason.BAD_VARBIND, id="name-as-text"),
        pytest.param(wire.v2_message(wire.tlv(0x30, b"\x06\x05\x2b")), Reason.BAD_LENGTH, id="name-beyond-its-varbind"),
        pytest.param(
            wire.v2_message(wire.tlv(0x30, wire.oid(NAME), b"\x04\x05x")), Reason.BAD_LENGTH, id="value-beyond-its-varbind"
        ),
        pytest.param(wire.message(b"\xa7\x7f" + wire.v2_pdu()[2:]), Reason.BAD_LENGTH, id="pdu-beyond-the-message"),
        pytest.param(wire.v2_message(b"\x30\x84\xff\xff\xff\xff"), Reason.BAD_LENGTH, id="varbind-of-4-GiB"),
        pytest.param(wire.v2_message(b"\x30\xfe" + b"\xff" * 126), Reason.BAD_LENGTH, id="length-of-126-octets"),
        pytest.param(named(b"\x2b\x86"), Reason.BAD_OID, id="name-unfinished"),
        pytest.param(named(b"\x2b\x80\x01"), Reason.BAD_OID, id="name-with-a-padded-arc"),
        pytest.param(named(wire.arcs(43, 2**32)), Reason.BAD_OID, id="name-with-an-arc-over-2^32-1"),
        pytest.param(named(wire.arcs(43, *[1] * 127)), Reason.BAD_OID, id="name-with-129-arcs"),
        pytest.param(named(b"\x2b" + b"\xff" * 2000 + b"\x01"), Reason.BAD_OID, id="name-with-an-endless-arc"),
        pytest.param(
            wire.v2_message(wire.varbind(NAME, wire.tlv(0x04, bytes(65_507)))), Reason.TOO_LARGE, id="over-65507-octets"
        ),
        pytest.param(wire.tlv(0x30, wire.integer(3)), Reason.BAD_PDU, id="v3-without-a-header"),
        pytest.param(wire.message(b"\x05\x00", version=3), Reason.BAD_PDU, id="v3-that-looks-like-v2c"),
    ],
)
def test_what_contradicts_itself_is_undecodable_with_its_reason(datagram: bytes, reason: Reason) -> None:
    result = refused(datagram)

    assert (result.outcome, result.reason) == (Outcome.UNDECODABLE, reason)


def test_a_name_of_128_arcs_is_taken() -> None:
    [(name, _, _)] = decoded(named(wire.arcs(43, *[7] * 126))).varbinds

    assert name == "1.3" + ".7" * 126


def test_the_detail_of_a_refusal_shows_no_octets_of_the_message() -> None:
    result = refused(wire.message(wire.tlv(0xA9), community=b"s3cret-community"))

    assert "s3cret" not in result.detail


def test_a_fault_of_the_decoder_itself_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(datagram: bytes) -> Trap:
        raise RuntimeError("a bug")

    monkeypatch.setattr(message, "_message", broken)

    assert refused(GOOD) == NotDecoded(Outcome.UNDECODABLE, Reason.DECODER_FAILED, "RuntimeError")


def test_the_cache_of_oid_texts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from receivers.snmp import ber

    monkeypatch.setattr(ber, "_OID_CACHE_ENTRIES", 10)
    for arc in range(100):
        decoded(wire.v2_message(wire.varbind(f"1.3.6.1.{arc}", wire.integer(1))))
        assert len(ber._oid_texts) <= 10
