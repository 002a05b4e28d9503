"""What all shapes share: frozen models, times in one form."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from collector.domain.clock import rfc3339

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
