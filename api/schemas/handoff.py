"""Messages as readers of the feed get them. `message_schema` is their published description: what is written is checked against
it in tests, and readers must expect further fields."""

from typing import Any, Literal

from pydantic import Field

from api.schemas.cases import (
    CustomerView,
    DeadlineView,
    EvidenceView,
    SourceView,
    ThreatView,
    TicketFieldsView,
    TicketView,
    Trust,
)
from api.schemas.common import Moment, View
from collector.domain.case import CaseStatus, Verdict
from collector.domain.message import API_VERSION, MessageType
from collector.domain.signal import CaseKind, Urgency

SCHEMA_PATH = "/api/v1/handoff/schema.json"


class MessageCaseView(View):
    """The whole case as it was after the change. `severity` is null for threat incidents and until somebody gave one."""

    external_key: str = Field(max_length=40, pattern="^[A-Z0-9-]+$")
    url: str
    kind: CaseKind
    urgency: Urgency
    severity: int | None = Field(ge=1, le=4)
    rank: int = Field(ge=1, le=4)
    contained: bool
    status: CaseStatus
    level: int
    trust: Trust
    review_for_severity_1: bool
    title: str
    summary: str
    steps: str
    assignee: str | None
    host: str | None
    product: str
    opened_at: Moment
    last_seen_at: Moment
    occurrences: int
    cleared_at: Moment | None
    customer: CustomerView
    entitlement: dict[str, str] | None
    outside_hours: bool
    ticket_fields: TicketFieldsView
    threat: ThreatView | None
    source: SourceView
    deadlines: list[DeadlineView]
    notices: list[str]
    evidence: list[EvidenceView] = Field(max_length=20)
    previous_case: str | None
    ticket: TicketView | None


class ChangeView(View):
    """What happened, by whom. Where one type of message stands for several changes, `what` tells them apart. `truncated`: the
    text was longer; the case's history has the whole."""

    what: Verdict
    by: str
    text: str | None
    truncated: bool
    detail: dict[str, str | int | bool | None]


class MessageDataView(View):
    case: MessageCaseView
    change: ChangeView


class MessageView(View):
    """One message about one case. `seq` counts the case's messages from 1; `id` is the same whenever it is read."""

    type: MessageType
    id: str = Field(pattern="^msg_[0-9A-Z]{26}_[0-9]+$")
    timestamp: Moment
    api_version: Literal["1"] = Field(description="fields are only added within it")
    destination: str
    seq: int = Field(ge=1)
    data: MessageDataView


class FeedView(View):
    """A part of the feed, oldest first. `next` is the place behind it, to be given as `after`; `more`: there is something behind
    it already. `items` may be empty while `more` is true: none of those looked through passed the filter."""

    items: list[MessageView]
    next: str
    more: bool


def message_schema(public_url: str = "") -> dict[str, Any]:
    """JSON Schema (2020-12) of one message."""
    schema = MessageView.model_json_schema(mode="serialization")
    _allow_more(schema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{public_url}{SCHEMA_PATH}",
        **schema,
        "title": f"Message about a case, version {API_VERSION}",
    }


def _allow_more(schema: Any) -> None:
    """Readers ignore what they do not know."""
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.pop("additionalProperties", None)
        for part in schema.values():
            _allow_more(part)
    elif isinstance(schema, list):
        for part in schema:
            _allow_more(part)
