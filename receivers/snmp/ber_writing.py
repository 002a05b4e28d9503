"""Writing BER (X.690) as SNMP wants it: definite lengths, as short as they get (RFC 3417 section 8). Reading is in `ber`."""

from receivers.snmp import ber


def element(tag: int, *parts: bytes) -> bytes:
    """The element whose content is the parts, one after the other."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + body


def integer(value: int, tag: int = ber.INTEGER) -> bytes:
    """A number of any of the types that are one."""
    return element(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes) -> bytes:
    return element(ber.OCTET_STRING, value)
