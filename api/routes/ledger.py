"""`/api/v1/ledger`: does everything that arrived have an outcome? Counting is the pipeline's, adding up happens here."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api import examples
from api.auth import Caller, LedgerReader, Tools
from api.describe import responses
from api.parameters import LedgerQuery
from api.problems import Problem
from api.schemas.ledger import LedgerLineView, LedgerView, StreamView
from collector.domain.ids import CustomerId, StreamName
from collector.domain.item import Transport
from collector.domain.outcome import Outcome, Reason
from collector.journal.interface import StreamState
from collector.store.engine import Connection
from collector.store.ledger import LedgerLine, read_lines, total
from collector.store.registry import find_customer
from collector.store.streams import Position, load_positions, load_retired

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])
LONGEST = timedelta(days=400)
USUAL = timedelta(days=30)
_NOBODY = CustomerId(-1)


@dataclass(frozen=True, slots=True)
class Balance:
    """Everything ever counted, at one moment of the store."""

    arrived: int
    accounted: int
    pending: int
    difference: int


_NEVER_STORED = (Outcome.OVER_LIMIT, Outcome.REFUSED)


def balance(
    positions: Sequence[Position], totals: Mapping[tuple[str, str], int], states: Mapping[StreamName, StreamState]
) -> Balance:
    """`positions`, retired streams' included, and `totals` (by outcome and reason) are of one transaction, `states` of a later
    moment: what arrives in between is pending, and can never look like a difference.

    Each processed record is either a tally or an item with one outcome. What tallies counted never was a record; what is over a
    customer's rate was.
    """
    tallied = sum(
        count for (outcome, reason), count in totals.items() if outcome in _NEVER_STORED and reason != Reason.CUSTOMER_RATE
    )
    processed = sum(position.position - position.tallies for position in positions)
    accounted = sum(totals.values())
    reached = {position.stream: position.position for position in positions}
    pending = sum(max(0, state.end - reached.get(stream, 0)) for stream, state in states.items())
    return Balance(processed + tallied + pending, accounted, pending, processed + tallied - accounted)


@router.get("", operation_id="getLedger", summary="What became of everything", responses=responses(examples.LEDGER))
def get(query: Annotated[LedgerQuery, Query()], caller: LedgerReader, tools: Tools) -> LedgerView:
    """Counts of items by day of arrival (UTC), and the proof that nothing is missing. Streams and sums are for keys of all
    customers only."""
    since, until = _days(query, tools.clock.now().date())
    with tools.store.read() as connection:
        customer_id = _customer(connection, query, caller)
        lines = read_lines(connection, since_day=_number(since), until_day=_number(until), customer_id=customer_id)
        retired = load_retired(connection)
        positions = [*load_positions(connection).values(), *retired.values()]
        totals = total(connection)
    if caller.customer_id is not None:
        return LedgerView(items=_items(lines), totals=_totals(lines))
    states = {state.stream: state for state in tools.reader.streams() if state.stream not in retired}
    sums = balance(positions, totals, states)
    return LedgerView(
        items=_items(lines),
        totals=_totals(lines),
        streams=_streams(positions, states),
        arrived=sums.arrived,
        accounted=sums.accounted,
        pending=sums.pending,
        difference=sums.difference,
    )


def _customer(connection: Connection, query: LedgerQuery, caller: Caller) -> CustomerId | None:
    """Whose lines: None is everybody's, strangers' included."""
    wanted = (find_customer(connection, query.customer) or _NOBODY) if query.customer else None
    if caller.customer_id is None or wanted == caller.customer_id:
        return wanted
    return caller.customer_id if wanted is None else _NOBODY


def _days(query: LedgerQuery, today: date) -> tuple[date, date]:
    until = query.until or today
    since = query.since or (until - USUAL if until - date.min > USUAL else date.min)
    if until - since > LONGEST:
        raise Problem(422, "invalid_request", f"at most {LONGEST.days} days at once", extra={"errors": []})
    return since, until


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _day(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _items(lines: Sequence[LedgerLine]) -> list[LedgerLineView]:
    return [
        LedgerLineView(
            day=_day(line.day),
            customer=line.customer,
            source=line.source,
            transport=Transport(line.transport),
            outcome=Outcome(line.outcome),
            reason=line.reason or None,
            count=line.count,
        )
        for line in lines
    ]


def _totals(lines: Sequence[LedgerLine]) -> dict[Outcome, int]:
    sums: Counter[Outcome] = Counter()
    for line in lines:
        sums[Outcome(line.outcome)] += line.count
    return dict(sums)


def _streams(positions: Sequence[Position], states: Mapping[StreamName, StreamState]) -> list[StreamView]:
    known = {position.stream: position for position in positions}
    return [_stream(stream, known.get(stream), states.get(stream)) for stream in sorted(known.keys() | states.keys())]


def _stream(stream: StreamName, position: Position | None, state: StreamState | None) -> StreamView:
    reached = position.position if position else 0
    return StreamView(
        stream=str(stream),
        first=state.first if state else None,
        end=state.end if state else None,
        position=reached,
        pending=max(0, state.end - reached) if state else 0,
        tallies=position.tallies if position else 0,
    )
