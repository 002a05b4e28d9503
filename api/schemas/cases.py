"""Cases, their history and what people ask to be done to them. What is not known yet is null or an empty list."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from api.schemas.common import Moment, View
from api.text import printable, printable_line
from collector.domain.case import CaseStatus, Verdict
from collector.domain.deadline import DeadlineName, DeadlineState
from collector.domain.signal import CaseKind, Urgency

Trust = Literal["spoofable", "authenticated", "encrypted"]


class CustomerView(View):
    code: str
    name: str
    support_id: str | None = None
    language: str
    contacts: tuple[dict[str, str], ...] = ()
    account_manager: str | None = None
    technical_account_manager: str | None = None


class ThreatView(View):
    """Indicators of a threat incident, as the console named them."""

    risk: str | None
    action: str | None
    path: str | None
    sha256: str | None


class SourceView(View):
    """The console, the channel of the first notification, and the rule that opened the case."""

    name: str | None
    channel: str
    rule: str
    rule_version: str


class MatchedView(View):
    """A condition of the rule that held when the case opened: the field, the test as written, the value that met it."""

    selection: str
    field: str
    test: str
    value: str


class EvidenceView(View):
    """One notification of the case. `sha256` and `bytes` tell of the original; null in lists and where it is no longer kept."""

    id: str
    at: Moment
    channel: str
    text: str
    truncated: bool
    url: str
    sha256: str | None
    bytes: int | None


class DeadlineView(View):
    """A promised time. `start` is the first working moment that counts; `due_at` is null while the case waits for the customer;
    `severity` is the one that the time belongs to; `late`: its time was over before it was done."""

    name: DeadlineName
    severity: int | None
    start: Moment
    due_at: Moment | None
    provisional: bool
    calendar: str
    state: DeadlineState
    late: bool


class TicketFieldsView(View):
    """The fields of the service's portal."""

    manufacturer: str
    platform: str | None
    platform_version: str | None
    priority: int | None


class TicketView(View):
    """The ticketing backend's record of the case. `number` is what people say, `id` what its API wants."""

    number: str
    url: str | None
    id: str | None


class CaseView(View):
    external_key: str
    url: str
    kind: CaseKind
    urgency: Urgency
    severity: int | None
    rank: int
    contained: bool
    status: CaseStatus
    level: int
    trust: Trust
    review_for_severity_1: bool
    needs_triage: bool
    title: str
    summary: str
    steps: str
    customer: CustomerView
    entitlement: dict[str, str] | None = None
    outside_hours: bool
    ticket_fields: TicketFieldsView
    assignee: str | None
    host: str | None
    product: str
    threat: ThreatView | None
    source: SourceView
    matched: list[MatchedView]
    source_severity: str | None
    opened_at: Moment
    last_seen_at: Moment
    occurrences: int
    cleared_at: Moment | None
    acknowledged_at: Moment | None
    acknowledged_by: str | None
    confirmed_at: Moment | None
    contacted_at: Moment | None
    responded_at: Moment | None
    resolved_at: Moment | None
    closed_at: Moment | None
    close_reason: str | None
    status_by: str | None
    deadlines: list[DeadlineView]
    notices: list[str]
    evidence: list[EvidenceView]
    previous_case: str | None
    merged_into: str | None
    ticket: TicketView | None
    version: int


class CasePage(View):
    items: list[CaseView]
    next: str | None


class LogLine(View):
    """One change of the case. `count` is how many notifications it stands for, `notification` the first of them."""

    at: Moment
    verdict: Verdict
    actor: str
    count: int
    notification: str | None
    text: str | None
    detail: dict[str, str | int | bool | None]


class LogPage(View):
    items: list[LogLine]
    next: str | None


Person = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(printable_line)]
LongText = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(printable)]


class Deed(View):
    """`text` is the reason, `actor` the person for whom the caller speaks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Llamo al proveedor", "actor": "jperez"}]})

    text: LongText | None = None
    actor: Person | None = None


class NoteDeed(View):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "El cliente reinicia el equipo a las 18", "actor": "jperez"}]}
    )

    text: LongText
    actor: Person | None = None
