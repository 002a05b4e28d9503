"""Promised times as the API explains them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from api.schemas.deadlines import DeadlinePage, ExplainedDeadlineView, PauseView, StretchView
from collector.domain.calendar import Gap, Stretch, WorkingCalendar
from collector.domain.deadline import Deadline, DeadlineState
from collector.handoff.explain_deadline import explain


def explained(deadlines: Sequence[Deadline], calendar: WorkingCalendar, now: datetime, language: str) -> DeadlinePage:
    """All of a case, in the order in which they began."""
    items = [_explained(one, calendar, now, language) for one in deadlines]
    return DeadlinePage(items=items, now=now, calendar=calendar.label, timezone=str(calendar.zone))


def _explained(deadline: Deadline, calendar: WorkingCalendar, now: datetime, language: str) -> ExplainedDeadlineView:
    found = explain(deadline, calendar, now, language)
    paused = deadline.state is DeadlineState.PAUSED
    return ExplainedDeadlineView(
        name=deadline.name,
        severity=deadline.severity,
        state=deadline.state,
        provisional=deadline.provisional,
        late=deadline.is_late,
        target_seconds=_seconds(deadline.target),
        since=deadline.since_at,
        start=deadline.start_at,
        at_risk_at=None if paused else deadline.risk_at,
        due_at=None if paused else deadline.due_at,
        counted_seconds=_seconds(found.counted),
        left_seconds=None if found.left is None else _seconds(found.left),
        ended_at=deadline.ended_at,
        ended_by=deadline.ended_by,
        calendar=deadline.calendar,
        pauses=[PauseView(start=one.start_at, end=one.end_at) for one in deadline.pauses],
        until=found.until,
        stretches=[_stretch(one, language) for one in found.stretches],
        text=found.text,
    )


def _stretch(stretch: Stretch, language: str) -> StretchView:
    return StretchView(
        start=stretch.start_at,
        end=stretch.end_at,
        seconds=_seconds(stretch.end_at - stretch.start_at),
        counted=stretch.counted,
        reasons=[Gap(reason) for reason in stretch.reasons],
        names=[name.in_language(language) for name in stretch.names],
    )


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)
