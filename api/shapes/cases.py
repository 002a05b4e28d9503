"""Cases as the API shows them: read what a page needs in a few statements, then put it into the published shape."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from api.schemas.cases import CaseView, LogLine
from api.tools import ApiTools
from collector.domain.case import Case
from collector.domain.contents import whole_text
from collector.domain.deadline import Deadline
from collector.domain.ids import CaseId, CustomerId, NotificationId
from collector.domain.registry import Customer
from collector.handoff.body import EVIDENCE_SHOWN, HIDDEN, Original, case_of
from collector.pipeline.inspection import Content
from collector.store.case_log import LogEntry
from collector.store.deadlines import read_deadlines
from collector.store.engine import Connection
from collector.store.notifications import Notification, newest_of_cases
from collector.store.registry import load_customers
from collector.store.tickets import Ticket, find_tickets

EVIDENCE_IN_LISTS = 3
"""In a list of a hundred cases the whole evidence would be two thousand notifications."""


class CaseShaper:
    """Shapes cases in one language."""

    def __init__(self, tools: ApiTools, language: str) -> None:
        self._tools = tools
        self._language = language

    def page(self, connection: Connection, cases: Sequence[Case]) -> list[CaseView]:
        """Evidence as the store knows it: no original is read."""
        around = _around(connection, cases, each=EVIDENCE_IN_LISTS)
        return [self._shape(case, around, {}) for case in cases]

    def brief(self, case: Case) -> CaseView:
        """One case as lists show it, in a transaction of its own: who acts on a case wants to know that it is done. Raise
        Unavailable."""
        with self._tools.store.read() as connection:
            return self.page(connection, [case])[0]

    def single(self, case: Case) -> CaseView:
        """With evidence from the originals, in a transaction of its own. Raise Unavailable."""
        with self._tools.store.read() as connection:
            around = _around(connection, [case], each=EVIDENCE_SHOWN)
        contents = self._tools.inspector.contents([one.id for one in around.evidence.get(case.id, [])])
        return self._shape(case, around, contents)

    def _shape(self, case: Case, around: "_Around", contents: Mapping[NotificationId, Content]) -> CaseView:
        shown = case_of(
            case,
            customer=around.customers[case.customer_id],
            evidence=around.evidence.get(case.id, []),
            originals={one: Original(content.payload, whole_text(content.decoded)) for one, content in contents.items()},
            deadlines=around.deadlines.get(case.id, []),
            ticket=around.tickets.get(case.id),
            terms=self._tools.terms,
            language=self._language,
        )
        return CaseView.model_validate({**shown, **_for_people(case)})


def _for_people(case: Case) -> dict[str, object]:
    """What the API shows beyond a message's case."""
    return {
        "needs_triage": case.needs_triage,
        "matched": [asdict(condition) for condition in case.matched],
        "source_severity": case.source_severity,
        "acknowledged_at": case.acknowledged_at,
        "acknowledged_by": case.acknowledged_by,
        "confirmed_at": case.confirmed_at,
        "contacted_at": case.contacted_at,
        "responded_at": case.responded_at,
        "resolved_at": case.resolved_at,
        "closed_at": case.closed_at,
        "close_reason": case.close_reason,
        "status_by": case.status_by or None,
        "merged_into": case.merged_into,
        "version": case.version,
    }


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a page of cases, by case or customer."""

    customers: Mapping[CustomerId, Customer]
    evidence: Mapping[int, list[Notification]]
    deadlines: Mapping[CaseId, list[Deadline]]
    tickets: Mapping[CaseId, Ticket]


def _around(connection: Connection, cases: Sequence[Case], *, each: int) -> _Around:
    ids = [case.id for case in cases]
    return _Around(
        load_customers(connection, [case.customer_id for case in cases]),
        newest_of_cases(connection, ids, each=each),
        read_deadlines(connection, ids),
        find_tickets(connection, ids),
    )


def log_line(entry: LogEntry) -> LogLine:
    return LogLine(
        at=entry.at,
        verdict=entry.verdict,
        actor=entry.actor,
        count=entry.count,
        notification=entry.notification,
        text=entry.text,
        detail={name: value for name, value in entry.detail.items() if name not in HIDDEN},
    )
