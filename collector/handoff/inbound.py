"""What destinations say about their tickets, and what it does to cases: the ticket's number, and entries about its status, owner
and notes. Each call is one transaction: entry, changes of the case and messages. What a status means is collector.domain.ticket's
part."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collector.actions import Act, Actions
from collector.changes.change import CaseChange, Step
from collector.changes.write import record
from collector.domain.case import Case, CaseStatus, Verb, Verdict
from collector.domain.case_facts import Contact
from collector.domain.clock import Clock
from collector.domain.errors import Conflict, NotFound, Rejected
from collector.domain.terms import Terms
from collector.domain.ticket import TicketRef, TicketStatus, verbs_for
from collector.handoff.counters import EntryResult, HandoffCounters
from collector.handoff.tickets import Decided, Speaker, TicketConflict, TicketVerdict, take_ticket
from collector.store.case_log import LogEntry
from collector.store.cases import get_case
from collector.store.engine import Connection, Store, Turn
from collector.store.tickets import TicketEntry, add_ticket_entry, find_ticket_entry, newest_word

STATUS, ASSIGNEE, TICKET, NOTE = "status", "assignee", "ticket", "note"
CLOCKS_DIFFER = timedelta(minutes=1)
"""A time further ahead than this counts as the time of arrival: it would outdo everything that comes after it."""
BY_TICKET = "ticket"
"""How the customer was reached when a first public reply in the ticket did it."""


@dataclass(frozen=True, slots=True)
class TicketNote:
    """`first_public_reply`: the destination says that this is its first substantive answer to the customer."""

    text: str
    internal: bool = True
    first_public_reply: bool = False


@dataclass(frozen=True, slots=True)
class TicketNews:
    """One thing that a destination says happened to its ticket at `at`; what is None was not said. `actor` is who did it there,
    `body` what was said, as it is kept."""

    id: str
    at: datetime
    body: Mapping[str, object]
    status: TicketStatus | None = None
    assignee: str | None = None
    ticket: TicketRef | None = None
    note: TicketNote | None = None
    reason: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class TicketAnswer:
    """`facts`: what became of each thing that was said; `reason`: in words, why something was not applied."""

    result: EntryResult
    facts: Mapping[str, EntryResult]
    reason: str | None = None


class Inbound:
    """Where destinations are heard."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        turn: Turn,
        terms: Terms,
        actions: Actions,
        *,
        counters: HandoffCounters,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called after each commit, for those who wait for something to happen."""
        self._store = store
        self._clock = clock
        self._turn = turn
        self._terms = terms
        self._actions = actions
        self._counters = counters
        self._changed = changed

    def put_ticket(self, external_key: str, offered: TicketRef, by: Speaker) -> Decided:
        """The case has this ticket. The same again changes nothing. Raise NotFound, TicketConflict (which is in the history
        then), or Unavailable."""
        with self._store.write(self._turn) as connection:
            case = _visible(connection, external_key, by)
            decided = take_ticket(connection, case, offered, by, at=self._clock.now(), terms=self._terms)
        self._changed()
        if decided.verdict is TicketVerdict.CONFLICT:
            raise TicketConflict(decided.ticket, offered)
        return decided

    def hear(self, external_key: str, news: TicketNews, by: Speaker) -> TicketAnswer:
        """Note it, and do to the case what it asks for. What the case's state refuses is noted with the reason.

        Raise NotFound, Conflict (its id was used for another case), Rejected, or Unavailable.
        """
        if news.status is TicketStatus.REJECTED and not news.reason:
            raise Rejected("a rejected ticket needs a `reason`")
        with self._store.write(self._turn) as connection:
            answer = self._hear(connection, external_key, news, by)
        self._counters.inbound[answer.result] += 1
        self._changed()
        return answer

    def _hear(self, connection: Connection, external_key: str, news: TicketNews, by: Speaker) -> TicketAnswer:
        case = _visible(connection, external_key, by)
        known = find_ticket_entry(connection, by.destination, news.id)
        if known is not None:
            if known.case_id != case.id:
                raise Conflict("this event_id was used for another case")
            return TicketAnswer(EntryResult.DUPLICATE, {})
        now = self._clock.now()
        hearing = Hearing(connection, self._actions, self._terms, case, news, by, now=now)
        answer = hearing.run()
        entry = TicketEntry(
            destination=by.destination,
            entry_id=news.id,
            case_id=case.id,
            at=hearing.at,
            received_at=now,
            received_from=by.actor,
            taken=frozenset(hearing.taken),
            result=answer.result.value,
            reason=answer.reason or "",
            body=json.dumps(dict(news.body), ensure_ascii=False),
        )
        add_ticket_entry(connection, entry)
        return answer


class Hearing:
    """One entry on its way through the transaction."""

    def __init__(
        self, connection: Connection, actions: Actions, terms: Terms, case: Case, news: TicketNews, by: Speaker, *, now: datetime
    ) -> None:
        self._connection = connection
        self._actions = actions
        self._terms = terms
        self._case = case
        self._news = news
        self._by = by
        self._now = now
        self._is_echo = news.actor is not None and news.actor == by.own_name
        self._actor = f"{by.actor}/{news.actor}" if news.actor and not self._is_echo else by.actor
        self._refusals: list[str] = []
        self.at = min(news.at, now) if news.at > now + CLOCKS_DIFFER else news.at
        self.taken: dict[str, EntryResult] = {}
        """The facts of which this is the newest word, with what became of them."""

    def run(self) -> TicketAnswer:
        """The end of a ticket comes last: a case that is over takes no owner."""
        facts: dict[str, EntryResult] = {}
        ending = self._news.status is not None and self._news.status.is_over
        order = (TICKET, ASSIGNEE, NOTE, STATUS) if ending else (TICKET, STATUS, ASSIGNEE, NOTE)
        hear = {TICKET: self._ticket, STATUS: self._status, ASSIGNEE: self._assignee, NOTE: self._note}
        for fact in order:
            result = hear[fact]()
            if result is not None:
                facts[fact] = result
                if result is not EntryResult.STALE:
                    self.taken[fact] = result
        return TicketAnswer(_result_of(facts), facts, "; ".join(self._refusals) or None)

    def _ticket(self) -> EntryResult | None:
        """A number is a fact whoever made the ticket, so an echo may tell it too. A known one beside other news is no news."""
        if self._news.ticket is None:
            return None
        decided = take_ticket(self._connection, self._case, self._news.ticket, self._by, at=self._now, terms=self._terms)
        self._case = decided.case
        if decided.verdict is TicketVerdict.SAME and (self._news.status or self._news.assignee or self._news.note):
            return None
        if decided.verdict is not TicketVerdict.CONFLICT:
            return EntryResult.APPLIED
        self._refusals.append(str(TicketConflict(decided.ticket, self._news.ticket)))
        return EntryResult.REFUSED

    def _status(self) -> EntryResult | None:
        told = self._news.status
        if told is None:
            return None
        newest = newest_word(self._connection, self._case.id, self._by.destination, STATUS)
        if newest is not None and newest.at > self.at:
            return EntryResult.STALE
        if self._is_echo:
            return EntryResult.ECHO
        before = None if newest is None else _status_in(newest)
        return self._do_all(verbs_for(told, before=before, case=self._case.status))

    def _assignee(self) -> EntryResult | None:
        """Who owns a ticket has seen the case, unless the ticket says that it is new all the same."""
        if self._news.assignee is None:
            return None
        newest = newest_word(self._connection, self._case.id, self._by.destination, ASSIGNEE)
        if newest is not None and newest.at > self.at:
            return EntryResult.STALE
        if self._is_echo:
            return EntryResult.ECHO
        seen = self._news.status is not TicketStatus.NEW and self._case.status is CaseStatus.OPEN
        return self._do_all((Verb.ACKNOWLEDGE, Verb.ASSIGN) if seen else (Verb.ASSIGN,))

    def _note(self) -> EntryResult | None:
        note = self._news.note
        if note is None:
            return None
        if self._is_echo:
            return EntryResult.ECHO
        noted = replace(self._case, version=self._case.version + 1)
        line = LogEntry(
            noted.id,
            self._now,
            Verdict.NOTED,
            self._actor,
            text=note.text,
            detail={"internal": note.internal, "ticket_note": True},
        )
        change = CaseChange(noted, [Step(line, noted)], told_by=self._by.destination)
        record(self._connection, [change], self._terms)
        self._case = change.case
        if note.first_public_reply:
            self._do_all((Verb.RECORD_CONTACT, Verb.RESPOND))
        return EntryResult.APPLIED

    def _do_all(self, verbs: tuple[Verb, ...]) -> EntryResult:
        """One verb that is refused ends it; nothing of that verb was written then."""
        for verb in verbs:
            try:
                self._case = self._actions.perform_in(self._connection, self._act(verb))
            except (Conflict, Rejected) as refusal:
                self._refusals.append(str(refusal))
                return EntryResult.REFUSED
        return EntryResult.APPLIED

    def _act(self, verb: Verb) -> Act:
        reply = verb in (Verb.RECORD_CONTACT, Verb.RESPOND)
        return Act(
            external_key=self._case.external_key,
            verb=verb,
            actor=self._actor,
            text=self._news.reason if verb in (Verb.RESOLVE, Verb.CLOSE, Verb.REOPEN, Verb.PEND) else None,
            at=min(max(self.at, self._case.opened_at), self._now) if reply else None,
            contact=Contact(self._case.customer_code, BY_TICKET) if verb is Verb.RECORD_CONTACT else None,
            assignee=self._news.assignee if verb is Verb.ASSIGN else None,
            destination=self._by.destination,
        )


def _visible(connection: Connection, external_key: str, by: Speaker) -> Case:
    named = external_key.isascii() and external_key.isprintable()
    case = get_case(connection, external_key) if named else None
    if case is None or by.customer_id not in (None, case.customer_id):
        raise NotFound("there is no such case")
    return case


def _status_in(entry: TicketEntry) -> TicketStatus | None:
    said = json.loads(entry.body).get("status")
    return TicketStatus(said) if said in list(TicketStatus) else None


def _result_of(facts: Mapping[str, EntryResult]) -> EntryResult:
    """One word for all: applied when anything was, else the weightiest reason why nothing was."""
    order = (EntryResult.APPLIED, EntryResult.REFUSED, EntryResult.ECHO, EntryResult.STALE)
    return next((result for result in order if result in facts.values()), EntryResult.NOTHING)
