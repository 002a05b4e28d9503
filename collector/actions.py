"""What people (and time) do to cases: load, transition, log, one commit. The rules of the states are collector.domain.case's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.domain.case import COLLECTOR, Case, CaseStatus, Transition, Verb, transition
from collector.domain.clock import Clock
from collector.domain.errors import Conflict, NotFound, Rejected
from collector.domain.ids import CustomerId
from collector.store.case_log import LogEntry, append_log, find_request
from collector.store.cases import find_open, find_quiet, get_case, update_cases
from collector.store.engine import Connection, Store, Turn

REQUEST_REMEMBERED = timedelta(days=1)


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
    of an earlier one of the last day has no second effect.
    """

    external_key: str
    verb: Verb
    actor: str
    text: str | None = None
    customer_id: CustomerId | None = None
    if_version: int | None = None
    request: Request | None = None


class StaleVersion(Conflict):
    """The case changed since the actor looked."""


class RequestReused(Rejected):
    """The request's key was used for something else before."""


class Actions:
    """The verbs of people. Each call is one transaction."""

    def __init__(self, store: Store, clock: Clock, turn: Turn) -> None:
        self._store = store
        self._clock = clock
        self._turn = turn

    def perform(self, act: Act) -> Case:
        """Do it and return the case as it is then. Doing a thing twice is the same as once.

        Raise NotFound, Conflict (the state does not allow it), StaleVersion, RequestReused, or Unavailable.
        """
        with self._store.write(self._turn) as connection:
            case = get_case(connection, act.external_key)
            if case is None or act.customer_id not in (None, case.customer_id):
                raise NotFound(f"there is no case {act.external_key}")
            at = self._clock.now()
            # before the version: a repeat names the version of before its own first effect
            if act.request is not None and _done_before(connection, case, act.request, at):
                return case
            if act.if_version is not None and act.if_version != case.version:
                raise StaleVersion(f"the case is at version {case.version}, not {act.if_version}")
            if act.verb is Verb.REOPEN and case.status is CaseStatus.CLOSED:
                self._require_free_key(connection, case)
            done = transition(case, act.verb, at=at, actor=act.actor, reason=act.text)
            _write(connection, done, act.actor, at, act.text, act.request)
            return done.case

    def _require_free_key(self, connection: Connection, case: Case) -> None:
        holder = find_open(connection, [(case.customer_id, case.key)]).get((case.customer_id, case.key))
        if holder is not None:
            raise Conflict(f"{holder.external_key} holds the same trouble now")

    def pass_quiet_time(self, *, until: datetime) -> int:
        """Resolve and close what was quiet for long enough; return how many cases changed. `until`: what arrived before has been
        processed, so that a case is not quiet only because its notifications still wait (`Processor.caught_up_to`)."""
        with self._store.read() as connection:
            if not find_quiet(connection, now=until):
                return 0
        at = self._clock.now()
        with self._store.write(self._turn) as connection:
            done = [_end_quietly(case, *due, at) for case in find_quiet(connection, now=until) if (due := case.quiet_verb(until))]
            update_cases(connection, [case for case, _ in done])
            append_log(connection, [line for _, line in done])
            return len(done)


def _end_quietly(case: Case, verb: Verb, reason: str, at: datetime) -> tuple[Case, LogEntry]:
    done = transition(case, verb, at=at, actor=COLLECTOR, reason=reason)
    if done.verdict is None:
        raise ValueError("time does nothing to a case that is in the state already")
    return done.case, LogEntry(case.id, at, done.verdict, COLLECTOR, text=reason)


def _done_before(connection: Connection, case: Case, request: Request, at: datetime) -> bool:
    entry = find_request(connection, case.id, request.id, after=at - REQUEST_REMEMBERED)
    if entry is None:
        return False
    if entry.detail.get("request_content") != request.content:
        raise RequestReused("this Idempotency-Key was used for another request")
    return True


def _write(
    connection: Connection, done: Transition, actor: str, at: datetime, text: str | None, request: Request | None = None
) -> None:
    if done.verdict is None:
        return
    update_cases(connection, [done.case])
    detail = {"request": request.id, "request_content": request.content} if request else {}
    append_log(connection, [LogEntry(done.case.id, at, done.verdict, actor, text=text, detail=detail)])
