"""What ticketing is told about a case: the types of messages and which change of a case is which. The body is made in
collector.handoff, delivery is the hand-off's own work."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from collector.domain.case import Verdict
from collector.domain.errors import Rejected
from collector.domain.ids import ExternalKey

API_VERSION = "1"
"""Of the body; fields are only ever added within it."""
PULL = "pull"
"""The built-in destination: readers of the feed, and keys that are bound to no other."""
_DESTINATION = re.compile(r"[a-z][a-z0-9-]{0,31}")


def checked_destination(name: str) -> str:
    """The name itself. Raise Rejected when it has not the form of one."""
    if not _DESTINATION.fullmatch(name):
        raise Rejected(
            f"a destination is named in lower case letters, digits and -, at most 32, a letter first; not {name[:40]!r}"
        )
    return name


class MessageType(StrEnum):
    OPENED = "case.opened"
    SEVERITY_CHANGED = "case.severity_changed"
    NOTED = "case.noted"
    ACKNOWLEDGED = "case.acknowledged"
    ASSIGNED = "case.assigned"
    LEVEL_CHANGED = "case.level_changed"
    CONTACTED = "case.contacted"
    RESPONDED = "case.responded"
    CONTAINED = "case.contained"
    REOPENED = "case.reopened"
    DEADLINE_AT_RISK = "case.deadline_at_risk"
    DEADLINE_BREACHED = "case.deadline_breached"
    CLEARED = "case.cleared"
    RELAPSED = "case.relapsed"
    CLOSED = "case.closed"
    MERGED = "case.merged"


TOLD = {
    Verdict.OPENED: MessageType.OPENED,
    Verdict.RAISED: MessageType.SEVERITY_CHANGED,
    Verdict.CLEARED: MessageType.CLEARED,
    Verdict.REOPENED: MessageType.REOPENED,
    Verdict.ACKNOWLEDGED: MessageType.ACKNOWLEDGED,
    Verdict.ASSIGNED: MessageType.ASSIGNED,
    Verdict.CONTACTED: MessageType.CONTACTED,
    Verdict.RESPONDED: MessageType.RESPONDED,
    Verdict.CONFIRMED: MessageType.NOTED,
    Verdict.SEVERITY_SET: MessageType.SEVERITY_CHANGED,
    Verdict.ESCALATED: MessageType.LEVEL_CHANGED,
    Verdict.PENDED: MessageType.NOTED,
    Verdict.RESUMED: MessageType.NOTED,
    Verdict.RESOLVED: MessageType.NOTED,
    Verdict.CLOSED: MessageType.CLOSED,
    Verdict.MERGED: MessageType.MERGED,
    Verdict.UNMERGED: MessageType.REOPENED,
    Verdict.NOTED: MessageType.NOTED,
    Verdict.DEADLINE_AT_RISK: MessageType.DEADLINE_AT_RISK,
    Verdict.DEADLINE_BREACHED: MessageType.DEADLINE_BREACHED,
}
"""Changes worth a message at once. Where one type stands for several, the body's `change.what` is the verdict. Repeats are told
together after a while, contained threats only when they grow."""


def message_id(external_key: ExternalKey, seq: int) -> str:
    """`msg_<ULID of the case>_<seq>`: the same on every attempt and after every restart."""
    return f"msg_{external_key.rpartition('-')[2]}_{seq}"


@dataclass(frozen=True, slots=True)
class Told:
    """One message that the change causes: its type, its place among the case's messages, and what is said to have changed."""

    type: MessageType
    seq: int
    at: datetime
    what: Verdict
    by: str
    text: str | None
    detail: Mapping[str, str | int | bool | None]
