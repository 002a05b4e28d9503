"""A v3 message while the steps of belief look at it, and what they have found out."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.domain.engine_time import Arrival
from collector.domain.item import InformVerdict
from collector.domain.message_flags import AUTHENTICATED
from collector.domain.outcome import Outcome, Reason
from collector.domain.registry import Source
from collector.domain.snmp_access import SnmpUser
from collector.domain.trap import NotDecoded, Secured, Trap
from collector.pipeline.draft import Entry
from collector.pipeline.engine_draft import EngineDraft
from collector.pipeline.source_index import SourceUser


@dataclass(slots=True)
class Hearing:
    """`candidates`: whose it may be, by its user. `source` and `trap` are there once a console's keys have opened it, `source`
    alone when none has and it only says to be from there; `draft` once its engine was asked for."""

    entry: Entry
    secured: Secured
    verdict: InformVerdict | None
    at_us: int
    candidates: Sequence[SourceUser] = ()
    source: Source | None = None
    user: SnmpUser | None = None
    trap: Trap | None = None
    draft: EngineDraft | None = None

    @property
    def at(self) -> Arrival:
        return Arrival(self.at_us, self.entry.item.monotonic_ns // 1_000)

    @property
    def authentic(self) -> bool:
        return bool(self.secured.flags & AUTHENTICATED)


def unauthenticated(reason: Reason, detail: str = "") -> NotDecoded:
    return NotDecoded(Outcome.UNAUTHENTICATED, reason, detail)
