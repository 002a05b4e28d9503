"""The ledger: counts by day, customer, source and outcome, and the proof that they add up to what arrived."""

from datetime import date

from api.schemas.common import View
from collector.domain.item import Transport
from collector.domain.outcome import Outcome


class LedgerLineView(View):
    """`customer` and `source` are null for strangers."""

    day: date
    customer: str | None
    source: str | None
    transport: Transport
    outcome: Outcome
    reason: str | None
    count: int


class StreamView(View):
    """A journal stream. `first` and `end` are the oldest kept and the newest durable sequence number (null: the journal does not
    have the stream), `position` the last one processed, `pending` what lies between, `tallies` how many of the processed records
    are receivers' counts and no items."""

    stream: str
    first: int | None
    end: int | None
    position: int
    pending: int
    tallies: int


class LedgerView(View):
    """`items` and `totals` are of the days asked for. The rest is of everything ever counted, and null for a key that is bound to
    a customer: `arrived` = `accounted` + `pending` + `difference`. `pending` counts records not processed yet. A `difference`
    other than 0 is a fault of the collector."""

    items: list[LedgerLineView]
    totals: dict[Outcome, int]
    streams: list[StreamView] | None = None
    arrived: int | None = None
    accounted: int | None = None
    pending: int | None = None
    difference: int | None = None
