"""What destinations send about their tickets, and what they are answered. Their entries may hold more than is known here: that is
ignored."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from api.schemas.cases import LongText
from api.schemas.common import Moment, View
from api.text import moment, printable_line
from collector.domain.ticket import LONGEST_ID, LONGEST_NUMBER, LONGEST_URL, TicketStatus, is_link
from collector.handoff.counters import EntryResult


def _link(text: str) -> str:
    if not is_link(text):
        raise ValueError("must be an address with http or https, without a login")
    return text


Number = Annotated[str, Field(min_length=1, max_length=LONGEST_NUMBER), AfterValidator(printable_line)]
Identity = Annotated[str, Field(min_length=1, max_length=LONGEST_ID), AfterValidator(printable_line)]
Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(printable_line)]
Link = Annotated[str, Field(min_length=1, max_length=LONGEST_URL), AfterValidator(_link)]
At = Annotated[datetime, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation")]


class TicketOffer(View):
    """`number` is what people say; `url` is shown as a link; `id` is what the backend's API wants."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "48213", "url": "https://portal.example.net/t/48213", "id": "48213"}]}
    )

    number: Number
    url: Link | None = None
    id: Identity | None = None


class TicketDetail(View):
    """The ticket of a case, and who said so."""

    number: str
    url: str | None
    id: str | None
    destination: str
    set_at: Moment
    set_by: str


class Sent(BaseModel):
    """Something that a destination sent: further fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AssigneeSent(Sent):
    """`name` is shown, `id` where there is no name."""

    id: Name | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> "AssigneeSent":
        if not (self.id or self.name):
            raise ValueError("an assignee needs an id or a name")
        return self


class NoteSent(Sent):
    """`first_public_reply`: this is the first substantive answer to the customer; the case is contacted and responded by it."""

    text: LongText
    internal: bool = True
    first_public_reply: bool = False

    @model_validator(mode="after")
    def _is_one_thing(self) -> "NoteSent":
        if self.internal and self.first_public_reply:
            raise ValueError("an internal note is no reply to the customer")
        return self


class TicketSent(Sent):
    number: Number
    url: Link | None = None
    id: Identity | None = None


class TicketNewsBody(Sent):
    """`at` is when it happened there. What is absent or null was not said. `actor` is who did it there, `reason` why a ticket was
    solved, closed or rejected."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_id": "portal-991823",
                    "at": "2026-03-01T12:09:30Z",
                    "status": "acknowledged",
                    "assignee": {"id": "jperez", "name": "Juana Pérez"},
                    "ticket": {"number": "48213"},
                    "note": {"text": "Llamo al proveedor", "internal": True},
                    "raw_status": "En curso",
                    "actor": "jperez",
                }
            ]
        }
    )

    event_id: Identity
    at: At
    status: TicketStatus | None = None
    assignee: AssigneeSent | None = None
    ticket: TicketSent | None = None
    note: NoteSent | None = None
    raw_status: Identity | None = None
    reason: LongText | None = None
    actor: Name | None = None


class TicketNewsAnswer(View):
    """`applied`: something of it is so now. `reason`: one word why not; `facts`: what became of each thing that was said;
    `detail`: in words, why something was refused."""

    applied: bool
    reason: EntryResult | None = None
    facts: dict[str, EntryResult] = Field(default_factory=dict)
    detail: str | None = None


class TicketEntryView(View):
    """Something that a destination said, as it was kept. `newest`: the facts of which it had the newest word when it came."""

    event_id: str
    destination: str
    at: Moment
    received_at: Moment
    received_from: str
    result: EntryResult
    newest: list[str]
    detail: str | None
    sent: dict[str, Any]


class TicketEntryPage(View):
    items: list[TicketEntryView]
    next: str | None
