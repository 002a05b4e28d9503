"""From a pass phrase to the keys of one user at one engine (RFC 3414 sections 2.6 and A.2, RFC 7860 section 9.3), made longer
where a cipher needs more octets than the hash has. Nothing is kept here."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from collector.domain.snmp_access import AuthProtocol, PrivProtocol

if TYPE_CHECKING:
    from hashlib import _Hash

Hash: TypeAlias = Callable[[bytes], "_Hash"]

HASHES: dict[AuthProtocol, Hash] = {
    AuthProtocol.MD5: hashlib.md5,
    AuthProtocol.SHA1: hashlib.sha1,
    AuthProtocol.SHA224: hashlib.sha224,
    AuthProtocol.SHA256: hashlib.sha256,
    AuthProtocol.SHA384: hashlib.sha384,
    AuthProtocol.SHA512: hashlib.sha512,
}
HASHED_OCTETS = 1 << 20
"""RFC 3414 section A.2: a pass phrase is repeated to this length and hashed."""

KEY_OCTETS = {
    PrivProtocol.DES: 16,
    PrivProtocol.DES3: 32,
    PrivProtocol.AES128: 16,
    PrivProtocol.AES192: 24,
    PrivProtocol.AES256: 32,
    PrivProtocol.AES192_C: 24,
    PrivProtocol.AES256_C: 32,
}
"""Key material of a cipher: of DES and 3DES the last 8 octets are the pre-IV (RFC 3414 section 8.1.1.1)."""
_BLUMENTHAL = frozenset({PrivProtocol.AES192, PrivProtocol.AES256})


def master_key(protocol: AuthProtocol, pass_phrase: bytes) -> bytes:
    """Ku, the same at every engine: about 2 ms of work. Raise ValueError when the pass phrase is empty."""
    if not pass_phrase:
        raise ValueError("a pass phrase is empty")
    repeated = pass_phrase * (HASHED_OCTETS // len(pass_phrase) + 1)
    return HASHES[protocol](repeated[:HASHED_OCTETS]).digest()


def local_key(protocol: AuthProtocol, master: bytes, engine_id: bytes) -> bytes:
    """Kul: the key at one engine."""
    return HASHES[protocol](master + engine_id + master).digest()


def privacy_key(protocol: AuthProtocol, cipher: PrivProtocol, *, local: bytes, engine_id: bytes) -> bytes:
    """As much key material as the cipher takes, from the localised key of the privacy pass phrase.

    Too short a key is lengthened once, which is enough for every pair: `AES-192` and `AES-256` by its own hash
    (draft-blumenthal-aes-usm-04 section 3.1.2.1); `3DES`, `AES-192-C` and `AES-256-C` by taking it for a pass phrase, localised
    again (draft-reeder-snmpv3-usm-3desede-00 section 2.1), which costs the 2 ms of `master_key` at every engine.
    """
    needed = KEY_OCTETS[cipher]
    if len(local) < needed and cipher in _BLUMENTHAL:
        local += HASHES[protocol](local).digest()
    elif len(local) < needed:
        local += local_key(protocol, master_key(protocol, local), engine_id)
    return local[:needed]
