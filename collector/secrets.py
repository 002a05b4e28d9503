"""Secrets at rest: communities and pass phrases, and octets that hold them, are sealed before they are written to the store or
the snapshot. The key comes from a file or the environment and is never written beside what it seals."""

import base64
import hashlib
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from collector.config import Settings
from collector.domain.errors import ConfigurationError

SHORTEST_KEY = 32
"""Characters of a key; a made one has 43 and 256 random bits."""
_FORM = b"\x01"
_TAG = slice(1, 5)
_NONCE = slice(5, 17)
_MESSAGE = slice(17, None)


class SecretBox:
    """Seals with the first of `keys`, opens with any of them: a new key is put in front until everything is sealed again.

    AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D); `purpose` is authenticated with it, so that what was sealed for
    one thing cannot be put in the place of another. A sealed text is ASCII.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Raise ConfigurationError when there is no key, or one is too short."""
        if not keys or any(len(key) < SHORTEST_KEY for key in keys):
            raise ConfigurationError(f"[secrets] key: a key has at least {SHORTEST_KEY} characters")
        digests = [hashlib.sha256(b"collector secrets\0" + key.encode()).digest() for key in keys]
        self._ciphers = {hashlib.sha256(digest).digest()[:4]: AESGCM(digest) for digest in reversed(digests)}
        self._first = hashlib.sha256(digests[0]).digest()[:4]

    @classmethod
    def of_settings(cls, settings: Settings) -> Self:
        """With the keys of the settings, else of `<data_dir>/secret.key`, which is made when it is missing (mode 0600).

        Raise ConfigurationError when they cannot be read.
        """
        given = settings.secrets.key.get_secret_value()
        return cls((given or _own_key(settings.secret_key_file)).split())

    def seal(self, plain: bytes, purpose: str) -> bytes:
        nonce = os.urandom(12)
        return _FORM + self._first + nonce + self._ciphers[self._first].encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Raise ConfigurationError when none of the keys fits or the octets were changed."""
        cipher = self._ciphers.get(sealed[_TAG])
        if sealed[:1] == _FORM and cipher is not None:
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(sealed[_NONCE], sealed[_MESSAGE], purpose.encode())
        raise ConfigurationError(f"[secrets] key: a {purpose} in the store was sealed with another key")

    def seal_text(self, plain: bytes, purpose: str) -> str:
        return base64.b64encode(self.seal(plain, purpose)).decode("ascii")

    def open_text(self, sealed: str, purpose: str) -> bytes:
        """Raise ConfigurationError as `open` does."""
        with suppress(ValueError):
            return self.open(base64.b64decode(sealed, validate=True), purpose)
        raise ConfigurationError(f"[secrets] key: a {purpose} in the store is damaged")

    def sealed_with_first(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        return sealed[:1] == _FORM and sealed[_TAG] == self._first


def _own_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return _make_key(path)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: the key of the secrets cannot be read: {error}") from error


def _make_key(path: Path) -> str:
    """A link that must not exist yet decides between two roles that start together."""
    temporary = path.with_suffix(f".{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
        temporary.unlink()
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigurationError(f"{path}: the key of the secrets cannot be made: {error.strerror}") from error
