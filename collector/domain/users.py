"""People who sign in on the page: what they may do, and which names and passwords they may have. Pure; hashing is
collector.passwords', sessions are the store's."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from collector.domain.errors import Rejected

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256
"""In characters. The hash takes any length; a bound keeps one request from costing more than another."""
LONGEST_FULL_NAME = 80
SESSION_LASTS = timedelta(hours=12)
"""A working day; nobody is signed out in the middle of a shift, and a forgotten browser is worth nothing the next morning."""
_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")


class UserRole(StrEnum):
    """`engineer` reads and acts, `viewer` reads."""

    ENGINEER = "engineer"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a name. `language` is `es` or `en`; `disabled_at` says since when they may not sign in."""

    id: int
    name: str
    full_name: str
    role: UserRole
    language: str
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def may_act(self) -> bool:
        return self.role is UserRole.ENGINEER

    @property
    def actor(self) -> str:
        """How the log of a case names them."""
        return f"user:{self.name}"


def check_name(name: str) -> str:
    """The name itself. Raise Rejected: it stands in logs, addresses and histories, where only one spelling may exist."""
    if not _NAME.fullmatch(name):
        raise Rejected(f"a user's name has small letters, digits, . _ and -, a letter first, at most 32; not {name!r}")
    return name


def check_password(password: str) -> str:
    """The password itself. Raise Rejected when it is too short or too long; it is never repeated in a message."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Rejected(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password
