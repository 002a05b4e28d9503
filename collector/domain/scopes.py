"""What an API key may do: the list, its meaning, and the one question asked of it. Who holds which key is the store's part."""

from collections.abc import Set as AbstractSet
from enum import StrEnum

from collector.domain.errors import Rejected


class Scope(StrEnum):
    """One right. `all` is every other one, those that come later included."""

    ALL = "all"
    CASES_READ = "cases:read"
    CASES_WRITE = "cases:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    SOURCES_READ = "sources:read"
    ENGINES_READ = "engines:read"
    ENGINES_WRITE = "engines:write"
    LEDGER_READ = "ledger:read"
    HANDOFF_READ = "handoff:read"
    TICKETS_WRITE = "tickets:write"


MEANINGS = {
    Scope.ALL: "everything",
    Scope.CASES_READ: "list and read cases, their history and their notifications",
    Scope.CASES_WRITE: "acknowledge, note, pend, resume, resolve, close and reopen cases",
    Scope.NOTIFICATIONS_READ: "list and read notifications, their original bytes and why they became what they are",
    Scope.NOTIFICATIONS_WRITE: "process notifications again that are in quarantine or were over a customer's rate",
    Scope.SOURCES_READ: "list sources and how each is known, without communities and pass phrases",
    Scope.ENGINES_READ: "list the SNMPv3 engines that speak for consoles",
    Scope.ENGINES_WRITE: "approve and forget SNMPv3 engines, and process again what waited for it",
    Scope.LEDGER_READ: "read the ledger",
    Scope.HANDOFF_READ: "read the feed of messages about cases",
    Scope.TICKETS_WRITE: "say which ticket a case has and what happened to it",
}
"""Scope → what it allows, in the order of the documentation."""


def parse_scopes(text: str) -> frozenset[str]:
    """Words of a comma list such as `cases:read,cases:write`. Raise Rejected when one is unknown or none is there."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in MEANINGS]
    if unknown or not words:
        told = f"{unknown[0]!r} is not a scope" if unknown else "no scope is named"
        raise Rejected(f"{told}; scopes are {', '.join(MEANINGS)}")
    return frozenset(words)


def allows(held: AbstractSet[str], wanted: Scope) -> bool:
    """Whether somebody with the scopes `held` may do `wanted`."""
    return Scope.ALL in held or wanted in held
