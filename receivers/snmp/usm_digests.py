"""The digests of authenticated messages: HMAC, cut to the length that the protocol says (RFC 3414 sections 6 and 7, RFC 7860
section 4)."""

import hmac

from collector.domain.snmp_access import AuthProtocol
from receivers.snmp.usm_keys import HASHES

DIGEST_OCTETS = {
    AuthProtocol.MD5: 12,
    AuthProtocol.SHA1: 12,
    AuthProtocol.SHA224: 16,
    AuthProtocol.SHA256: 24,
    AuthProtocol.SHA384: 32,
    AuthProtocol.SHA512: 48,
}
_INNER, _OUTER = (bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


class Digester:
    """One localised key, with both halves of HMAC begun (RFC 2104 section 4): half the time of beginning them at each message."""

    __slots__ = ("_blank", "_inner", "_outer", "octets")

    def __init__(self, protocol: AuthProtocol, key: bytes) -> None:
        begin = HASHES[protocol]
        padded = key.ljust(begin(b"").block_size, b"\0")
        self._inner = begin(padded.translate(_INNER))
        self._outer = begin(padded.translate(_OUTER))
        self.octets = DIGEST_OCTETS[protocol]
        self._blank = bytes(self.octets)

    def digest(self, message: bytes, at: int) -> bytes:
        """Of a message whose digest stands, or will stand, at `at`; what stands there now does not matter."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(b"".join((message[:at], self._blank, message[at + self.octets :])))
        outer.update(inner.digest())
        return outer.digest()[: self.octets]

    def verifies(self, message: bytes, begin: int, end: int) -> bool:
        """Whether the octets from `begin` to `end` are the digest of the message: all of them, compared in constant time."""
        return end - begin == self.octets and hmac.compare_digest(self.digest(message, begin), message[begin:end])
