"""Writes SNMP octets for tests, right or wrong on purpose. Shares nothing with the decoder under test."""

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
HEALTH = "1.3.6.1.4.1.3417.2.12.2.0.3"
ENTERPRISE = "1.3.6.1.4.1.3417.2.12"

GET, RESPONSE, TRAP_V1, INFORM, TRAP_V2 = 0xA0, 0xA2, 0xA4, 0xA6, 0xA7


def length(size: int) -> bytes:
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((tag,)) + length(len(body)) + body


def padded_tlv(tag: int, body: bytes, *, octets: int) -> bytes:
    """The length in long form with that many octets, whatever it needs."""
    return bytes((tag, 0x80 | octets)) + len(body).to_bytes(octets, "big") + body


def integer(value: int, *, tag: int = 0x02) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def string(text: str) -> bytes:
    return tlv(0x04, text.encode())


def arcs(*numbers: int) -> bytes:
    """Base 128 of each number: the content of an OID whose first two arcs are already joined."""
    out = bytearray()
    for number in numbers:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | (number & 0x7F))
        out.extend(reversed(groups))
    return bytes(out)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return tlv(0x06, arcs(40 * first + second, *rest))


def varbind(name: str, value: bytes) -> bytes:
    return tlv(0x30, oid(name), value)


def uptime(ticks: int = 4711) -> bytes:
    return varbind(SYS_UPTIME, integer(ticks, tag=0x43))


def trap_oid(dotted: str = HEALTH) -> bytes:
    return varbind(TRAP_OID, oid(dotted))


def message(pdu: bytes, *, version: int = 1, community: bytes = b"public") -> bytes:
    return tlv(0x30, integer(version), tlv(0x04, community), pdu)


def v2_pdu(*varbinds: bytes, tag: int = TRAP_V2, request_id: int = 77) -> bytes:
    return tlv(tag, integer(request_id), integer(0), integer(0), tlv(0x30, *varbinds))


def v2_message(*varbinds: bytes, tag: int = TRAP_V2, request_id: int = 77, version: int = 1) -> bytes:
    """A whole message with sysUpTime.0 and snmpTrapOID.0 before the varbinds given."""
    return message(v2_pdu(uptime(), trap_oid(), *varbinds, tag=tag, request_id=request_id), version=version)


def v2_message_of(size: int, *, tag: int = TRAP_V2) -> bytes:
    """A whole message of exactly so many octets, 1,000 to 65,507, nearly all of them in one value."""
    room = size - len(v2_message(varbind(HEALTH, tlv(0x04, bytes(size - 250))), tag=tag))
    return v2_message(varbind(HEALTH, tlv(0x04, b"x" * (size - 250 + room))), tag=tag)


def inform(*varbinds: bytes, request_id: int = 77) -> bytes:
    return v2_message(*varbinds, tag=INFORM, request_id=request_id)


def v1_pdu(
    *varbinds: bytes,
    generic: int = 6,
    specific: int = 3,
    enterprise: bytes = oid(ENTERPRISE),
    agent: bytes = tlv(0x40, bytes((10, 1, 2, 3))),
    ticks: bytes = integer(4711, tag=0x43),
) -> bytes:
    return tlv(TRAP_V1, enterprise, agent, integer(generic), integer(specific), ticks, tlv(0x30, *varbinds))


def v1_message(
    *varbinds: bytes,
    generic: int = 6,
    specific: int = 3,
    enterprise: bytes = oid(ENTERPRISE),
    agent: bytes = tlv(0x40, bytes((10, 1, 2, 3))),
    ticks: bytes = integer(4711, tag=0x43),
    version: int = 0,
) -> bytes:
    pdu = v1_pdu(*varbinds, generic=generic, specific=specific, enterprise=enterprise, agent=agent, ticks=ticks)
    return message(pdu, version=version)


ENGINE = bytes.fromhex("80001f8880c0ffee0102030405")


def scoped(pdu: bytes, *, context_engine_id: bytes = ENGINE, context_name: bytes = b"") -> bytes:
    """A scoped PDU (RFC 3412 section 6.8)."""
    return tlv(0x30, tlv(0x04, context_engine_id), tlv(0x04, context_name), pdu)


def v3_global(*, message_id: int = 99, max_size: int = 65_507, flags: bytes = b"\x00", model: int = 3) -> bytes:
    """msgGlobalData (RFC 3412 section 6)."""
    return tlv(0x30, integer(message_id), integer(max_size), tlv(0x04, flags), integer(model))


def v3_security(
    *,
    engine_id: bytes = ENGINE,
    boots: int = 3,
    time: int = 4711,
    user: bytes = b"console-1",
    digest: bytes = b"",
    salt: bytes = b"",
) -> bytes:
    """UsmSecurityParameters (RFC 3414 section 2.4), not yet in their OCTET STRING."""
    return tlv(0x30, tlv(0x04, engine_id), integer(boots), integer(time), *(tlv(0x04, part) for part in (user, digest, salt)))


def v3_message(
    body: bytes = scoped(v2_pdu(uptime(), trap_oid())),
    *,
    about: bytes = v3_global(),
    security: bytes = v3_security(),
) -> bytes:
    """A whole message around a scoped PDU, as it is or encrypted in an OCTET STRING; by itself a trap at noAuthNoPriv."""
    return tlv(0x30, integer(3), about, tlv(0x04, security), body)
