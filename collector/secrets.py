"""Secrets at rest: communities and pass phrases, and octets that hold them, are sealed before they are written to the store or
the snapshot. What is sealed and where it lies is the business of those who keep it; where keys come from, of `secret_keys`."""

import base64
import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.config import Settings
from collector.domain.errors import ConfigurationError
from collector.secret_keys import KEY_NAME, keys_of_settings, require_good

HEAD_OCTETS = 5
"""What `sealed_with_first` looks at."""
_FORM = b"\x01"
_TAG = slice(1, 5)
_NONCE = slice(5, 17)
_MESSAGE = slice(17, None)
_REMEDY = (
    "put back the key that sealed it (behind the present one, if that is to replace it); "
    "if it is lost, see `collector secrets forget`"
)


class SecretBox:
    """Seals with the first of `keys`, opens with any of them: a new key is put in front until everything is sealed again.

    AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D section 8.2.2: good for 2^32 sealings with a key). `purpose` (what
    it is, without a zero character) and `owner` (whose it is, in a way that never changes) are authenticated with it: what was
    sealed for one thing or one owner opens nowhere else. Four octets tell the key. A sealed text is ASCII. `origin` says in
    errors where the keys come from.
    """

    def __init__(self, keys: Sequence[str], *, origin: str = KEY_NAME) -> None:
        """Raise ConfigurationError when there is no key, or one is no good."""
        require_good(keys, origin)
        digests = [hashlib.sha256(b"collector secrets\0" + key.encode()).digest() for key in keys]
        self._ciphers = {hashlib.sha256(digest).digest()[:4]: AESGCM(digest) for digest in reversed(digests)}
        self._first = hashlib.sha256(digests[0]).digest()[:4]
        self._origin = origin

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """With the keys that the settings name, else of `<data_dir>/secret.key`. Raise ConfigurationError when there are none or
        they cannot be read."""
        keys, origin = keys_of_settings(settings)
        return cls(keys, origin=origin)

    def seal(self, plain: bytes, purpose: str, owner: str) -> bytes:
        nonce = os.urandom(12)
        return _FORM + self._first + nonce + self._ciphers[self._first].encrypt(nonce, plain, _bound_to(purpose, owner))

    def open(self, sealed: bytes, purpose: str, owner: str) -> bytes:
        """Raise ConfigurationError when none of the keys fits, the octets were changed, or it was sealed for something else."""
        cipher = self._ciphers.get(sealed[_TAG])
        if sealed[:1] != _FORM or len(sealed) < _MESSAGE.start:
            raise self._damaged(purpose)
        if cipher is None:
            raise ConfigurationError(f"{self._origin}: {_a(purpose)} was sealed with another key; {_REMEDY}")
        with suppress(InvalidTag):
            return cipher.decrypt(sealed[_NONCE], sealed[_MESSAGE], _bound_to(purpose, owner))
        raise self._damaged(purpose)

    def seal_text(self, plain: bytes, purpose: str, owner: str) -> str:
        return base64.b64encode(self.seal(plain, purpose, owner)).decode("ascii")

    def open_text(self, sealed: str, purpose: str, owner: str) -> bytes:
        """Raise ConfigurationError as `open` does."""
        octets = _octets(sealed)
        if octets is None:
            raise self._damaged(purpose)
        return self.open(octets, purpose, owner)

    def sealed_with_first(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        return sealed[:1] == _FORM and sealed[_TAG] == self._first

    def text_sealed_with_first(self, sealed: str) -> bool:
        """The same of a sealed text; a damaged one is not."""
        octets = _octets(sealed)
        return octets is not None and self.sealed_with_first(octets)

    def _damaged(self, purpose: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._origin}: {_a(purpose)} that was sealed is damaged, or is another's; bring back a backup, or go on "
            "without it: see `collector secrets forget`"
        )


def _a(purpose: str) -> str:
    return f"{'an' if purpose.startswith(tuple('aeio')) else 'a'} {purpose}"


def _bound_to(purpose: str, owner: str) -> bytes:
    return f"{purpose}\0{owner}".encode()


def _octets(sealed: str) -> bytes | None:
    try:
        return base64.b64decode(sealed, validate=True)
    except ValueError:
        return None
