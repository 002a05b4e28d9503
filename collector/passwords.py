"""Passwords as argon2id hashes (RFC 9106): the only module that knows the algorithm. Who may sign in is decided elsewhere."""

from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
"""19 MiB, two passes, one lane: OWASP's first choice for a server that verifies beside other work."""
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$nQ3ZVA0OiX8zYAVRWmDbgmW3iHkbVo0hnHAyd2P0tVk"
"""The hash of no known password: verifying it costs what verifying a real one costs."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether the password fits, and its hash by today's parameters where that differs from the stored one."""

    fits: bool
    new_hash: str | None = None


def hash_password(password: str) -> str:
    """A new hash with its own salt; takes about 20 ms and 19 MiB."""
    return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> Verified:
    """None is the hash of somebody unknown: never fits, and costs the same time."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return Verified(fits=False)
    if password_hash is None:
        return Verified(fits=False)
    return Verified(fits=True, new_hash=_HASHER.hash(password) if _HASHER.check_needs_rehash(password_hash) else None)
