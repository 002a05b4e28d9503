"""Stage 8, inside the transaction: everything the batch did is written, and the journal positions with it."""

from collections import Counter
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from collector.changes.change import CaseChange
from collector.changes.outbox import post, remember_repeats
from collector.changes.write import plan, write
from collector.domain.clock import NS_PER_SECOND, from_ns
from collector.domain.contents import trap_text, whole_text
from collector.domain.disclosure import shown_octets
from collector.domain.ids import ExternalKey, StreamName
from collector.domain.item import Item, ItemKind, Tally, TallyReason, Transport
from collector.domain.mail import Mail
from collector.domain.outcome import Outcome
from collector.domain.terms import Terms
from collector.domain.text import harmless
from collector.domain.trap import Trap
from collector.handoff.body import EVIDENCE_SHOWN, Fresh, Original
from collector.pipeline.classify import primary
from collector.pipeline.draft import Batch, Draft, Entry
from collector.pipeline.fold import CaseFold
from collector.pipeline.own_cases import owner_of
from collector.store.case_log import append_log
from collector.store.cases import count_repeats
from collector.store.engine import Connection
from collector.store.ledger import LedgerKey, add_counts
from collector.store.notifications import TEXT_KEPT, insert_notifications
from collector.store.seen import save_seen
from collector.store.streams import Position, save_position

_NS_PER_DAY = 86_400 * NS_PER_SECOND
_SNMP, _SMTP = Transport.SNMP.value, Transport.SMTP.value
_NOT_CLASSIFIED = ("", "", "", "", "")
_STRANGER = (0, 0)
_OVER_LIMIT = (TallyReason.OVER_LIMIT, TallyReason.FLOOD)
_dump = orjson.dumps


def write_effects(
    connection: Connection, batch: Batch, folds: list[CaseFold], positions: dict[StreamName, Position], terms: Terms
) -> Counter[LedgerKey]:
    """`positions` are the streams' rows as they are in the store; afterwards the store holds the batch's end. Return what was
    counted."""
    changes = _write_cases(connection, folds, terms)
    numbers = {str(stream): position.id for stream, position in positions.items()}
    kept = [entry for entry in batch.entries if entry.tally is None and entry.kept]
    rows = [_row(entry, draft, numbers) for entry in kept for draft in entry.drafts]
    insert_notifications(connection, rows)
    post(connection, changes, terms, fresh=_fresh(batch, changes))
    save_seen(connection, batch.seen)
    if batch.engines is not None:
        batch.engines.save(connection)
    counts = count_for_ledger(batch)
    add_counts(connection, counts)
    for stream, (last, tallies) in batch.taken.items():
        present = positions[stream]
        save_position(connection, Position(present.id, stream, last, present.tallies + tallies))
    return counts


def _write_cases(connection: Connection, folds: list[CaseFold], terms: Terms) -> list[CaseChange]:
    """Return what more than repeated."""
    changed = [fold for fold in folds if fold.changed]
    repeated = [fold for fold in changed if fold.only_repeated]
    for fold in repeated:
        fold.adopt(remember_repeats(fold.case, every=terms.note_every))
    moved = [fold for fold in changed if not fold.only_repeated]
    changes = [CaseChange(fold.case, fold.steps, is_new=fold.is_new) for fold in moved]
    plan(connection, changes, terms)
    write(connection, changes)
    for fold, change in zip(moved, changes, strict=True):
        fold.adopt(change.case)
    count_repeats(connection, [fold.case for fold in repeated])
    append_log(connection, [line for fold in repeated for line in fold.log])
    return changes


def _fresh(batch: Batch, changes: list[CaseChange]) -> dict[ExternalKey, list[Fresh]]:
    """The batch's newest notifications of the cases that messages tell of, newest first."""
    found: dict[ExternalKey, list[Fresh]] = {change.case.external_key: [] for change in changes if change.told}
    if not found:
        return found
    for entry in reversed(batch.entries):
        for draft in reversed(entry.drafts if entry.tally is None else ()):
            mine = found.get(draft.fold.known.external_key) if draft.fold is not None else None
            if mine is not None and len(mine) < EVIDENCE_SHOWN:
                item = entry.item
                payload = shown_octets(item.payload) if item.kind == ItemKind.DATAGRAM else item.payload
                original = Original(payload, whole_text(entry.decoded))
                mine.append(Fresh(entry.id_of(draft), from_ns(item.received_at_ns), item.transport, original))
    return found


