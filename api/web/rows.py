"""The list of cases as rows: which cases a visitor asks for, and what each row says. How it looks is the template's."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from api.tools import ApiTools
from api.web.stamp import stamp_of
from collector.domain.case import Case, CaseStatus
from collector.domain.deadline import Deadline, DeadlineState
from collector.domain.signal import CaseKind
from collector.domain.trust import Trust
from collector.handoff.body import is_outside_hours
from collector.store.case_list import ServiceFilter, ServicePlace, list_by_service, place_of
from collector.store.deadlines import read_deadlines
from collector.store.engine import Connection
from collector.store.types import from_micros, to_micros

PAGE = 100
ACTIVE = (CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED, CaseStatus.PENDING)
NOT_CLOSED = (*ACTIVE, CaseStatus.RESOLVED)
_PLACE = re.compile(r"([1-4])\.([0-9]{1,18})\.([0-9]{1,18})")
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What the address of the list asks for; what makes no sense asks for nothing. `status` is one of them, `active` or `all`."""

    text: str = ""
    customer: str = ""
    kind: str = ""
    severity: str = ""
    status: str = "active"
    mine: bool = False
    untaken: bool = False
    after: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> "ListQuery":
        def word(name: str, allowed: Sequence[str]) -> str:
            value = parameters.get(name, "")
            return value if value in allowed else ""

        return cls(
            text=_line(parameters.get("text", "")),
            customer=_line(parameters.get("customer", "")),
            kind=word("kind", [kind.value for kind in CaseKind]),
            severity=word("severity", ["1", "2", "3", "4"]),
            status=word("status", ["all", *(status.value for status in NOT_CLOSED)]) or "active",
            mine=bool(parameters.get("mine")),
            untaken=bool(parameters.get("untaken")),
            after=parameters.get("after", "") if _PLACE.fullmatch(parameters.get("after", "")) else "",
        )

    def filter(self, user: str) -> ServiceFilter:
        statuses = {"active": ACTIVE, "all": NOT_CLOSED}.get(self.status) or (CaseStatus(self.status),)
        return ServiceFilter(
            statuses=statuses,
            kinds=(CaseKind(self.kind),) if self.kind else (),
            severities=(int(self.severity),) if self.severity else (),
            customer_code=self.customer or None,
            text=self.text or None,
            of_user=user if self.mine else None,
            untaken=self.untaken,
        )

    @property
    def place(self) -> ServicePlace | None:
        match = _PLACE.fullmatch(self.after)
        return None if match is None else ServicePlace(int(match[1]), from_micros(int(match[2])), int(match[3]))

    @property
    def is_filtered(self) -> bool:
        return replace(self, after="") != ListQuery()

    def address(self, *, after: str | None = None) -> str:
        """As the query of an address, `?` included; empty for what is shown anyway."""
        asked = {
            "text": self.text,
            "customer": self.customer,
            "kind": self.kind,
            "severity": self.severity,
            "status": "" if self.status == "active" else self.status,
            "mine": "1" if self.mine else "",
            "untaken": "1" if self.untaken else "",
            "after": self.after if after is None else after,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"?{query}" if query else ""


def _line(text: str) -> str:
    """What can stand in a search: NUL cannot be asked of PostgreSQL."""
    return "".join(char for char in text if char.isprintable())[:_LONGEST].strip()


@dataclass(frozen=True, slots=True)
class Due:
    """The promised time that comes first. `at` is None while the case waits for the customer."""

    name: str
    at: datetime | None
    risk_at: datetime | None
    tone: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A case and what the list says about it. `mark` changes whenever the row must be shown anew."""

    case: Case
    due: Due | None
    flags: tuple[str, ...]
    tone: str
    stamp: str
    mark: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of the list; `more` is the place where the next one begins. `mark` changes whenever something in it does."""

    rows: tuple[Row, ...]
    more: str
    mark: str


def read_rows(connection: Connection, tools: ApiTools, query: ListQuery, user: str) -> Rows:
    """Two questions to the store."""
    found = list_by_service(connection, query.filter(user), after=query.place, limit=PAGE + 1)
    cases = found[:PAGE]
    deadlines = read_deadlines(connection, [case.id for case in cases])
    rows = tuple(_row(tools, case, deadlines.get(case.id, [])) for case in cases)
    more = _written(place_of(cases[-1])) if len(found) > PAGE else ""
    return Rows(rows, more, _digest([row.mark for row in rows], more))


def _row(tools: ApiTools, case: Case, deadlines: Sequence[Deadline]) -> Row:
    due = first_due(deadlines)
    flags = flags_of(case, outside_hours=is_outside_hours(case, tools.terms))
    mark = _digest(case.external_key, case.version, [due.name, str(due.at), due.tone] if due else None)
    return Row(case, due, flags, tone_of(case), stamp_of(case), mark)


def first_due(deadlines: Sequence[Deadline]) -> Due | None:
    """None when nothing is owed."""
    owed = [one for one in deadlines if one.is_owed]
    running = [one for one in owed if one.state is not DeadlineState.PAUSED]
    if running:
        first = min(running, key=lambda one: one.due_at)
        return Due(first.name.value, first.due_at, first.risk_at, first.state.value, first.provisional)
    if owed:
        return Due(owed[0].name.value, None, None, DeadlineState.PAUSED.value, owed[0].provisional)
    return None


def flags_of(case: Case, *, outside_hours: bool) -> tuple[str, ...]:
    """Words of `flag.*` that somebody should see at a glance."""
    said = {
        "review": case.review_for_severity_1,
        "triage": case.needs_triage,
        "cleared": case.cleared_at is not None,
        "outside": outside_hours,
        "spoofable": case.trust is Trust.SPOOFABLE,
    }
    return tuple(name for name, holds in said.items() if holds)


def tone_of(case: Case) -> str:
    """Which colour its priority has: `threat`, `contained`, or the severity."""
    if case.kind is CaseKind.THREAT_INCIDENT:
        return "contained" if case.contained else "threat"
    return f"s{case.severity or 4}"


def _written(place: ServicePlace) -> str:
    return f"{place.rank}.{to_micros(place.due_at)}.{place.id}"


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
