"""Errors as RFC 9457 problems: the only place where the API translates an error into a status."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from collector.actions import RequestReused, StaleVersion
from collector.domain.errors import CollectorError, Conflict, JournalError, NotFound, Rejected, Unavailable
from collector.logs import Log

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
log = Log(__name__)


class Problem(Exception):
    """An answer that is an error. `code` is one constant word for programs, `detail` a sentence for people; `extra` are further
    members of the body."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def response(self) -> Response:
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }
        # whatever came in from outside must not make the answer itself fail: a lone surrogate has no UTF-8 form
        octets = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return Response(octets, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def of_error(error: CollectorError) -> Problem:
    """The problem that an error of ours is. Texts of the database's driver stay in the log."""
    match error:
        case StaleVersion():
            return Problem(412, "stale_version", str(error))
        case RequestReused():
            return Problem(422, "idempotency_key_reused", str(error))
        case NotFound():
            return Problem(404, "not_found", str(error))
        case Conflict():
            return Problem(409, "conflict", str(error))
        case Rejected():
            return Problem(422, "rejected", str(error))
        case Unavailable() | JournalError():
            log.warning("a request met a store that is away", reason=error)
            return _try_again()
        case _:
            raise error


def _try_again() -> Problem:
    detail = "the store does not answer now; the same request may work later"
    return Problem(503, "unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})


def install(app: FastAPI) -> None:
    """Every error that reaches the framework becomes a problem; what nobody expected is the edge's business (api.edge)."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(CollectorError, _collector_error)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)


def _problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return error.response()


def _collector_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, CollectorError):
        raise error
    return of_error(error).response()


def _validation(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    wrong = [_field(one) for one in error.errors()]
    return Problem(
        422, "invalid_request", "; ".join(_sentence(one) for one in wrong[:3]), extra={"errors": wrong[:20]}
    ).response()


def _field(error: Mapping[str, Any]) -> dict[str, str]:
    """Where and what. The value itself is not repeated."""
    place: Sequence[object] = error["loc"]
    name = ".".join(str(part)[:60] for part in place[1:] if not isinstance(part, int))
    return {"in": str(place[0]), "name": name, "message": str(error["msg"]).removeprefix("Value error, ")}


def _sentence(wrong: Mapping[str, str]) -> str:
    return f"{wrong['in']} {wrong['name']}: {wrong['message']}".replace(" :", ":")


_KNOWN = {
    400: ("bad_request", "the body cannot be read"),
    404: ("no_such_path", "there is no such path"),
    405: ("method_not_allowed", "this path does not take that method"),
}


def _http(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code, detail = _KNOWN.get(error.status_code, ("http_error", HTTPStatus(error.status_code).phrase))
    return Problem(error.status_code, code, detail, headers=error.headers).response()
