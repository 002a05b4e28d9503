"""What people do to cases: load, change, record, one commit. The rules of the states are collector.domain.case's, what a change
brings with it collector.changes'."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.changes.change import CaseChange, Step
from collector.changes.write import record
from collector.domain.case import Case, CaseStatus, Transition, Verb, transition
from collector.domain.case_facts import Contact, assign, confirm, happened_at, record_contact, respond
from collector.domain.clock import Clock, rfc3339
from collector.domain.errors import Conflict, NotFound, Rejected
from collector.domain.ids import CustomerId
from collector.domain.terms import Terms
from collector.store.case_log import LogEntry, find_request
from collector.store.cases import find_open, get_case
from collector.store.engine import Connection, Store, Turn

REQUEST_REMEMBERED = timedelta(days=1)
_MAY_BE_EARLIER = frozenset({Verb.RECORD_CONTACT, Verb.RESPOND})
"""What may be written down after it happened."""


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a repeated request known: `id` is a digest of who asks and the key they gave it, `content` one of what they ask.
    It stands in the log entry that the request caused, so it is remembered exactly when its effect is."""

    id: str
    content: str


@dataclass(frozen=True, slots=True)
class Act:
    """One thing somebody wants done. `actor` is written into the log, e.g. `key:bridge`; `text` is a note or a reason.

    `customer_id` limits what the actor may see; `if_version` is the version the actor saw (If-Match). An act with the `request`
    of an earlier one of the last day has no second effect. `at` is when it happened, where that is not now (contact, response).
    `severity` goes with confirm, `contact` with record-contact, `assignee` with assign. `destination` is the ticketing backend
    that did it: it is not told of it.
    """

    external_key: str
    verb: Verb
    actor: str
    text: str | None = None
    customer_id: CustomerId | None = None
    if_version: int | None = None
    request: Request | None = None
    at: datetime | None = None
    severity: int | None = None
    contact: Contact | None = None
    assignee: str | None = None
    destination: str | None = None


class StaleVersion(Conflict):
    """The case changed since the actor looked."""


class RequestReused(Rejected):
    """The request's key was used for something else before."""


class Actions:
    """The verbs of people. Each call of `perform` is one transaction."""

    def __init__(
        self, store: Store, clock: Clock, turn: Turn, terms: Terms, *, changed: Callable[[], None] = lambda: None
    ) -> None:
        """`changed` is called after each commit, for those who wait for something to happen."""
        self._store = store
        self._clock = clock
        self._turn = turn
        self._terms = terms
        self._changed = changed

    def perform(self, act: Act) -> Case:
        """Do it and return the case as it is then. Doing a thing twice is the same as once.

        Raise NotFound, Conflict (the state does not allow it), StaleVersion, Rejected, RequestReused, or Unavailable.
        """
        with self._store.write(self._turn) as connection:
            case = self.perform_in(connection, act)
        self._changed()
        return case

    def perform_in(self, connection: Connection, act: Act) -> Case:
        """The same in the caller's transaction, for what comes with more than one act. Raise as `perform` does."""
        case = get_case(connection, act.external_key)
        if case is None or act.customer_id not in (None, case.customer_id):
            raise NotFound(f"there is no case {act.external_key}")
        now = self._clock.now()
        # before the version: a repeat names the version of before its own first effect
        if act.request is not None and _done_before(connection, case, act.request, now):
            return case
        if act.if_version is not None and act.if_version != case.version:
            raise StaleVersion(f"the case is at version {case.version}, not {act.if_version}")
        if act.verb is Verb.REOPEN and case.status is CaseStatus.CLOSED:
            _require_free_key(connection, case)
        happened = happened_at(case, act.at, now=now) if act.verb in _MAY_BE_EARLIER else now
        done = _change(case, act, now, happened)
        if done.verdict is None:
            return case
        entry = LogEntry(case.id, now, done.verdict, act.actor, text=act.text, detail=_detail(act, happened, case, done.case))
        change = CaseChange(done.case, [Step(entry, done.case, happened)], told_by=act.destination)
        record(connection, [change], self._terms)
        return change.case


def _change(case: Case, act: Act, now: datetime, happened: datetime) -> Transition:
    match act.verb:
        case Verb.CONFIRM:
            return confirm(case, at=now, severity=act.severity)
        case Verb.RECORD_CONTACT:
            if act.contact is None:
                raise Rejected("a contact needs `who` and `how`")
            return record_contact(case, at=happened)
        case Verb.RESPOND:
            return respond(case, at=happened)
        case Verb.ASSIGN:
            if act.assignee is None:
                raise Rejected("nobody is named to assign it to")
            return assign(case, assignee=act.assignee)
        case _:
            return transition(case, act.verb, at=now, actor=act.actor, reason=act.text)


def _detail(act: Act, happened: datetime, before: Case, after: Case) -> Mapping[str, str | int | bool | None]:
    detail: dict[str, str | int | bool | None] = {}
    if act.request is not None:
        detail |= {"request": act.request.id, "request_content": act.request.content}
    if act.at is not None and act.verb in _MAY_BE_EARLIER:
        detail["at"] = rfc3339(happened)
    if act.contact is not None:
        detail |= {"who": act.contact.who, "how": act.contact.how}
    if after.severity != before.severity:
        detail |= {"severity_before": before.severity, "severity": after.severity}
    if after.assignee != before.assignee:
        detail["assignee"] = after.assignee
    return detail


def _require_free_key(connection: Connection, case: Case) -> None:
    holder = find_open(connection, [(case.customer_id, case.key)]).get((case.customer_id, case.key))
    if holder is not None:
        raise Conflict(f"{holder.external_key} holds the same trouble now")


def _done_before(connection: Connection, case: Case, request: Request, at: datetime) -> bool:
    entry = find_request(connection, case.id, request.id, after=at - REQUEST_REMEMBERED)
    if entry is None:
        return False
    if entry.detail.get("request_content") != request.content:
        raise RequestReused("this Idempotency-Key was used for another request")
    return True