def _row(entry: Entry, draft: Draft, numbers: dict[str, int]) -> tuple[object, ...]:
    item, source, found, fold = entry.item, draft.source, draft.classified, draft.fold
    trap_oid, subject, text = _shown(entry)
    customer_id, source_id = (source.customer.id, source.id) if source else (None, None)
    product, kind, fields, rule, version = _NOT_CLASSIFIED
    if found is not None:
        product, kind, rule, version = found.product, found.notification, found.rule, found.rule_version
        fields = _dump(found.fields).decode() if found.fields else ""
    return (
        numbers[item.stream],
        item.seq,
        draft.row,
        item.received_at_ns // 1_000,
        _SMTP if item.kind == ItemKind.MAIL else _SNMP,
        item.peer,
        customer_id,
        source_id,
        product,
        # Enumerated words go to the driver as the strings that they are: `.value` costs more than the rest of the row.
        draft.outcome,
        draft.reason,
        entry.trust_of(source),
        kind,
        trap_oid,
        subject,
        text,
        fields,
        rule,
        version,
        draft.verdict or "",
        None if fold is None else fold.case.id,
        harmless(detail) if (detail := entry.detail_of(draft)) else "",
    )


def _shown(entry: Entry) -> tuple[str, str, str]:
    """(trap OID, subject, first characters of the text)."""
    decoded = entry.decoded
    if isinstance(decoded, Trap):
        return decoded.trap_oid, "", trap_text(decoded, most=TEXT_KEPT) or ""
    if isinstance(decoded, Mail):
        return "", harmless(decoded.subject[:TEXT_KEPT]), harmless(decoded.text[:TEXT_KEPT])
    return "", "", ""


def ledger_key(item: Item, source: tuple[int, int], outcome: Outcome, reason: str) -> LedgerKey:
    """The ledger's line for an item that ended so, on the day of its arrival. `source`: (customer's id, source's id) or zeros."""
    day = _day(item.received_at_ns // _NS_PER_DAY)
    return LedgerKey(day, *source, item.transport.value, outcome.value, str(reason))


def count_for_ledger(batch: Batch) -> Counter[LedgerKey]:
    """One count per item. Neighbours mostly end alike, so they are counted in runs."""
    counts: Counter[LedgerKey] = Counter()
    first: Entry | None = None
    shown: Draft | None = None
    run = 0
    for entry in batch.entries:
        if entry.tally is not None:
            _count_tally(counts, entry, entry.tally)
            continue
        draft = primary(entry)
        if first is not None and shown is not None and _alike(first, shown, entry, draft):
            run += 1
            continue
        _count_run(counts, first, shown, run)
        first, shown, run = entry, draft, 1
    _count_run(counts, first, shown, run)
    return counts


def _alike(first: Entry, shown: Draft, entry: Entry, draft: Draft) -> bool:
    return (
        draft.outcome is shown.outcome
        and draft.reason is shown.reason
        and draft.source is shown.source
        and entry.item.kind == first.item.kind
        and entry.item.received_at_ns // _NS_PER_DAY == first.item.received_at_ns // _NS_PER_DAY
    )


def _count_run(counts: Counter[LedgerKey], entry: Entry | None, draft: Draft | None, run: int) -> None:
    if entry is not None and draft is not None:
        source = (draft.source.customer.id, draft.source.id) if draft.source else _STRANGER
        counts[ledger_key(entry.item, source, draft.outcome, draft.reason.value)] += run


def _count_tally(counts: Counter[LedgerKey], entry: Entry, tally: Tally) -> None:
    # What the kernel dropped never reached us: it has a metric and a case, no line.
    if tally.reason is not TallyReason.KERNEL_DROP:
        source, customer = owner_of(entry.sources)
        whose = (customer.id, source.id if source else 0) if customer else _STRANGER
        outcome = Outcome.OVER_LIMIT if tally.reason in _OVER_LIMIT else Outcome.REFUSED
        counts[ledger_key(entry.item, whose, outcome, tally.reason.value)] += tally.count


@lru_cache(maxsize=8)
def _day(number: int) -> int:
    """The n-th day since 1970 (UTC) as yyyymmdd."""
    moment = datetime.fromtimestamp(number * 86_400, UTC)
    return moment.year * 10_000 + moment.month * 100 + moment.day
