"""What all shapes share: frozen models, times in one form."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema


def rfc3339(moment: datetime) -> str:
    """UTC with milliseconds and Z: `2026-03-02T12:00:05.100Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "UTC, RFC 3339 with milliseconds and Z"}),
]


class View(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Readiness(View):
    """`reasons` are constant words for what is missing."""

    ready: bool
    reasons: list[str]


class Problem(BaseModel):
    """An error (RFC 9457). `code` is a constant word for programs; further members depend on it."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
