"""Encryption of scoped PDUs: CBC-DES (RFC 3414 section 8), 3DES-EDE (draft-reeder-snmpv3-usm-3desede-00 section 5) and CFB128-AES
(RFC 3826, draft-blumenthal-aes-usm-04). Which octets are keys is in `usm_keys`."""

import secrets
from itertools import count
from typing import NamedTuple, TypeAlias

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from collector.domain.snmp_access import PrivProtocol

SALT_OCTETS = 8
_DES_BLOCK = 8
_AES_BLOCK = 16
_PADDING = tuple(bytes(octets) for octets in range(_AES_BLOCK))


class Salts:
    """Numbers that do not come twice: 64 bits from a random one on (RFC 3826 section 3.1.2.1). For any number of threads."""

    def __init__(self) -> None:
        self._numbers = count(secrets.randbits(64))

    def next(self) -> int:
        return next(self._numbers) & 0xFFFFFFFFFFFFFFFF


class Sealed(NamedTuple):
    """`salt` goes into msgPrivacyParameters, `body` into the message's OCTET STRING."""

    salt: bytes
    body: bytes


class AesCipher:
    """One key. `open` is for one thread at a time.

    A mode with feedback finds its place again after one block of ciphertext. So the IV goes in as the block before the message,
    and one decryptor serves all messages of the key, in a tenth of the time of making a new one for each.
    """

    __slots__ = ("_algorithm", "_decryptor")

    def __init__(self, key: bytes) -> None:
        self._algorithm = AES(key)
        self._decryptor = Cipher(self._algorithm, CFB(bytes(_AES_BLOCK))).decryptor()

    def open(self, body: bytes, *, boots: int, time: int, salt: bytes) -> bytes | None:
        """The plaintext, or None when the octets cannot be the ciphertext of anything."""
        if len(salt) != SALT_OCTETS:
            return None
        octets = len(body)
        initial = (boots << 32 | time).to_bytes(8, "big") + salt
        whole = self._decryptor.update(b"".join((initial, body, _PADDING[-octets % _AES_BLOCK])))
        return whole[_AES_BLOCK : _AES_BLOCK + octets]

    def seal(self, plain: bytes, *, boots: int, time: int, number: int) -> Sealed:
        """`number`: of `Salts`."""
        salt = number.to_bytes(SALT_OCTETS, "big")
        encryptor = Cipher(self._algorithm, CFB((boots << 32 | time).to_bytes(8, "big") + salt)).encryptor()
        return Sealed(salt, encryptor.update(plain) + encryptor.finalize())


class DesCipher:
    """One key of DES or 3DES, followed by its pre-IV; the IV is the exclusive or of that and the salt. `open` is for one
    thread at a time; as to its decryptor, see `AesCipher`."""

    __slots__ = ("_algorithm", "_decryptor", "_pre_iv")

    def __init__(self, material: bytes) -> None:
        key, pre_iv = material[:-_DES_BLOCK], material[-_DES_BLOCK:]
        # With three equal keys 3DES is DES.
        self._algorithm = TripleDES(key * 3 if len(key) == _DES_BLOCK else key)
        self._pre_iv = int.from_bytes(pre_iv, "big")
        self._decryptor = Cipher(self._algorithm, CBC(bytes(_DES_BLOCK))).decryptor()

    def open(self, body: bytes, *, boots: int, time: int, salt: bytes) -> bytes | None:  # noqa: ARG002 - as AesCipher
        """The plaintext with its padding, or None when the octets cannot be the ciphertext of anything."""
        if len(salt) != SALT_OCTETS or len(body) % _DES_BLOCK:
            return None
        return self._decryptor.update(self._initial(salt) + body)[_DES_BLOCK:]

    def seal(self, plain: bytes, *, boots: int, time: int, number: int) -> Sealed:  # noqa: ARG002 - as AesCipher
        """The salt is the boots and the lower half of `number` (RFC 3414 section 8.1.1.1)."""
        salt = (boots << 32 | number & 0xFFFFFFFF).to_bytes(SALT_OCTETS, "big")
        encryptor = Cipher(self._algorithm, CBC(self._initial(salt))).encryptor()
        return Sealed(salt, encryptor.update(plain + bytes(-len(plain) % _DES_BLOCK)) + encryptor.finalize())

    def _initial(self, salt: bytes) -> bytes:
        return (self._pre_iv ^ int.from_bytes(salt, "big")).to_bytes(_DES_BLOCK, "big")


PrivacyCipher: TypeAlias = AesCipher | DesCipher


def cipher_of(protocol: PrivProtocol, material: bytes) -> PrivacyCipher:
    """With the key material of `usm_keys.privacy_key`."""
    return DesCipher(material) if protocol in (PrivProtocol.DES, PrivProtocol.DES3) else AesCipher(material)
