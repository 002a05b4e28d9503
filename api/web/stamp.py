"""What a visitor saw of a case when a form was made. A repeat of the same trouble changes a case's version a hundred times a
minute and nothing that a decision rests on: who saw the rest saw the case."""

import hashlib
import re
from dataclasses import dataclass

from collector.domain.case import Case

_FORM = re.compile(r"([0-9]{1,18})\.([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Stamp:
    """`version` as in If-Match; `mark` is of everything that people decide by."""

    version: int
    mark: str

    def __str__(self) -> str:
        return f"{self.version}.{self.mark}"


def stamp_of(case: Case) -> str:
    return str(Stamp(case.version, mark_of(case)))


def parse_stamp(text: str) -> Stamp | None:
    match = _FORM.fullmatch(text)
    return None if match is None else Stamp(int(match[1]), match[2])


def mark_of(case: Case) -> str:
    """Without occurrences, times of the last notification, and notes."""
    decided_by = (
        case.status.value,
        case.status_by,
        case.severity,
        case.urgency.value,
        case.contained,
        case.level,
        case.needs_triage,
        case.review_for_severity_1,
        case.assignee,
        case.acknowledged_by,
        str(case.confirmed_at),
        str(case.contacted_at),
        str(case.responded_at),
        str(case.cleared_at),
        case.merged_into,
    )
    return hashlib.sha256(repr(decided_by).encode()).hexdigest()[:16]
