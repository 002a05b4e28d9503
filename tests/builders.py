"""Cases, signals and sources for tests: complete values, of which a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.domain.calendar import SpecialDay, WorkingCalendar
from collector.domain.case import Case, CaseStatus
from collector.domain.clocks import Promise
from collector.domain.ids import CaseId, CustomerId, ExternalKey, SourceId
from collector.domain.registry import Customer, Source
from collector.domain.signal import CaseKind, MatchedCondition, Signal, SignalType, Urgency, Words
from collector.domain.sla import SlaTargets
from collector.domain.snmp_access import SnmpAccess
from collector.domain.terms import Terms
from collector.domain.trust import Trust
from collector.domain.working_hours import WeeklyHours
from collector.secrets import SecretBox

KEY = "a-key-of-the-tests-long-enough-for-it"
BOX = SecretBox([KEY])
"""Every test store is sealed with it."""
NOON = datetime(2026, 3, 17, 12, 0, tzinfo=UTC)


def after(*, minutes: float = 0, seconds: float = 0) -> datetime:
    """So long after noon."""
    return NOON + timedelta(minutes=minutes, seconds=seconds)


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment
        self.passed = timedelta()

    def move(self, step: timedelta) -> None:
        self.moment += step
        self.passed += step

    def now(self) -> datetime:
        return self.moment

    def now_ns(self) -> int:
        return nanoseconds(self.moment)

    def monotonic_ns(self) -> int:
        return self.passed // timedelta(microseconds=1) * 1_000


def a_calendar(*days: SpecialDay, hours: str = "09:00-17:00", zone: str = "America/Argentina/Buenos_Aires") -> WorkingCalendar:
    """Monday to Friday, without holidays but the given ones."""
    return WorkingCalendar(
        "TEST",
        zone=ZoneInfo(zone),
        hours=WeeklyHours.on_weekdays(hours),
        days=days,
        known_from=date(2020, 1, 1),
        known_until=date(2035, 12, 31),
    )


TERMS = Terms(Promise(a_calendar(), SlaTargets()), "es", "https://collector.test")


def nanoseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1_000


def words(text: str) -> Words:
    return Words(es=f"{text} (es)", en=f"{text} (en)")


_CASE = Case(
    id=CaseId(7),
    external_key=ExternalKey("TST-01HZXB3V5K8C9YQ2M4N6P7R8ST"),
    customer_id=CustomerId(2),
    customer_code="ACME",
    key="v1:pack:disk:host-1",
    kind=CaseKind.SEVERITY_CASE,
    severity=3,
    urgency=Urgency.NORMAL,
    contained=False,
    status=CaseStatus.OPEN,
    level=1,
    trust=Trust.SPOOFABLE,
    needs_triage=False,
    review_for_severity_1=False,
    title=words("title"),
    summary=words("summary"),
    steps=words("steps"),
    product="product",
    pack="pack",
    rule="disk-full",
    rule_version="abc",
    source_id=SourceId(1),
    source_name="console-1",
    channel="snmp",
    host="host-1",
    source_severity="CRITICAL",
    fields={"host": "host-1"},
    opened_at=NOON,
    last_seen_at=NOON,
    occurrences=1,
)


def a_case(**changes: Any) -> Case:
    return replace(_CASE, **changes)


def a_threat(**changes: Any) -> Case:
    return replace(_CASE, **{"kind": CaseKind.THREAT_INCIDENT, "severity": None, **changes})


def a_full_case(**changes: Any) -> Case:
    """Every field differs from its default and from every other."""
    everything = {
        "severity": 2,
        "urgency": Urgency.HIGH,
        "status": CaseStatus.RESOLVED,
        "level": 3,
        "trust": Trust.ENCRYPTED,
        "needs_triage": True,
        "review_for_severity_1": True,
        "fields": {"host": "host-1", "text": 'line\n"quoted" ñ \U0001f600'},
        "opened_at": after(seconds=0.000_001),
        "last_seen_at": after(minutes=1),
        "occurrences": 5_000_000_000,
        "cleared_at": after(minutes=2),
        "acknowledged_at": after(minutes=3),
        "acknowledged_by": "key:bridge",
        "resolved_at": after(minutes=4),
        "closed_at": after(minutes=5),
        "close_reason": "done",
        "quiet_close": timedelta(hours=24),
        "matched": (MatchedCondition("selection", "host", "equals host-1", "host-1"),),
        "previous_case": ExternalKey("TST-01HZXB3V5K8C9YQ2M4N6P7R8SA"),
        "merged_into": ExternalKey("TST-01HZXB3V5K8C9YQ2M4N6P7R8SB"),
        "status_by": "user:ana",
        "pended_at": after(minutes=6),
        "assignee": "bruno",
        "confirmed_at": after(minutes=7),
        "contacted_at": after(minutes=8),
        "responded_at": after(minutes=9),
        "due_at": after(minutes=10),
        "handed_seq": 6_000_000_000,
        "note_due_at": after(minutes=11),
        "noted_occurrences": 7_000_000_000,
        "version": 41,
    }
    return a_case(**{**everything, **changes})


_SIGNAL = Signal(
    type=SignalType.RAISE,
    key=_CASE.key,
    kind=CaseKind.SEVERITY_CASE,
    severity=3,
    urgency=Urgency.NORMAL,
    contained=False,
    review_for_severity_1=False,
    title=words("title"),
    summary=words("summary"),
    steps=words("steps"),
    rule="disk-full",
    rule_version="abc",
    pack="pack",
    product="product",
    host="host-1",
)


def a_signal(**changes: Any) -> Signal:
    return replace(_SIGNAL, **changes)


def a_clear(**changes: Any) -> Signal:
    return replace(_SIGNAL, **{"type": SignalType.CLEAR, "rule": "disk-fine", **changes})


def a_threat_signal(**changes: Any) -> Signal:
    return replace(_SIGNAL, **{"kind": CaseKind.THREAT_INCIDENT, "severity": None, **changes})


def a_source(number: int = 1, **changes: Any) -> Source:
    """A console that may send traps (community `s3cret`, from 192.0.2.0/24) and mails."""
    access = SnmpAccess.with_community("v2c", b"s3cret", ["192.0.2.0/24"])
    customer = Customer(CustomerId(2), "ACME", "Acme S.A.")
    return replace(Source(SourceId(number), customer, f"console-{number}", ("product",), "acme", access), **changes)


REPOSITORY = Path(__file__).parents[1]
