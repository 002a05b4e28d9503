"""`/api/v1/cases`: lists, one case, its history, its notifications. What is done to cases is in `case_verbs`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import examples
from api.auth import Caller, CasesReader, Tools
from api.cursors import decode_cursor, encode_cursor
from api.describe import responses
from api.parameters import AcceptLanguage, CaseQuery, ContentsQuery, LanguageQuery, PageQuery, language_of
from api.schemas.cases import CasePage, CaseView, LogPage
from api.schemas.deadlines import DeadlinePage
from api.schemas.notifications import NotificationPage
from api.shapes.cases import CaseShaper, log_line
from api.shapes.deadlines import explained
from api.shapes.notifications import views
from collector.domain.case import Case
from collector.domain.errors import NotFound
from collector.store.case_log import read_log
from collector.store.cases import CaseFilter, get_case, list_cases
from collector.store.deadlines import read_deadlines
from collector.store.engine import Connection
from collector.store.notifications import NotificationFilter, list_notifications

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])


def visible_case(connection: Connection, external_key: str, caller: Caller) -> Case:
    """Raise NotFound when there is none or it is not the caller's to see. `external_key` may be anything."""
    case = get_case(connection, external_key) if external_key.isascii() and external_key.isprintable() else None
    if case is None or not caller.may_see(case.customer_id):
        raise NotFound("there is no such case")
    return case


def answer_case(response: Response, shown: CaseView, language: str) -> CaseView:
    """One case with its version as entity tag."""
    response.headers["ETag"] = f'"{shown.version}"'
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return shown


@router.get("", operation_id="listCases", summary="List cases", responses=responses(examples.CASE_PAGE, 400))
def list_(
    query: Annotated[CaseQuery, Query()], caller: CasesReader, tools: Tools, accept_language: AcceptLanguage = None
) -> CasePage:
    """In the order in which they were opened. Evidence is as stored: without size and digest of the originals."""
    wanted = CaseFilter(
        statuses=query.status,
        kinds=query.kind,
        severities=query.severity,
        customer_id=caller.customer_id,
        customer_code=query.customer,
        text=query.text,
        since=query.since,
    )
    after = decode_cursor(query.cursor, "cases", query.order)
    shaper = CaseShaper(tools, language_of(query.language, accept_language, tools.language))
    with tools.store.read() as connection:
        page = list_cases(connection, wanted, after=after, limit=query.limit + 1, newest_first=query.order == "newest")
        shown = page[: query.limit]
        items = shaper.page(connection, [case for _, case in shown])
    more = len(page) > len(shown)
    return CasePage(items=items, next=encode_cursor("cases", query.order, shown[-1][0]) if more else None)


@router.get("/{external_key}", operation_id="getCase", summary="One case", responses=responses(examples.CASE, 404))
def get(
    external_key: str,
    query: Annotated[LanguageQuery, Query()],
    caller: CasesReader,
    tools: Tools,
    response: Response,
    accept_language: AcceptLanguage = None,
) -> CaseView:
    """The case as far as it is known. `ETag` is the case's version."""
    language = language_of(query.language, accept_language, tools.language)
    with tools.store.read() as connection:
        case = visible_case(connection, external_key, caller)
    return answer_case(response, CaseShaper(tools, language).single(case), language)


@router.get(
    "/{external_key}/log",
    operation_id="listCaseLog",
    summary="What happened to a case",
    responses=responses(examples.LOG_PAGE, 400, 404),
)
def list_log(external_key: str, query: Annotated[PageQuery, Query()], caller: CasesReader, tools: Tools) -> LogPage:
    """Every change, oldest first; entries are never altered."""
    after = decode_cursor(query.cursor, "log", "oldest")
    with tools.store.read() as connection:
        case = visible_case(connection, external_key, caller)
        page = read_log(connection, case.id, after=after or 0, limit=query.limit + 1)
    shown = page[: query.limit]
    items = [log_line(entry) for _, entry in shown]
    return LogPage(items=items, next=encode_cursor("log", "oldest", shown[-1][0]) if len(page) > len(shown) else None)


@router.get(
    "/{external_key}/deadlines",
    operation_id="listCaseDeadlines",
    summary="What is promised, and how its time counts",
    responses=responses(examples.DEADLINE_PAGE, 404),
)
def list_deadlines(
    external_key: str,
    query: Annotated[LanguageQuery, Query()],
    caller: CasesReader,
    tools: Tools,
    accept_language: AcceptLanguage = None,
) -> DeadlinePage:
    """Every promised time of the case, also those that are met, stopped or replaced, in the order in which they began; each with
    what counted and what did not, so that it can be added up."""
    language = language_of(query.language, accept_language, tools.language)
    with tools.store.read() as connection:
        case = visible_case(connection, external_key, caller)
        deadlines = read_deadlines(connection, [case.id]).get(case.id, [])
    return explained(deadlines, tools.promise.calendar, tools.clock.now(), language)


@router.get(
    "/{external_key}/notifications",
    operation_id="listCaseNotifications",
    summary="The notifications of a case",
    responses=responses(examples.NOTIFICATION_PAGE, 400, 404),
)
def list_case_notifications(
    external_key: str, query: Annotated[ContentsQuery, Query()], caller: CasesReader, tools: Tools
) -> NotificationPage:
    """All of them, in the order in which they were processed."""
    after = decode_cursor(query.cursor, "case-notifications", query.order)
    with tools.store.read() as connection:
        case = visible_case(connection, external_key, caller)
        page = list_notifications(
            connection,
            NotificationFilter(case_id=case.id),
            after=after,
            limit=query.page + 1,
            newest_first=query.order == "newest",
        )
    shown = page[: query.page]
    following = encode_cursor("case-notifications", query.order, shown[-1].cursor) if len(page) > len(shown) else None
    return NotificationPage(items=views(tools, shown, include=query.include), next=following)
