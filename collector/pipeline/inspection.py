"""Looking at single notifications: their contents decoded again, why they became what they became, and trying quarantine anew."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from collector.domain.case import Verdict
from collector.domain.clock import Clock, from_ns, rfc3339
from collector.domain.disclosure import KnownCommunities, shown_octets
from collector.domain.errors import ConfigurationError, Conflict, NotFound
from collector.domain.ids import CustomerId, NotificationId, StreamName
from collector.domain.item import Item, ItemKind
from collector.domain.mail import Mail
from collector.domain.outcome import REPROCESSED, Outcome
from collector.domain.trap import NotDecoded, Secured, Trap
from collector.journal.interface import JournalReader
from collector.logs import Log
from collector.names.book import Names
from collector.names.catalogue import catalogue_book
from collector.names.told import names_told
from collector.pipeline.believe import Believer
from collector.pipeline.draft import Batch, Draft
from collector.pipeline.effects import ledger_key
from collector.pipeline.engine_drafts import EngineDrafts
from collector.pipeline.engine_memory import EngineMemory
from collector.pipeline.judging_again import believed_before, engines_of, judged_before, opened, recalling, said_to_be
from collector.pipeline.stages import Knowledge, commit, understand_again
from collector.pipeline.telling import (
    authenticity_told,
    belief_told,
    decoded_told,
    draft_told,
    recorded_told,
    security_told,
    sender_told,
)
from collector.secrets import SecretBox
from collector.store.case_log import LogEntry, append_log
from collector.store.engine import Connection, Store, Turn
from collector.store.engines import raise_engines_version
from collector.store.ledger import add_counts
from collector.store.notifications import Notification, delete_item, find_notifications
from collector.store.originals import Original, find_original
from collector.store.streams import is_processed, load_positions

log = Log(__name__)
Explain: TypeAlias = Callable[[Trap | Mail, str, tuple[str, ...]], dict[str, object]]
"""(notification, source's name, its products) → every kind and rule that was tried, condition by condition, ready for JSON."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a notification's item holds: the original octets, communities left out, and what the decoder makes of them. Of a v3
    message that no key opens there is only its header."""

    kind: ItemKind
    payload: bytes
    decoded: Trap | Secured | Mail | NotDecoded


def _shown(kind: ItemKind, payload: bytes, decoded: Trap | Secured | Mail | NotDecoded, communities: KnownCommunities) -> Content:
    """What cannot be decoded may hold a community at any place."""
    if kind is ItemKind.DATAGRAM:
        payload = shown_octets(payload, communities) if isinstance(decoded, NotDecoded) else shown_octets(payload)
    return Content(kind, payload, decoded)


class Inspector:
    """Reads the journal and the store; only `reprocess` writes."""

    def __init__(
        self,
        store: Store,
        reader: JournalReader,
        *,
        knowledge: Callable[[], Knowledge],
        explain: Explain,
        clock: Clock,
        turn: Turn,
        names: Names = catalogue_book,
        box: SecretBox,
        kept: timedelta = timedelta(days=90),
    ) -> None:
        """`kept`: how long the journal keeps what arrived."""
        self._store = store
        self._kept = kept
        self._box = box
        self._reader = reader
        self._knowledge = knowledge
        self._explain = explain
        self._names = names
        self._clock = clock
        self._turn = turn

    def contents(self, ids: Sequence[NotificationId]) -> dict[NotificationId, Content]:
        """What is still there, from the journal or from a case's kept originals; the others are left out."""
        raw: dict[NotificationId, tuple[ItemKind, bytes]] = {}
        for wanted in ids:
            found = self._raw(wanted)
            if found is not None:
                raw[wanted] = found
        knowledge = self._knowledge()
        decoders = knowledge.decoders
        mails = [wanted for wanted, (kind, _) in raw.items() if kind is ItemKind.MAIL]
        decoded: dict[NotificationId, Trap | Secured | Mail | NotDecoded] = {}
        decoded.update(zip(mails, decoders.mails([raw[wanted][1] for wanted in mails]) if mails else [], strict=True))
        for wanted, (kind, payload) in raw.items():
            if kind is ItemKind.DATAGRAM:
                found_trap = decoders.trap(payload)
                if isinstance(found_trap, Secured):
                    found_trap = opened(payload, found_trap, knowledge.index, decoders, only=self._said_to_be(wanted))
                decoded[wanted] = found_trap
        unread = any(isinstance(found, NotDecoded) for found in decoded.values())
        sources = knowledge.registry.sources if unread else ()
        communities = KnownCommunities(source.snmp.community for source in sources if source.snmp is not None)
        return {
            wanted: _shown(kind, payload, decoded[wanted], communities)
            for wanted, (kind, payload) in raw.items()
            if wanted in decoded
        }

    def _said_to_be(self, wanted: NotificationId) -> int | None:
        with self._store.read() as connection:
            return said_to_be(find_notifications(connection, wanted))

    def _raw(self, wanted: NotificationId) -> tuple[ItemKind, bytes] | None:
        item = self._item(wanted)
        if item is not None:
            return (ItemKind(item.kind), item.payload)
        with self._store.read() as connection:
            # A case keeps the original under the id of the row that belongs to it.
            for row in find_notifications(connection, wanted):
                if (original := self._original(connection, row.id)) is not None:
                    return (original.kind, original.payload)
        return None

    def _original(self, connection: Connection, wanted: NotificationId) -> Original | None:
        """One that was sealed with a key that is gone is as good as lost."""
        try:
            return find_original(connection, str(wanted), self._box)
        except ConfigurationError as error:
            log.error("an original cannot be opened", notification=str(wanted), reason=str(error))
            return None

    def _item(self, wanted: NotificationId) -> Item | None:
        with suppress(ValueError):
            item = self._reader.get(StreamName.parse(wanted.stream), wanted.seq)
            return None if item is None or item.kind == ItemKind.TALLY else item
        return None

    def explain(self, wanted: NotificationId, *, customer_id: CustomerId | None) -> dict[str, object]:
        """The whole way of an item: what was recorded then, and what the present customers and rules say to each of its steps.

        `customer_id` limits what the caller may see. Raise NotFound.
        """
        with self._store.read() as connection:
            processed = is_processed(connection, wanted)  # before its rows
            rows = find_notifications(connection, wanted)
        item = self._item(wanted)
        allowed = customer_id is None or any(row.customer_id == customer_id for row in rows)
        if not allowed or (item is None and not rows):
            raise NotFound(f"there is no notification {wanted}")
        visible = [row for row in rows if customer_id is None or row.customer_id == customer_id]
        return {
            "id": str(wanted),
            "recorded": [recorded_told(row) for row in visible],
            "state": _most_telling(visible).state.value if visible else None if processed else Outcome.PENDING.value,
            "now": None if item is None else self._explain_now(item, rows, customer_id),
        }

    def _explain_now(self, item: Item, rows: list[Notification], customer_id: CustomerId | None) -> dict[str, object] | None:
        """One mail may be addressed to consoles of several customers: each of them is told its own part."""
        knowledge = self._knowledge()
        batch = Batch.of([item])
        self._understand_again(batch, rows, knowledge, trace=True)
        entry = batch.entries[0]
        drafts = [draft for draft in entry.drafts if customer_id is None or _is_of(draft, customer_id)]
        if not drafts and any(draft.source is not None for draft in entry.drafts):
            return None  # by today's customers file it is another customer's
        sources = [source for source in entry.sources if customer_id in (None, source.customer.id)]
        told: dict[str, object] = {
            "received_at": rfc3339(from_ns(item.received_at_ns)),
            "transport": item.transport.value,
            "listener": item.listener,
            "peer": item.peer,
            "trust": min((entry.trust_of(source) for source in sources), default=entry.trust).word,
            "decoded": {**decoded_told(entry), **self._named(entry.decoded)},
            "sources": [{"customer": source.customer.code, "source": source.name} for source in sources],
            "notifications": [draft_told(entry, draft) for draft in drafts],
        }
        told["sender"] = sender_told(entry, knowledge.index)
        told["authenticity"] = authenticity_told(entry, sources, knowledge.origins)
        told |= {"security": security_told(entry), "belief": belief_told(entry.belief)}
        if isinstance(entry.decoded, Trap | Mail) and not any(source.is_support_mailbox for source in sources[:1]):
            name, products = (sources[0].name, sources[0].products) if sources else ("", ())
            told["considered"] = self._explain(entry.decoded, name, products)
        return told

    def _understand_again(self, batch: Batch, rows: list[Notification], knowledge: Knowledge, *, trace: bool = False) -> None:
        """Without the memory that only the store has for mails: decoding them may take seconds."""
        if batch.entries and batch.entries[0].item.kind == ItemKind.DATAGRAM:
            with self._store.read() as connection:
                self._judge_again(connection, batch, rows, knowledge, trace=trace)
        else:
            nobody = Believer(knowledge.index, knowledge.decoders.unlock, EngineDrafts(EngineMemory()))
            understand_again(batch, knowledge, nobody, trace=trace)

    def _judge_again(
        self, connection: Connection, batch: Batch, rows: list[Notification], knowledge: Knowledge, *, trace: bool = False
    ) -> None:
        """A datagram, by what the connection's transaction knows of its engine."""
        [entry] = batch.entries
        now = self._clock.now()
        decoded = knowledge.decoders.trap(entry.item.payload)
        entry.judged = judged_before(connection, rows, decoded)
        batch.engines = engines_of(connection, decoded, knowledge.index)
        recall = None if believed_before(rows) else recalling(connection, batch, at=now, until=now + self._kept)
        believer = Believer(knowledge.index, knowledge.decoders.unlock, batch.engines, recall=recall)
        understand_again(batch, knowledge, believer, trace=trace)

    def _named(self, decoded: object) -> dict[str, object]:
        return names_told(decoded, self._names()) if isinstance(decoded, Trap) else {}

    def reprocess(self, wanted: NotificationId, *, actor: str) -> list[Notification]:
        """Send an item of the quarantine, or one that was above its customer's rate, through all stages again, with today's
        customers and rules and without that limit.

        Its receipt time stays; a case that it opens begins now and says that it is late; the ledger moves it on its own day.
        Raise NotFound, Conflict (it became something else, or its octets are gone), Unavailable.
        """
        item = self._item(wanted)
        batch = Batch.of([item] if item else [])
        batch.late_at = self._clock.now()
        knowledge = self._knowledge()
        if item is not None and item.kind != ItemKind.DATAGRAM:
            self._understand_again(batch, [], knowledge)
        with self._store.write(self._turn) as connection:
            before = find_notifications(connection, NotificationId(wanted.stream, wanted.seq))
            if not before:
                raise NotFound(f"there is no notification {wanted}")
            if any(row.state not in REPROCESSED for row in before):
                told = "only quarantine and what was over a customer's rate is processed again"
                raise Conflict(f"{wanted} is {before[0].state.value}; {told}")
            if item is None:
                raise Conflict(f"the octets of {wanted} are no longer kept")
            if item.kind == ItemKind.DATAGRAM:
                # in here, where nobody believes a copy of it meanwhile
                self._judge_again(connection, batch, before, knowledge)
            self._replace(connection, batch, before, knowledge, actor)
            return find_notifications(connection, NotificationId(wanted.stream, wanted.seq))

    def _replace(
        self, connection: Connection, batch: Batch, before: list[Notification], knowledge: Knowledge, actor: str
    ) -> None:
        positions = load_positions(connection)
        entry = batch.entries[0]
        stream = StreamName.parse(entry.item.stream)
        delete_item(connection, stream_id=positions[stream].id, seq=entry.item.seq)
        first = _most_telling(before)
        source = (first.customer_id or 0, first.source_id or 0)
        add_counts(connection, {ledger_key(entry.item, source, first.state, first.reason.value): -1})
        correlation = commit(connection, batch, knowledge, positions)
        if batch.seen or (batch.engines is not None and batch.engines.saved):
            raise_engines_version(connection)
        told = f"reprocessed {entry.item.stream}-{entry.item.seq}"
        changed = [fold.case.id for fold in correlation.folds if fold.changed]
        append_log(connection, [LogEntry(case_id, batch.at(entry), Verdict.NOTED, actor, text=told) for case_id in changed])


def _is_of(draft: Draft, customer_id: CustomerId) -> bool:
    return draft.source is not None and draft.source.customer.id == customer_id


def _most_telling(rows: Sequence[Notification]) -> Notification:
    """The row whose state stands for the item in the ledger (`classify.primary`)."""
    return min(rows, key=lambda row: list(Outcome).index(row.state))
