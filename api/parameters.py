"""What callers may put into query strings and headers: forms, limits, defaults.

An unknown parameter is an error, because a filter with a typing mistake would otherwise show everything."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Header
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from api.problems import Problem
from api.schemas.notifications import Include
from api.text import moment, printable_line
from collector.domain.case import CaseStatus
from collector.domain.engine import EngineState
from collector.domain.message import MessageType
from collector.domain.outcome import QUARANTINE, Outcome
from collector.domain.signal import CaseKind

DEFAULT_LIMIT = 100
MOST = 1000
MOST_WITH_CONTENTS = 100
"""Items of a page whose originals must be read and decoded again."""
MOST_MESSAGES = 500
LONGEST_WAIT_SECONDS = 30
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TAG = re.compile(r'"([0-9]{1,18})"')


def _words(value: Any) -> Any:
    """A comma list, a repeated parameter, or both."""
    texts = value if isinstance(value, list | tuple) else [value]
    return [word for text in texts for word in str(text).split(",") if word]


def _states(value: Any) -> Any:
    return [state for word in _words(value) for state in (sorted(QUARANTINE) if word == "quarantine" else [word])]


def _moment(value: Any) -> Any:
    """Query strings turn `+` into a blank; here it can only have been one."""
    text = str(value)
    return moment(f"{text[:-6]}+{text[-5:]}" if text[-6:-5] == " " else text)


def _day(value: Any) -> Any:
    text = str(value)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("must be a day such as 2026-03-02")


Language: TypeAlias = Literal["es", "en"]
Order: TypeAlias = Literal["oldest", "newest"]
Word: TypeAlias = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(printable_line)]
Statuses: TypeAlias = Annotated[tuple[CaseStatus, ...], BeforeValidator(_words)]
Kinds: TypeAlias = Annotated[tuple[CaseKind, ...], BeforeValidator(_words)]
Severities: TypeAlias = Annotated[tuple[Annotated[int, Field(ge=1, le=4)], ...], BeforeValidator(_words)]
MessageTypes: TypeAlias = Annotated[tuple[MessageType, ...], BeforeValidator(_words)]
States: TypeAlias = Annotated[
    tuple[Outcome, ...],
    BeforeValidator(_states),
    WithJsonSchema({"type": "array", "items": {"type": "string", "enum": [*Outcome, "quarantine"]}}),
]
Includes: TypeAlias = Annotated[tuple[Include, ...], BeforeValidator(_words)]
Since: TypeAlias = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"}, mode="validation")
]
Day: TypeAlias = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"}, mode="validation")]


class Query(BaseModel):
    """Nothing but what is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LanguageQuery(Query):
    language: Language | None = Field(None, description="of title, summary and steps; wins over Accept-Language")


class PageQuery(Query):
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=200, description="`next` of the page before")


class OrderedQuery(PageQuery):
    order: Order = Field("oldest", description="oldest first, or newest first")


class CaseQuery(OrderedQuery):
    status: Statuses = Field((), description="comma list; all when absent")
    kind: Kinds = Field((), description="comma list")
    severity: Severities = Field((), description="comma list of 1 to 4")
    customer: Word | None = Field(None, description="code of a customer")
    text: Word | None = Field(None, description="part of title, host or external key, without case")
    since: Since | None = Field(None, description="cases that got a notification then or later (RFC 3339)")
    language: Language | None = Field(None, description="of title, summary and steps; wins over Accept-Language")


class ContentsQuery(OrderedQuery):
    """A list of notifications. `page` is the limit that counts."""

    include: Includes = Field((), description="comma list: `text` whole, `varbinds`; then a page has at most 100 items")

    @property
    def page(self) -> int:
        return min(self.limit, MOST_WITH_CONTENTS) if self.include else self.limit


class NotificationQuery(ContentsQuery):
    state: States = Field((), description="comma list of outcomes; `quarantine` stands for the four that somebody should look at")
    customer: Word | None = Field(None, description="code of a customer")
    case: Word | None = Field(None, description="external key of a case")


class EngineQuery(OrderedQuery):
    state: EngineState | None = Field(None, description="`seen`: waits for approval; `approved`")
    customer: Word | None = Field(None, description="code of a customer")


class ForgottenEngineQuery(OrderedQuery):
    customer: Word | None = Field(None, description="code of a customer")


class EngineOfQuery(Query):
    customer: Word | None = Field(None, description="code of the customer, when the engine speaks for several sources")
    source: Word | None = Field(None, description="name of the source")
    actor: Word | None = Field(None, description="the person for whom the caller speaks")


class SourceQuery(PageQuery):
    customer: Word | None = Field(None, description="code of a customer")


class FeedQuery(Query):
    after: str | None = Field(
        None, max_length=200, description="`next` of the answer before; `now` for what is new only; from the oldest when absent"
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MOST_MESSAGES)
    wait: float = Field(0, ge=0, le=LONGEST_WAIT_SECONDS, description="seconds to wait for a message when there is none")
    severity: Severities = Field((), description="comma list of 1 to 4; threat incidents have none")
    rank: Severities = Field((), description="comma list of 1 to 4: the order of service over both kinds of case")
    type: MessageTypes = Field((), description="comma list, such as `case.opened,case.closed`")


class LedgerQuery(Query):
    since: Day | None = Field(None, description="first day (UTC); 30 days before `until` when absent")
    until: Day | None = Field(None, description="last day (UTC), included; today when absent")
    customer: Word | None = Field(None, description="code of a customer")


AcceptLanguage: TypeAlias = Annotated[str | None, Header(max_length=200)]
IfMatch: TypeAlias = Annotated[str | None, Header(max_length=200, description='`ETag` of the case as you saw it, e.g. `"7"`')]
IdempotencyKey: TypeAlias = Annotated[
    str | None, Header(min_length=1, max_length=255, description="makes a repeated request have one effect, for a day")
]


def language_of(asked: Language | None, accept: str | None, default: str) -> str:
    """The parameter, else the better liked of ours in Accept-Language (RFC 9110, 12.5.4), else the installation's."""
    if asked:
        return asked
    liked = {"es": 0.0, "en": 0.0}
    for part in (accept or "").split(",")[:20]:
        tag, _, parameters = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in liked:
            liked[language] = max(liked[language], _quality(parameters))
    best = max(liked, key=lambda language: (liked[language], language == default))
    return best if liked[best] else default


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    return float(value) if name == "q" and re.fullmatch(r"[01](\.[0-9]{0,3})?", value) else 0.0


def version_of(if_match: str | None) -> int | None:
    """The version that the caller saw (RFC 9110, 13.1.1); None means any. Raise Problem: 400, or 412 for a foreign tag."""
    if if_match is None or if_match.strip() == "*":
        return None
    if "," in if_match:
        raise Problem(400, "bad_if_match", "If-Match: one entity tag, please")
    match = _TAG.fullmatch(if_match.strip())
    if match is None:
        raise Problem(412, "stale_version", "If-Match: that is not the ETag of a case")
    return int(match[1])
