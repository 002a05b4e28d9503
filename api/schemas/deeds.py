"""What callers say about a case with the verbs that need more than a reason: confirm, record contact, respond, assign."""

from datetime import datetime
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from api.schemas.cases import Deed, Person
from api.text import moment

_WITH_OFFSET = {"type": "string", "format": "date-time", "description": "RFC 3339 with Z or an offset"}
Time: TypeAlias = Annotated[datetime, BeforeValidator(moment), WithJsonSchema(_WITH_OFFSET, mode="validation")]


class ConfirmDeed(Deed):
    """`severity`: the one that the case has from now on; the present one when absent. A threat incident has none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"severity": 2, "actor": "jperez"}]})

    severity: Annotated[int, Field(ge=1, le=4, strict=True)] | None = None


class ResponseDeed(Deed):
    """`at`: when it happened, where that is not now."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"at": "2026-03-02T09:40:00-03:00", "text": "Muestra enviada", "actor": "jperez"}]}
    )

    at: Time | None = None


class ContactDeed(ResponseDeed):
    """`who` of the customer's people was reached, and `how`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"who": "Ana Díaz", "how": "teléfono", "actor": "jperez"}]})

    who: Person
    how: Person


class AssignDeed(Deed):
    """`assignee`: who works on it from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assignee": "jperez", "actor": "mlopez"}]})

    assignee: Person
