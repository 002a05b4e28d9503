"""Promised times with how they were counted. Their short form, as cases carry it, is in `cases`."""

from api.schemas.common import Moment, View
from collector.domain.calendar import Gap
from collector.domain.deadline import DeadlineName, DeadlineState


class PauseView(View):
    """The case waited for the customer. `end` is null while it does."""

    start: Moment
    end: Moment | None


class StretchView(View):
    """Time that counts as a whole or not at all; then with the reasons, and the names of special days among them."""

    start: Moment
    end: Moment
    seconds: float
    counted: bool
    reasons: list[Gap]
    names: list[str]


class ExplainedDeadlineView(View):
    """A promised time with every stretch that counted. Amounts are seconds of working time.

    `since` is what happened (receipt, raise, confirmation), `start` the first working moment from then on. `at_risk_at` and
    `due_at` are null while the case waits for the customer. `counted_seconds`: used until now, or until it ended; `left_seconds`:
    what is left of the target, below zero once it is too late, null when it ended. `stretches` lead from `since` to `until`
    without a hole: to `due_at` for one that runs, and what counts adds up to the target; to now while the case waits; else to its
    end. They are counted with today's calendar: another one than `calendar` when it has changed since.
    """

    name: DeadlineName
    severity: int | None
    state: DeadlineState
    provisional: bool
    late: bool
    target_seconds: float
    since: Moment
    start: Moment
    at_risk_at: Moment | None
    due_at: Moment | None
    counted_seconds: float
    left_seconds: float | None
    ended_at: Moment | None
    ended_by: str | None
    calendar: str
    pauses: list[PauseView]
    until: Moment
    stretches: list[StretchView]
    text: str


class DeadlinePage(View):
    """`calendar` is the label of today's calendar, `now` the time for which everything was counted."""

    items: list[ExplainedDeadlineView]
    next: None = None
    now: Moment
    calendar: str
    timezone: str
