"""What every operation's description has in common: the example of its answer, and the problems it may end in."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from fastapi import FastAPI

from api.examples import PROBLEMS
from api.problems import MEDIA_TYPE
from api.schemas.common import Problem
from collector.domain.scopes import MEANINGS

Responses: TypeAlias = dict[int | str, dict[str, Any]]
EXAMPLE = "x-example"
"""Where an example waits as text: the framework drops every null from what it describes."""
_ALWAYS = (401, 403, 422, 503)
_SAYS = {
    400: "The cursor or a header is damaged.",
    401: "No key, or one that does not count.",
    403: "The key lacks the scope.",
    404: "There is no such thing, or the key may not see it.",
    409: "The present state does not allow it.",
    410: "What is behind the cursor is no longer kept; `oldest` is the first cursor that still is.",
    412: "The case changed since (`If-Match`).",
    422: "Something in the request is wrong; `errors` says what.",
    503: "The store is away: try again after `Retry-After` seconds.",
}
DESCRIPTION = """Cases made of the notifications that consoles send, and everything that was received.

Errors are problems (RFC 9457) with a constant `code`. Lists are `{"items": [...], "next": cursor or null}`. Unknown query
parameters are refused. Times are UTC, RFC 3339. Scopes of API keys:

""" + "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in MEANINGS.items())


def responses(example: Mapping[str, Any], *more: int) -> Responses:
    """The good answer with its example, and the problems: the usual ones and `more`."""
    good = {"content": {"application/json": {EXAMPLE: json.dumps(example)}}}
    return {200: good, **problems(*more)}


def problems(*more: int) -> Responses:
    return {
        status: {
            "description": _SAYS[status],
            "model": Problem,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": PROBLEMS[status]}},
        }
        for status in sorted({*_ALWAYS, *more})
    }


class DescribedApp(FastAPI):
    """FastAPI with a description that tells the truth: errors are problems, in one media type, and null in examples stays."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = described = super().openapi()
            for path in described["paths"].values():
                for operation in path.values():
                    _correct(operation)
            for unused in ("HTTPValidationError", "ValidationError"):
                described["components"]["schemas"].pop(unused, None)
        return self.openapi_schema


def _correct(operation: dict[str, Any]) -> None:
    for answer in operation["responses"].values():
        content = answer.get("content", {})
        if MEDIA_TYPE in content:
            answer["content"] = {MEDIA_TYPE: content[MEDIA_TYPE]}
        for kind in content.values():
            if EXAMPLE in kind:
                kind["example"] = json.loads(kind.pop(EXAMPLE))
