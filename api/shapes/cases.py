"""Cases as the API shows them: read what a page needs in a few statements, then put it into the published shape."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from api.schemas.cases import CaseView, CustomerView, EvidenceView, LogLine, MatchedView, SourceView, ThreatView
from api.shapes.notifications import whole_text
from api.tools import ApiTools
from api.wording import summary_of
from collector.domain.case import Case
from collector.domain.ids import CustomerId, NotificationId
from collector.domain.registry import Customer
from collector.domain.signal import CaseKind
from collector.pipeline.draft import TEXT_SHOWN
from collector.pipeline.inspection import Content
from collector.store.case_log import LogEntry
from collector.store.engine import Connection
from collector.store.notifications import Notification, newest_of_cases
from collector.store.registry import load_customers

EVIDENCE_SHOWN = 20
EVIDENCE_IN_LISTS = 3
"""In a list of a hundred cases the whole evidence would be two thousand notifications."""
EVIDENCE_OCTETS = 2048
"""How much of a text is evidence; more would make an answer large and a ticket unreadable."""
_HIDDEN = ("request", "request_content")
"""Digests in log entries that make repeated requests known: nothing for readers."""


class CaseShaper:
    """Shapes cases in one language."""

    def __init__(self, tools: ApiTools, language: str) -> None:
        self._tools = tools
        self._language = language

    def page(self, connection: Connection, cases: Sequence[Case]) -> list[CaseView]:
        """Evidence as the store knows it: no original is read."""
        customers, evidence = _around(connection, cases, each=EVIDENCE_IN_LISTS)
        return [self._shape(case, customers, evidence.get(case.id, []), {}) for case in cases]

    def brief(self, case: Case) -> CaseView:
        """One case as lists show it, in a transaction of its own: who acts on a case wants to know that it is done. Raise
        Unavailable."""
        with self._tools.store.read() as connection:
            return self.page(connection, [case])[0]

    def single(self, case: Case) -> CaseView:
        """With evidence from the originals, in a transaction of its own. Raise Unavailable."""
        with self._tools.store.read() as connection:
            customers, evidence = _around(connection, [case], each=EVIDENCE_SHOWN)
        shown = evidence.get(case.id, [])
        contents = self._tools.inspector.contents([notification.id for notification in shown])
        return self._shape(case, customers, shown, contents)

    def _shape(
        self,
        case: Case,
        customers: Mapping[CustomerId, Customer],
        evidence: Sequence[Notification],
        contents: Mapping[NotificationId, Content],
    ) -> CaseView:
        language = self._language
        customer = customers[case.customer_id]
        return CaseView(
            external_key=case.external_key,
            url=f"{self._tools.public_url}/cases/{case.external_key}",
            kind=case.kind,
            urgency=case.urgency,
            severity=case.severity,
            rank=case.rank,
            contained=case.contained,
            status=case.status,
            level=case.level,
            trust=case.trust.word,  # type: ignore[arg-type]  # the schema spells the words out
            review_for_severity_1=case.review_for_severity_1,
            needs_triage=case.needs_triage,
            title=case.title.in_language(language),
            summary=summary_of(case, language),
            steps=case.steps.in_language(language),
            customer=CustomerView(code=customer.code, name=customer.name, language=customer.language),
            host=case.host,
            product=case.product,
            threat=_threat(case),
            source=SourceView(
                name=case.source_name or None, channel=case.channel, rule=case.rule, rule_version=case.rule_version
            ),
            matched=[MatchedView(**asdict(condition)) for condition in case.matched],
            source_severity=case.source_severity,
            opened_at=case.opened_at,
            last_seen_at=case.last_seen_at,
            occurrences=case.occurrences,
            cleared_at=case.cleared_at,
            acknowledged_at=case.acknowledged_at,
            acknowledged_by=case.acknowledged_by,
            resolved_at=case.resolved_at,
            closed_at=case.closed_at,
            close_reason=case.close_reason,
            status_by=case.status_by or None,
            evidence=[self._evidence(one, contents.get(one.id)) for one in evidence],
            previous_case=case.previous_case,
            merged_into=case.merged_into,
            version=case.version,
        )

    def _evidence(self, notification: Notification, content: Content | None) -> EvidenceView:
        text, truncated = _cut(notification, content)
        return EvidenceView(
            id=str(notification.id),
            at=notification.received_at,
            channel=notification.transport.value,
            text=text,
            truncated=truncated,
            url=f"{self._tools.public_url}/notifications/{notification.id}",
            sha256=hashlib.sha256(content.payload).hexdigest() if content else None,
            bytes=len(content.payload) if content else None,
        )


def _around(
    connection: Connection, cases: Sequence[Case], *, each: int
) -> tuple[Mapping[CustomerId, Customer], Mapping[int, list[Notification]]]:
    customers = load_customers(connection, [case.customer_id for case in cases])
    return customers, newest_of_cases(connection, [case.id for case in cases], each=each)


def _cut(notification: Notification, content: Content | None) -> tuple[str, bool]:
    """The text and whether something of it is missing."""
    whole = whole_text(content) if content else None
    if whole is None:
        return notification.text, len(notification.text) >= TEXT_SHOWN
    octets = whole.encode()
    if len(octets) <= EVIDENCE_OCTETS:
        return whole, False
    return octets[:EVIDENCE_OCTETS].decode("utf-8", "ignore"), True


def _threat(case: Case) -> ThreatView | None:
    if case.kind is not CaseKind.THREAT_INCIDENT:
        return None
    fields = case.fields
    path = fields.get("path") or fields.get("file")
    return ThreatView(risk=fields.get("risk"), action=fields.get("action"), path=path, sha256=fields.get("sha256"))


def log_line(entry: LogEntry) -> LogLine:
    return LogLine(
        at=entry.at,
        verdict=entry.verdict,
        actor=entry.actor,
        count=entry.count,
        notification=entry.notification,
        text=entry.text,
        detail={name: value for name, value in entry.detail.items() if name not in _HIDDEN},
    )
