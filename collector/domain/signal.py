"""What the rules say about one notification: recognised kind, fields, and the signal if a rule wanted it."""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from collector.domain.outcome import Outcome, Reason


class CaseKind(StrEnum):
    THREAT_INCIDENT = "threat_incident"
    SEVERITY_CASE = "severity_case"


class Urgency(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class SignalType(StrEnum):
    """What the signal does to the case of its key."""

    RAISE = "raise"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Words:
    """One text for people in the service's languages."""

    es: str
    en: str

    def in_language(self, language: str) -> str:
        """Spanish unless English was asked for."""
        return self.en if language == "en" else self.es


@dataclass(frozen=True, slots=True)
class Signal:
    """The verdict of one rule on one notification.

    `key` is the correlation key, `v1:<pack>:<part>:<part>`, parts escaped so that a value cannot imitate another key.
    `severity` is 1-4 for severity cases and None for threat incidents. `quiet_close`: the case closes itself after that long
    without another notification.
    """

    type: SignalType
    key: str
    kind: CaseKind
    severity: int | None
    urgency: Urgency
    contained: bool
    review_for_severity_1: bool
    title: Words
    summary: Words
    steps: Words
    rule: str
    rule_version: str
    pack: str
    product: str
    host: str | None = None
    source_severity: str | None = None
    quiet_close: timedelta | None = None
    needs_triage: bool = False


@dataclass(frozen=True, slots=True)
class MatchedCondition:
    """One condition that held, for `explain`: the field, the test as written in the rule, the value that met it."""

    selection: str
    field: str
    test: str
    value: str


@dataclass(frozen=True, slots=True)
class Classified:
    """One notification after recognition and rules. `row` counts from 1 where one item holds several notifications, else 0.

    `outcome` is `case` (then `signal` is set), `informational`, `suppressed`, `unmatched` or, of people's mails, `loop`.
    `notification` is the kind's name, empty when no kind was recognised.
    """

    row: int
    outcome: Outcome
    reason: Reason
    pack: str
    product: str
    notification: str
    fields: dict[str, str]
    rule: str = ""
    rule_version: str = ""
    signal: Signal | None = None
    matched: tuple[MatchedCondition, ...] = field(default=())
    detail: str = ""
