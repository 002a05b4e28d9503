"""A ticket, the record that a destination has of a case: how it is named, the states it may say it is in, and what a new state
means for the case. Pure; what was said and what became of it is kept by collector.store.tickets."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from collector.domain.case import CaseStatus, Verb
from collector.domain.errors import Rejected

LONGEST_NUMBER = 100
LONGEST_ID = 200
LONGEST_URL = 2_000


class TicketStatus(StrEnum):
    """The states that every ticketing backend's own ones are brought to."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"
    REJECTED = "rejected"

    @property
    def is_over(self) -> bool:
        return self in (TicketStatus.SOLVED, TicketStatus.CLOSED, TicketStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class TicketRef:
    """`number` is what people say, `id` what the backend's API wants."""

    number: str
    url: str | None = None
    id: str | None = None


def is_link(url: str) -> bool:
    """Whether a page may show it as a link: http or https, a host, no login in it, nothing that browsers read differently."""
    if len(url) > LONGEST_URL or not url.isprintable() or any(char in url for char in ' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and port != 0


def checked_ticket(number: str, url: str | None, identity: str | None) -> TicketRef:
    """Raise Rejected for an address that no page may link to."""
    if url is not None and not is_link(url):
        raise Rejected("a ticket's url is an address with http or https, without a login")
    return TicketRef(number, url, identity)


def verbs_for(told: TicketStatus, *, before: TicketStatus | None, case: CaseStatus) -> tuple[Verb, ...]:
    """What the ticket's new status asks to be done to a case that is in `case`. `before` is what the ticket was when it was last
    heard of, be it that the case did not follow then.

    Only a change of the ticket undoes what was done to the case: a ticket that was over and is no longer was reopened by staff,
    one that was pending and is no longer goes on. A ticket that merely has not heard of a case's end does not reopen it.
    """
    if told.is_over:
        return (Verb.RESOLVE,) if told is TicketStatus.SOLVED else (Verb.CLOSE,)
    is_over = case in (CaseStatus.RESOLVED, CaseStatus.CLOSED)
    if before is not None and before.is_over and is_over:
        return (Verb.REOPEN, Verb.PEND) if told is TicketStatus.PENDING else (Verb.REOPEN,)
    if told is TicketStatus.PENDING:
        return (Verb.PEND,)
    if before is TicketStatus.PENDING and case is CaseStatus.PENDING:
        return (Verb.RESUME,)
    return () if told is TicketStatus.NEW else (Verb.ACKNOWLEDGE,)
